#!/usr/bin/env bash
# Packages:  PyPI aniso8601 10.0.1, python-dateutil 4.0.0, npm luxon 3.7.2
# Behaviour: in ISO 8601 (2004, and again since the amendment of 2022) 24:00 is the end of a day, so it is 00:00 of the next.
#            aniso8601 reads it as 00:00 of the same day: a day early, without an error. dateutil and luxon read the next day.
# Output seen:
#   aniso8601    2026-12-01T24:00:00Z is 2026-12-01T00:00:00+00:00
#   dateutil     2026-12-01T24:00:00Z is 2026-12-02T00:00:00+00:00
#   luxon        2026-12-01T24:00:00Z is 2026-12-02T00:00:00.000Z
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

python3 -m venv py
py/bin/pip install --quiet --disable-pip-version-check aniso8601==10.0.1 python-dateutil==4.0.0
cat > read.py <<'X'
import aniso8601
from dateutil.parser import isoparse
text = "2026-12-01T24:00:00Z"
print("aniso8601   ", text, "is", aniso8601.parse_datetime(text).isoformat())
print("dateutil    ", text, "is", isoparse(text).isoformat())
X
mkdir npm && npm install --silent --no-audit --no-fund --prefix npm luxon@3.7.2 >/dev/null
cat > npm/read.cjs <<'X'
const { DateTime } = require("luxon");
const text = "2026-12-01T24:00:00Z";
console.log("luxon       ", text, "is", DateTime.fromISO(text, { zone: "utc" }).toISO());
X

seen=$(py/bin/python read.py; node npm/read.cjs)
echo "$seen"
diff <(echo "$said") <(echo "$seen") || { echo "The behaviour has changed"; exit 1; }
