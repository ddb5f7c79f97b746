#!/usr/bin/env bash
# Packages:  npm cron-parser 5.10.5, cron-schedule 6.0.0, cronosjs 1.7.1
# Behaviour: a step on a single weekday, "every other day from Monday on", is three different sets of days. cron-parser
#            counts to 7, which is Sunday again; cron-schedule leaves the step out and refuses it after a name.
# Output seen:
#   cron-parser 5.10.5    1/2: Sun Mon Wed Fri   MON/2: Sun Mon Wed Fri
#   cron-schedule 6.0.0   1/2: Mon   MON/2: refused
#   cronosjs 1.7.1        1/2: Mon Wed Fri   MON/2: Mon Wed Fri
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

npm install --silent --no-audit --no-fund cron-parser@5.10.5 cron-schedule@6.0.0 cronosjs@1.7.1 >/dev/null
read_with() {
  TZ=UTC node -e '
    const at = new Date("2026-11-21T11:30:15Z");
    const read = {
      "cron-parser": (cron) => require("cron-parser").CronExpressionParser
        .parse(cron, { currentDate: at, tz: "UTC" }).take(7).map((time) => time.toDate()),
      "cron-schedule": (cron) => require("cron-schedule").parseCronExpression(cron).getNextDates(7, at),
      cronosjs: (cron) => require("cronosjs").CronosExpression.parse(cron, { timezone: "UTC" }).nextNDates(at, 7),
    }[process.argv[1]];
    const NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const days = (cron) => {
      try {
        return [...new Set(read(cron).map((time) => time.getUTCDay()))].sort().map((day) => NAMES[day]).join(" ");
      } catch {
        return "refused";
      }
    };
    console.log(["1/2", "MON/2"].map((day) => `${day}: ${days(`0 9 * * ${day}`)}`).join("   "));' "$1"
}
parser=$(read_with cron-parser)
schedule=$(read_with cron-schedule)
cronos=$(read_with cronosjs)

printf '%-20s  %s\n' "cron-parser 5.10.5" "$parser" "cron-schedule 6.0.0" "$schedule" "cronosjs 1.7.1" "$cronos"
[ "$parser" = "1/2: Sun Mon Wed Fri   MON/2: Sun Mon Wed Fri" ] &&
  [ "$schedule" = "1/2: Mon   MON/2: refused" ] && [ "$cronos" = "1/2: Mon Wed Fri   MON/2: Mon Wed Fri" ]
