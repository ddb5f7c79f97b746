#!/usr/bin/env bash
# Packages:  the CloudEvents SDKs of the project itself: npm cloudevents 10.0.0, PyPI cloudevents 2.2.0,
#            Go github.com/cloudevents/sdk-go/v2 v2.16.2
# Behaviour: `time` is optional in CloudEvents 1.0: it says when something happened, and a producer that does not know leaves it out.
#            JavaScript and Python put the time of reading into an event that they read without one. So a delivery that comes
#            again says another time, as if it had happened twice, and what is sent on says what nobody said. (Pull request 419
#            of sdk-javascript names it as open.) Of a fraction with nine digits JavaScript keeps three, Python six and Go all;
#            Python alone keeps the offset.
# Output seen (time of an event that is read twice; then "2026-12-01T10:00:00.123456789+02:00" as it is written again):
#   npm    no time: now, and another at the second reading   2026-12-01T08:00:00.123Z
#   PyPI   no time: now, and another at the second reading   2026-12-01T10:00:00.123456+02:00
#   Go     no time: none, and none at the second reading     2026-12-01T08:00:00.123456789Z
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"

# Each program reads one event in structured mode, whose members are its argument, and prints the member time that it writes.
npm init -y >/dev/null
npm install --silent --no-audit --no-fund cloudevents@10.0.0 >/dev/null
cat > read.mjs <<'X'
import { HTTP } from "cloudevents";
const headers = { "content-type": "application/cloudevents+json" };
console.log(JSON.parse(HTTP.structured(HTTP.toEvent({ headers, body: process.argv[2] })).body).time ?? "none");
X

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check cloudevents==2.2.0
cat > read.py <<'X'
import json, sys
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_structured_event
event = from_http_event(HTTPMessage({"content-type": "application/cloudevents+json"}, sys.argv[1].encode()))
print(json.loads(to_structured_event(event).body).get("time", "none"))
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	cloudevents "github.com/cloudevents/sdk-go/v2"
)

func main() {
	event := cloudevents.NewEvent()
	if err := json.Unmarshal([]byte(os.Args[1]), &event); err != nil {
		panic(err)
	}
	if err := event.Validate(); err != nil {
		panic(err)
	}
	text, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	var written struct{ Time string }
	if err := json.Unmarshal(text, &written); err != nil {
		panic(err)
	}
	if written.Time == "" {
		written.Time = "none"
	}
	fmt.Println(written.Time)
}
X
export GOFLAGS='-mod=mod -modcacherw'
(cd go && go mod init finding && go get github.com/cloudevents/sdk-go/v2@v2.16.2 && go build -o ../read-go .) >/dev/null 2>&1

about='"specversion":"1.0","id":"1","source":"/orders","type":"t"'
kind() { # of what was read: none, now (within the last minutes), or the text itself
  local age
  if [ "$1" = none ]; then echo none; return; fi
  age=$(($(date +%s) - $(date -d "$1" +%s)))
  if [ $age -ge -60 ] && [ $age -lt 600 ]; then echo now; else echo "$1"; fi
}
told() {
  local name=$1 first second; shift
  first=$("$@" "{$about}"); sleep 0.01; second=$("$@" "{$about}")
  if [ "$(kind "$second")" = none ]; then second=none; elif [ "$first" = "$second" ]; then second='the same'; else second=another; fi
  printf '%-6s no time: %s, and %s at the second reading   %s\n' "$name" "$(kind "$first")" "$second" \
    "$("$@" "{$about,\"time\":\"2026-12-01T10:00:00.123456789+02:00\"}")"
}
seen=$(told npm node read.mjs; told PyPI py/bin/python read.py; told Go ./read-go)
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
