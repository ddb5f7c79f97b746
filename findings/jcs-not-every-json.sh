#!/usr/bin/env bash
# Packages:  npm json-canonicalize 3.0.1 and canonicalize 5.1.0, Go github.com/cyberphone/json-canonicalization
#            v0.0.0-20241213102144-19d51d7fe467 (by the author of RFC 8785) and github.com/gowebpki/jcs v1.0.2, PyPI rfc8785 0.1.4
# Behaviour: libraries that write JSON in the canonical form of RFC 8785. json-canonicalize leaves an object as it is if it has a member
#            named toJSON, also where that is plain data: so two orders of the same members have two hashes, and no error says so.
#            The Go library of the RFC's author takes objects and lists alone: text, numbers, true and null by themselves, which
#            are JSON and have a canonical form, are an error. The other three write all of it.
# Output seen:
#   json-canonicalize      {"toJSON":"x","a":1}   "paid"    42
#   canonicalize           {"a":1,"toJSON":"x"}   "paid"    42
#   cyberphone             {"a":1,"toJSON":"x"}   refused   refused
#   gowebpki               {"a":1,"toJSON":"x"}   "paid"    42
#   rfc8785                {"a":1,"toJSON":"x"}   "paid"    42
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
texts=('{"toJSON":"x","a":1}' '"paid"' 42)

npm init -y >/dev/null
npm install --silent --no-audit --no-fund json-canonicalize@3.0.1 canonicalize@5.1.0 >/dev/null
cat > write.mjs <<'X'
import canonicalize from "canonicalize";
import { canonicalize as other } from "json-canonicalize";
const texts = process.argv.slice(2);
console.log("json-canonicalize", ...texts.map((text) => other(JSON.parse(text))));
console.log("canonicalize", ...texts.map((text) => canonicalize(JSON.parse(text))));
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"fmt"
	"os"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	"github.com/gowebpki/jcs"
)

func main() {
	tell := func(name string, canonical func([]byte) ([]byte, error)) {
		fmt.Print(name)
		for _, text := range os.Args[1:] {
			written, err := canonical([]byte(text))
			if err != nil {
				written = []byte("refused")
			}
			fmt.Print(" ", string(written))
		}
		fmt.Println()
	}
	tell("cyberphone", jsoncanonicalizer.Transform)
	tell("gowebpki", jcs.Transform)
}
X
export GOFLAGS='-mod=mod -modcacherw'
(cd go && go mod init finding && go get github.com/cyberphone/json-canonicalization@v0.0.0-20241213102144-19d51d7fe467 \
  github.com/gowebpki/jcs@v1.0.2 && go build -o ../write-go .) >/dev/null 2>&1

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check rfc8785==0.1.4
cat > write.py <<'X'
import json, rfc8785, sys
print("rfc8785", *(rfc8785.dumps(json.loads(text)).decode() for text in sys.argv[1:]))
X

seen=$(node write.mjs "${texts[@]}"; ./write-go "${texts[@]}"; py/bin/python write.py "${texts[@]}")
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
