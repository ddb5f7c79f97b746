#!/usr/bin/env bash
# Packages:  npm json-bigint 1.0.0 and lossless-json 4.3.0
# Behaviour: json-bigint takes every number of more than 15 characters for a large one, also when a double holds it: the
#            point, the sign and the exponent count as digits. With storeAsString (its documentation: "if BigInts should
#            be stored in the object as a string") an amount of 1234567890.12345 becomes a string, and is written back in
#            quotes, while 1234567890.1234 stays a number. lossless-json, whose stringify writes what its parse has read,
#            keeps both, and the whole number as well.
# Output seen:
#   json-bigint    {"amount":"1234567890.12345","less":1234567890.1234,"debt":"-100000000000000","account":"8202522731445525542"}
#   lossless-json  {"amount":1234567890.12345,"less":1234567890.1234,"debt":-100000000000000,"account":8202522731445525542}
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund json-bigint@1.0.0 lossless-json@4.3.0
cat > run.cjs <<'X'
const text = '{"amount":1234567890.12345,"less":1234567890.1234,"debt":-100000000000000,"account":8202522731445525542}';
const bigint = require("json-bigint")({ storeAsString: true });
const lossless = require("lossless-json");
console.log("json-bigint   ", bigint.stringify(bigint.parse(text)));
console.log("lossless-json ", lossless.stringify(lossless.parse(text)));
X
seen=$(node run.cjs)
echo "$seen"
grep -qF 'json-bigint    {"amount":"1234567890.12345","less":1234567890.1234,"debt":"-100000000000000"' <<<"$seen"
grep -qF 'lossless-json  {"amount":1234567890.12345,"less":1234567890.1234,"debt":-100000000000000,' <<<"$seen"
