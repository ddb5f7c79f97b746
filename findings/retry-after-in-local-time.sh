#!/usr/bin/env bash
# Packages:  npm axios 1.21.1 with axios-retry 4.5.0, npm got 14.6.6, PyPI urllib3 2.8.0, Go github.com/hashicorp/go-retryablehttp v0.7.8
# Behaviour: a date in Retry-After has three forms, all of them in UTC, and whoever reads one must read all three (RFC 9110 §5.6.7).
#            axios-retry and got give it to Date.parse, which takes the form of asctime for local time, because it names no zone.
#            So a server that asks in this form to be left alone for an hour gets six hours from a program five hours west of
#            UTC, and no pause from one in Berlin. go-retryablehttp reads one form of the three, and makes its own pause, of
#            seconds, for the others. urllib3 reads all three in every zone.
# Output seen (minutes; asked for are 60):
#   axios-retry        five hours west: 60, as in RFC 850: 60, asctime: 360   an hour east: 60, as in RFC 850: 60, asctime: 0
#   got                five hours west: 60, as in RFC 850: 60, asctime: 360   an hour east: 60, as in RFC 850: 60, asctime: 0
#   urllib3            five hours west: 60, as in RFC 850: 60, asctime: 60    an hour east: 60, as in RFC 850: 60, asctime: 60
#   go-retryablehttp   five hours west: 60, as in RFC 850: 0, asctime: 0      an hour east: 60, as in RFC 850: 0, asctime: 0
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"

npm init -y >/dev/null
npm install --silent --no-audit --no-fund axios@1.21.1 axios-retry@4.5.0 got@14.6.6 >/dev/null
cat > wait.mjs <<'X'
import { createServer } from "node:http";
import { retryAfter } from "axios-retry";
import got from "got";
const minutes = (ms) => String(Math.round(ms / 60_000));
const [library, ...dates] = process.argv.slice(2);
const ways = {
  "axios-retry": (date) => retryAfter({ response: { headers: { "retry-after": date } } }),
  // What got makes of the header, as it tells the function that decides; which then decides for no more tries.
  got: async (date) => {
    const server = createServer((_, res) => res.writeHead(503, { "retry-after": date }).end()).listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    let asked = 0;
    const calculateDelay = (state) => { asked = state.retryAfter ?? asked; return 0; };
    await got(`http://127.0.0.1:${server.address().port}`, { retry: { calculateDelay } }).catch(() => {});
    server.close();
    return asked;
  },
};
const said = [];
for (const date of dates) said.push(minutes(await ways[library](date)));
console.log(said.join(" "));
X

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check urllib3==2.8.0
cat > wait.py <<'X'
import sys
from urllib3.util import Retry
print(*(round(Retry().parse_retry_after(date) / 60) for date in sys.argv[1:]))
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

func main() {
	for _, date := range os.Args[1:] {
		answer := &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {date}}}
		fmt.Print(int(retryablehttp.DefaultBackoff(time.Second, 30*time.Second, 0, answer).Minutes()+0.5), " ")
	}
	fmt.Println()
}
X
export GOFLAGS='-mod=mod -modcacherw'
(cd go && go mod init finding && go get github.com/hashicorp/go-retryablehttp@v0.7.8 && go build -o ../wait-go .) >/dev/null 2>&1

in_an_hour() { LC_ALL=C TZ=UTC date -d '+1 hour' "+$1"; }
told() { # the program; says what it makes of the three forms in two zones
  local zone one other third
  for zone in 'five hours west:Etc/GMT+5' 'an hour east:Etc/GMT-1'; do
    read -r one other third < <(TZ=${zone#*:} "$@" "$(in_an_hour '%a, %d %b %Y %T GMT')" "$(in_an_hour '%A, %d-%b-%y %T GMT')" "$(in_an_hour '%a %b %e %T %Y')")
    printf '   %s: %s, as in RFC 850: %s, asctime: %s' "${zone%:*}" "$one" "$other" "$third"
  done
  echo
}
seen=$(for library in axios-retry got; do printf '%-16s' $library; told node wait.mjs $library; done
  printf '%-16s' urllib3; told py/bin/python wait.py
  printf '%-16s' go-retryablehttp; told ./wait-go)
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
