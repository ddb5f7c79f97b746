#!/usr/bin/env bash
# Package:   npm @cfworker/json-schema 4.1.6
# Behaviour: a Validator writes into the schema that it is given: hidden members of its own, on the schema and on each part of it, which
#            say what a $ref points to. So a frozen schema cannot be used. And a part that two schemas share keeps the notes of
#            the first: in the second, its $ref still points into the first schema, and cannot be found.
# Output seen:
#   hidden members: __absolute_uri__; of a $ref: __absolute_uri__, __absolute_ref__
#   a frozen schema: TypeError
#   a part that two schemas share: first valid, second Error: Unresolved $ref
#   a copy of it in each: first valid, second valid
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm install --silent --no-audit --no-fund --prefix . @cfworker/json-schema@4.1.6 >/dev/null
cat > try.mjs <<'X'
import { Validator } from "@cfworker/json-schema";
const line = () => ({ properties: { amount: { $ref: "#/$defs/n" } } });
const about = (name, part) => ({ $id: `https://example.com/${name}`, $defs: { n: { type: "number" } }, properties: { line: part } });
const said = (schema) => {
  try { return new Validator(schema, "2020-12").validate({ line: { amount: 1 } }).valid ? "valid" : "invalid"; }
  catch (error) { return `${error.name}${error.message.startsWith("Unresolved $ref") ? ": Unresolved $ref" : ""}`; }
};
const hidden = (value) => Reflect.ownKeys(value).filter((name) => !Object.keys(value).includes(name)).join(", ");
const given = about("a", line());
said(given);
console.log(`hidden members: ${hidden(given)}; of a $ref: ${hidden(given.properties.line.properties.amount)}`);
const frozen = (value) => { for (const each of Object.values(value)) if (typeof each === "object") frozen(each); return Object.freeze(value); };
console.log(`a frozen schema: ${said(frozen(about("a", line())))}`);
const shared = line();
console.log(`a part that two schemas share: first ${said(about("a", shared))}, second ${said(about("b", shared))}`);
console.log(`a copy of it in each: first ${said(about("a", line()))}, second ${said(about("b", line()))}`);
X
said=$(node try.mjs); echo "$said"
grep -q '^hidden members: __absolute_uri__; of a $ref: __absolute_uri__, __absolute_ref__$' <<<"$said"
grep -q '^a frozen schema: TypeError$' <<<"$said"
grep -q '^a part that two schemas share: first valid, second Error: Unresolved $ref$' <<<"$said"
grep -q '^a copy of it in each: first valid, second valid$' <<<"$said"
