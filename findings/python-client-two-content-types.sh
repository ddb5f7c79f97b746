#!/usr/bin/env bash
# Package:   PyPI openapi-python-client 0.29.1
# Behaviour: an operation whose required body is bytes or any JSON (an empty schema) becomes a module that cannot be
#            imported: it names a type, Unset, that it does not import. Generating ends well and warns of nothing. With one
#            content type it works; with the type `*/*` the operation is left out, with a warning and exit code 0.
# Output seen:
#   two types: NameError: name 'Unset' is not defined, exit code 0
#   bytes alone: post /take
#   */*: left out, exit code 0
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv py
py/bin/pip install --quiet --disable-pip-version-check openapi-python-client==0.29.1 >/dev/null
echo 'post_hooks: []' > config.yaml

make() { # name, content
  cat > "$1.json" <<X
{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"/take":{"post":{"operationId":"take","tags":["door"],
"requestBody":{"required":true,"content":{$2}},"responses":{"204":{"description":"Taken"}}}}}}
X
  code=0
  py/bin/openapi-python-client generate --path "$1.json" --meta none --config config.yaml --output-path "$1" > "$1.log" 2>&1 || code=$?
}
cat > ask.py <<'X'
import importlib, io, sys
name = sys.argv[1]
try:
    take = importlib.import_module(f"{name}.api.door.take")
    file = importlib.import_module(f"{name}.types").File(payload=io.BytesIO(b"{}"))
    made = take._get_kwargs(body=file)
    print(made["method"], made["url"])
except NameError as error:
    print(f"NameError: {str(error).split('.')[0]}")
X
json='"application/json":{"schema":{}}'
bytes='"application/octet-stream":{"schema":{"type":"string","format":"binary"}}'
make two "$json,$bytes"; two="$(py/bin/python ask.py two), exit code $code"
make one "$bytes"; one=$(py/bin/python ask.py one)
make any '"*/*":{"schema":{}}'
if [ -e any/api/door/take.py ]; then any=made; else any="left out, exit code $code"; fi
echo "two types: $two"
echo "bytes alone: $one"
echo "*/*: $any"
[[ $two == "NameError: name 'Unset' is not defined, exit code 0" && $one == "post /take" && $any == "left out, exit code 0" ]]
