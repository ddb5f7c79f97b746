#!/usr/bin/env bash
# Packages:  PyPI requests 2.34.2, npm parse-link-header 2.0.0, li 1.3.0 and http-link-header 1.1.4, which read HTTP's Link
# Behaviour: RFC 8288 lets one link have several relations ("next last"), compares their names without case, and lets an address
#            have what URLs may have, such as a semicolon. requests takes "next last" for one name, so there is no next page, and
#            cuts the address at the semicolon, so the next page is another one. Capitals hide the next page from three of four. Who
#            follows links until there is no next one stops early then, without an error.
# Output seen (what is found as the next page):
#                                          requests     parse-link-header  li           http-link-header
#   <https://a/2>; rel="next"              https://a/2  https://a/2        https://a/2  https://a/2
#   <https://a/2>; rel="next last"         none         https://a/2        https://a/2  https://a/2
#   <https://a/2>; rel="Next"              none         none               none         https://a/2
#   <https://a/2>; Rel="next"              none         none               none         https://a/2
#   <https://a/2;v=1>; rel="next"          https://a/2  https://a/2;v=1    https://a/2;v=1 https://a/2;v=1
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund parse-link-header@2.0.0 li@1.3.0 http-link-header@1.1.4 >/dev/null
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check requests==2.34.2
cat > headers <<'X'
<https://a/2>; rel="next"
<https://a/2>; rel="next last"
<https://a/2>; rel="Next"
<https://a/2>; Rel="next"
<https://a/2;v=1>; rel="next"
X
cat > read.py <<'X'
import requests

for line in open("headers"):
    answer = requests.Response()
    answer.headers["link"] = line.strip()
    print(answer.links.get("next", {}).get("url", "none"))
X
cat > read.mjs <<'X'
import { readFileSync } from "node:fs";
import LinkHeader from "http-link-header";
import li from "li";
import parseLinkHeader from "parse-link-header";

const requests = readFileSync("requests", "utf8").trim().split("\n");
for (const [index, text] of readFileSync("headers", "utf8").trim().split("\n").entries())
  console.log(
    text.padEnd(38),
    requests[index].padEnd(12),
    (parseLinkHeader(text)?.next?.url ?? "none").padEnd(18),
    (li.parse(text).next ?? "none").padEnd(12),
    LinkHeader.parse(text).rel("next")[0]?.uri ?? "none",
  );
X
venv/bin/python read.py > requests
said=$(node read.mjs); echo "$said"
expected='https://a/2 https://a/2 https://a/2 https://a/2
none https://a/2 https://a/2 https://a/2
none none none https://a/2
none none none https://a/2
https://a/2 https://a/2;v=1 https://a/2;v=1 https://a/2;v=1'
[ "$(cut -c40- <<<"$said" | awk '{ print $1, $2, $3, $4 }')" = "$expected" ]
