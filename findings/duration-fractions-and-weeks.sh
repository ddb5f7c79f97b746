#!/usr/bin/env bash
# Packages:  PyPI isoduration 20.11.0, Go github.com/channelmeter/iso8601duration v0.0.0-20150204201828-8da3af7a2a61,
#            npm dayjs 1.11.23 (plugin duration), npm luxon 3.7.2
# Behaviour: ISO 8601 lets the last part of a duration have a fraction (with comma or point), and its second part lets
#            weeks stand beside days. isoduration adds PT1.5H to a date as two hours, because it rounds each part; the Go
#            package reads PT1.5H as nothing and P1W2D as one week; dayjs reads PT1,5H as nothing. None gives an error.
#            Whole numbers and weeks alone mean the same to all four.
# Output seen (seconds):
#   isoduration       PT90M=5400 PT1.5H=7200 PT1,5H=7200 P1W2D=refused P9D=777600
#   iso8601duration   PT90M=5400 PT1.5H=0 PT1,5H=0 P1W2D=604800 P9D=777600
#   dayjs             PT90M=5400 PT1.5H=5400 PT1,5H=0 P1W2D=777600 P9D=777600
#   luxon             PT90M=5400 PT1.5H=5400 PT1,5H=refused P1W2D=777600 P9D=777600
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
texts=(PT90M PT1.5H PT1,5H P1W2D P9D)

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check isoduration==20.11.0
cat > read.py <<'X'
import sys
from datetime import datetime
from isoduration import parse_duration
start = datetime(2027, 1, 4)
said = []
for text in sys.argv[1:]:
    try: seconds = int((start + parse_duration(text) - start).total_seconds())
    except Exception: seconds = "refused"
    said.append(f"{text}={seconds}")
print("isoduration      ", *said)
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"fmt"
	"os"

	duration "github.com/channelmeter/iso8601duration"
)

func main() {
	fmt.Print("iso8601duration  ")
	for _, text := range os.Args[1:] {
		if read, err := duration.FromString(text); err != nil {
			fmt.Printf(" %s=refused", text)
		} else {
			fmt.Printf(" %s=%.0f", text, read.ToDuration().Seconds())
		}
	}
	fmt.Println()
}
X
cat > go/go.mod <<'X'
module reads

go 1.20

require github.com/channelmeter/iso8601duration v0.0.0-20150204201828-8da3af7a2a61
X
export GOPATH="$dir/gopath" GOFLAGS=-mod=mod
(cd go && go mod download 2>/dev/null && go build -o ../reads . 2>/dev/null)

mkdir npm && npm install --silent --no-audit --no-fund --prefix npm dayjs@1.11.23 luxon@3.7.2 >/dev/null
cat > npm/read.cjs <<'X'
const dayjs = require("dayjs");
dayjs.extend(require("dayjs/plugin/duration"));
const { Duration } = require("luxon");
const show = (name, read) =>
  console.log(name, ...process.argv.slice(2).map((text) => `${text}=${read(text) ?? "refused"}`));
show("dayjs            ", (text) => dayjs.duration(text).asSeconds());
show("luxon            ", (text) => {
  const duration = Duration.fromISO(text);
  return duration.isValid ? duration.as("seconds") : undefined;
});
X

seen=$(py/bin/python read.py "${texts[@]}"; ./reads "${texts[@]}"; node npm/read.cjs "${texts[@]}")
echo "$seen"
diff <(echo "$said") <(echo "$seen") || { echo "The behaviour has changed"; exit 1; }
