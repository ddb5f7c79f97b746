#!/usr/bin/env bash
# Package:   npm @resonatehq/sdk 0.11.5
# Behaviour: its codec keeps what JSON has no words for as JSON of its own, and cannot tell that from JSON which others
#            wrote. A text "__INF__" comes back as the number Infinity (null once it is JSON again); an object with
#            "__type": "error" comes back as an Error with two of its members, the others lost. So an argument, a step's
#            result or a promise's value that holds a third party's JSON may change on its way through a workflow.
# Output seen:
#   {"name":"__INF__"}                                -> {"name":null}
#   {"__type":"error","message":"late","order":4711}  -> an Error, as JSON {}
#   {"__type":"order","message":"late","order":4711}  -> the same
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

npm install --silent --no-audit --no-fund @resonatehq/sdk@0.11.5 >/dev/null
cat > run.mjs <<'X'
import { Codec } from "@resonatehq/sdk";

const codec = new Codec();
const said = [
  '{"name":"__INF__"}',
  '{"__type":"error","message":"late","order":4711}',
  '{"__type":"order","message":"late","order":4711}',
].map((text) => {
  const value = codec.decode(codec.encode(JSON.parse(text)));
  const json = JSON.stringify(value);
  const became = value instanceof Error ? `an Error, as JSON ${json}` : json === text ? "the same" : json;
  console.log(`${text.padEnd(49)} -> ${became}`);
  return became;
});
process.exitCode = said.join("; ") === '{"name":null}; an Error, as JSON {}; the same' ? 0 : 1;
X
node run.mjs
