#!/usr/bin/env bash
# Packages:  npm parse-prefer-header 1.0.0 and structured-headers 2.1.0, both of which read HTTP's Prefer
# Behaviour: RFC 7240 §2 lets the first of two equal preferences count and names differ in no case; a Dictionary of
#            RFC 9651, which a draft of the HTTP working group makes of Prefer, lets the last count and knows no capitals.
#            So one header means two waits, or a wait and none. Inside another preference's parameters, the first package
#            finds `respondAsyncWait`, which is also its word for a preference `respond-async-wait`.
# Output seen:
#   wait=1, wait=30          parse-prefer-header {"wait":"1"}                                  structured-headers {"wait":"30"}
#   Wait=5                   parse-prefer-header {"wait":"5"}                                  structured-headers unreadable
#   respond-async; wait=5    parse-prefer-header {"respondAsync":true,"respondAsyncWait":"5"}  structured-headers {"respond-async":"true"}
#   respond-async-wait=5     parse-prefer-header {"respondAsyncWait":"5"}                      structured-headers {"respond-async-wait":"5"}
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact parse-prefer-header@1.0.0 structured-headers@2.1.0 >/dev/null
cat > read.mjs <<'X'
import parsePrefer from "parse-prefer-header";
import { parseDictionary } from "structured-headers";

const dictionary = (text) => {
  try {
    return JSON.stringify(Object.fromEntries([...parseDictionary(text)].map(([name, [value]]) => [name, String(value)])));
  } catch {
    return "unreadable";
  }
};
const told = ["wait=1, wait=30", "Wait=5", "respond-async; wait=5", "respond-async-wait=5"].map((text) => [
  text,
  JSON.stringify(parsePrefer(text)),
  dictionary(text),
]);
for (const [text, one, other] of told)
  console.log(text.padEnd(25), "parse-prefer-header", one.padEnd(47), "structured-headers", other);
const expected = [
  ['{"wait":"1"}', '{"wait":"30"}'],
  ['{"wait":"5"}', "unreadable"],
  ['{"respondAsync":true,"respondAsyncWait":"5"}', '{"respond-async":"true"}'],
  ['{"respondAsyncWait":"5"}', '{"respond-async-wait":"5"}'],
];
process.exitCode = JSON.stringify(told.map(([, ...read]) => read)) === JSON.stringify(expected) ? 0 : 1;
X
node read.mjs
