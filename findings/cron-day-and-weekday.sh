#!/usr/bin/env bash
# Packages:  crate cron 0.12.1 (the reader of Resonate Server 0.9.8), npm @breejs/later 4.2.0, cron-parser 5.10.5, croner 11.0.0
# Behaviour: with a day of the month and a weekday, the crate and @breejs/later start on days that fit both (Friday the
#            13th), cron-parser and croner on days that fit one of the two, as the cron of Unix does. With */2 in one of
#            the fields the cron of Unix takes both, and these two still take one.
# Output seen, for times after 2026-11-21:
#   crate cron 0.12.1     0 9 13 * FRI: 2027-08-13 2028-10-13 2029-04-13
#   @breejs/later 4.2.0   0 9 13 * FRI: 2027-08-13 2028-10-13 2029-04-13
#   cron-parser 5.10.5    0 9 13 * FRI: 2026-11-27 2026-12-04 2026-12-11   0 9 13 * */2: 2026-11-22 2026-11-24 2026-11-26
#   croner 11.0.0         0 9 13 * FRI: 2026-11-27 2026-12-04 2026-12-11   0 9 13 * */2: 2026-11-22 2026-11-24 2026-11-26
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

mkdir -p rust/src
cat > rust/Cargo.toml <<'X'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"
[dependencies]
cron = "=0.12.1"
chrono = "0.4"
X
cat > rust/src/main.rs <<'X'
use std::str::FromStr;
use chrono::{TimeZone, Utc};
fn main() {
    let at = Utc.with_ymd_and_hms(2026, 11, 21, 11, 30, 15).unwrap();
    let times = cron::Schedule::from_str("0 0 9 13 * FRI").unwrap();
    let days: Vec<_> = times.after(&at).take(3).map(|d| d.format("%Y-%m-%d").to_string()).collect();
    println!("0 9 13 * FRI: {}", days.join(" "));
}
X
rust=$(cd rust && cargo run --quiet 2>/dev/null)

npm install --silent --no-audit --no-fund --prefix npm @breejs/later@4.2.0 cron-parser@5.10.5 croner@11.0.0 >/dev/null
read_with() {
  (cd npm && TZ=UTC node -e '
    const at = new Date("2026-11-21T11:30:15Z");
    const read = {
      later: (cron) => require("@breejs/later").schedule(require("@breejs/later").parse.cron(cron)).next(3, at),
      "cron-parser": (cron) => require("cron-parser").CronExpressionParser
        .parse(cron, { currentDate: at, tz: "UTC" }).take(3).map((time) => time.toDate()),
      croner: (cron) => new (require("croner").Cron)(cron, { timezone: "UTC", paused: true }).nextRuns(3, at),
    }[process.argv[1]];
    const days = (cron) => read(cron).map((time) => time.toISOString().slice(0, 10)).join(" ");
    console.log(process.argv.slice(2).map((cron) => `${cron}: ${days(cron)}`).join("   "));' "$@")
}
later=$(read_with later "0 9 13 * FRI")
parser=$(read_with cron-parser "0 9 13 * FRI" "0 9 13 * */2")
croner=$(read_with croner "0 9 13 * FRI" "0 9 13 * */2")

printf '%-20s  %s\n' "crate cron 0.12.1" "$rust" "@breejs/later 4.2.0" "$later" "cron-parser 5.10.5" "$parser" "croner 11.0.0" "$croner"
both="0 9 13 * FRI: 2027-08-13 2028-10-13 2029-04-13"
one="0 9 13 * FRI: 2026-11-27 2026-12-04 2026-12-11   0 9 13 * */2: 2026-11-22 2026-11-24 2026-11-26"
[ "$rust" = "$both" ] && [ "$later" = "$both" ] && [ "$parser" = "$one" ] && [ "$croner" = "$one" ]
