#!/usr/bin/env bash
# Packages:  the CloudEvents SDKs of the project itself: npm cloudevents 10.0.0, PyPI cloudevents 2.2.0,
#            Go github.com/cloudevents/sdk-go/v2 v2.16.2
# Behaviour: an event of CloudEvents 1.0 in structured mode, whose data is any JSON, is read and sent on in binary mode, where the body
#            is that JSON (HTTP binding 1.0.2, §3.1.2). Go sends what it got. JavaScript loses false, 0 and "", already when it
#            reads them, and sends "paid" without its quotes. Python writes lists and booleans as Python does, and "paid" without
#            quotes, all of it as application/json. Neither reports an error: the next reader does, or has another value.
# Output seen (data, and the body that is sent on):
#   npm    {"a":1}: {"a":1}    ["a",true]: ["a",true]     "paid": paid      true: true   false: nothing   0: nothing   "": nothing
#   PyPI   {"a":1}: {"a": 1}   ["a",true]: ['a', True]    "paid": paid      true: True   false: False     0: 0         "": nothing
#   Go     {"a":1}: {"a":1}    ["a",true]: ["a",true]     "paid": "paid"    true: true   false: false     0: 0         "": ""
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"

# Each program gets the data as its arguments.
values=('{"a":1}' '["a",true]' '"paid"' true false 0 '""')

npm init -y >/dev/null
npm install --silent --no-audit --no-fund cloudevents@10.0.0 >/dev/null
cat > send.mjs <<'X'
import { HTTP } from "cloudevents";
const said = process.argv.slice(2).map((data) => {
  const event = HTTP.toEvent({
    headers: { "content-type": "application/cloudevents+json" },
    body: `{"specversion":"1.0","id":"1","source":"/orders","type":"t","datacontenttype":"application/json","data":${data}}`,
  });
  const { headers, body } = HTTP.binary(event);
  if (!headers["content-type"].startsWith("application/json")) throw new Error("another type");
  return `${data}: ${body === undefined || body === "" ? "nothing" : body}`;
});
console.log("npm  ", said.join("   "));
X

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check cloudevents==2.2.0
cat > send.py <<'X'
import sys
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_binary_event
said = []
for data in sys.argv[1:]:
    text = '{"specversion":"1.0","id":"1","source":"/orders","type":"t","datacontenttype":"application/json","data":%s}' % data
    sent = to_binary_event(from_http_event(HTTPMessage({"content-type": "application/cloudevents+json"}, text.encode())))
    assert sent.headers["content-type"] == "application/json"
    said.append(f"{data}: {sent.body.decode() or 'nothing'}")
print("PyPI ", "   ".join(said))
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/cloudevents/sdk-go/v2/binding"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

func body(data string) (string, error) {
	text := `{"specversion":"1.0","id":"1","source":"/orders","type":"t","datacontenttype":"application/json","data":` + data + `}`
	got, err := http.NewRequest("POST", "http://localhost/", strings.NewReader(text))
	if err != nil {
		return "", err
	}
	got.Header.Set("content-type", "application/cloudevents+json")
	event, err := binding.ToEvent(context.Background(), cehttp.NewMessageFromHttpRequest(got))
	if err != nil {
		return "", err
	}
	sent, err := http.NewRequest("POST", "http://localhost/", nil)
	if err != nil {
		return "", err
	}
	if err := cehttp.WriteRequest(binding.WithForceBinary(context.Background()), binding.ToMessage(event), sent); err != nil {
		return "", err
	}
	bytes, err := io.ReadAll(sent.Body)
	return string(bytes), err
}

func main() {
	fmt.Print("Go   ")
	for _, data := range os.Args[1:] {
		sent, err := body(data)
		if err != nil {
			panic(err)
		}
		fmt.Printf("   %s: %s", data, sent)
	}
	fmt.Println()
}
X
export GOFLAGS='-mod=mod -modcacherw'
(cd go && go mod init finding && go get github.com/cloudevents/sdk-go/v2@v2.16.2 && go build -o ../send-go .) >/dev/null 2>&1

seen=$(node send.mjs "${values[@]}"; py/bin/python send.py "${values[@]}"; ./send-go "${values[@]}")
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
