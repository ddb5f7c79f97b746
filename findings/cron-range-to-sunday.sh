#!/usr/bin/env bash
# Packages:  npm cron-parser 5.10.5, croner 11.0.0, @datasert/cronjs-matcher 1.4.0, @breejs/later 4.2.0
# Behaviour: "from Friday to Sunday" is refused by one package, read by one, and silently loses days in two. By number,
#            5-7, two of the four lose Sunday. A list, FRI,SAT,SUN, is the same to all.
# Output seen:
#   cron-parser 5.10.5       FRI-SUN: refused       5-7: Sun Fri Sat   FRI,SAT,SUN: Sun Fri Sat
#   croner 11.0.0            FRI-SUN: Sun Fri Sat   5-7: Sun Fri Sat   FRI,SAT,SUN: Sun Fri Sat
#   cronjs-matcher 1.4.0     FRI-SUN: Fri Sat       5-7: Fri Sat       FRI,SAT,SUN: Sun Fri Sat
#   @breejs/later 4.2.0      FRI-SUN: Sat           5-7: Fri Sat       FRI,SAT,SUN: Sun Fri Sat
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

npm install --silent --no-audit --no-fund cron-parser@5.10.5 croner@11.0.0 @datasert/cronjs-matcher@1.4.0 @breejs/later@4.2.0 >/dev/null
said=$(TZ=UTC node -e '
  const at = new Date("2026-11-21T11:30:15Z");
  const later = require("@breejs/later");
  const READERS = {
    "cron-parser 5.10.5": (cron) => require("cron-parser").CronExpressionParser
      .parse(cron, { currentDate: at, tz: "UTC" }).take(7).map((time) => time.toDate()),
    "croner 11.0.0": (cron) => new (require("croner").Cron)(cron, { timezone: "UTC", paused: true }).nextRuns(7, at),
    "cronjs-matcher 1.4.0": (cron) => require("@datasert/cronjs-matcher")
      .getFutureMatches(cron, { matchCount: 7, startAt: at.toISOString(), timezone: "UTC" }).map((time) => new Date(time)),
    "@breejs/later 4.2.0": (cron) => later.schedule(later.parse.cron(cron)).next(7, at),
  };
  const NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const days = (read, day) => {
    try {
      return [...new Set(read(`0 9 * * ${day}`).map((time) => time.getUTCDay()))].sort().map((d) => NAMES[d]).join(" ");
    } catch {
      return "refused";
    }
  };
  for (const [name, read] of Object.entries(READERS)) {
    const said = ["FRI-SUN", "5-7", "FRI,SAT,SUN"].map((day) => `${day}: ${days(read, day)}`);
    console.log(`${name.padEnd(23)}${said.join(" | ")}`);
  }')
echo "$said"
diff <(echo "$said") - <<'X'
cron-parser 5.10.5     FRI-SUN: refused | 5-7: Sun Fri Sat | FRI,SAT,SUN: Sun Fri Sat
croner 11.0.0          FRI-SUN: Sun Fri Sat | 5-7: Sun Fri Sat | FRI,SAT,SUN: Sun Fri Sat
cronjs-matcher 1.4.0   FRI-SUN: Fri Sat | 5-7: Fri Sat | FRI,SAT,SUN: Sun Fri Sat
@breejs/later 4.2.0    FRI-SUN: Sat | 5-7: Fri Sat | FRI,SAT,SUN: Sun Fri Sat
X
