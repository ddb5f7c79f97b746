#!/usr/bin/env bash
# Packages:  crate cron 0.12.1 (the reader of Resonate Server 0.9.8) and 0.17.0
# Behaviour: asked in November for a time in January of one coming year, 0.12.1 finds none: when it goes on to a year that
#            is not the present one, it still looks from the present month on. In a later month, or with a range of years
#            that holds the present one, the time is found. 0.17.0 finds it. A scheduler that takes "none" for a fault,
#            and tries again a minute later (as that server does), then runs the job every minute.
# Output seen, for the time after 2026-11-21:
#   0.12.1   0 0 12 1 1 * 2027: none   0 0 12 1 12 * 2027: 2027-12-01   0 0 12 1 1 * 2026-2027: 2027-01-01
#   0.17.0   0 0 12 1 1 * 2027: 2027-01-01   0 0 12 1 12 * 2027: 2027-12-01   0 0 12 1 1 * 2026-2027: 2027-01-01
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

read_with() {
  mkdir -p "$1/src"
  cat > "$1/Cargo.toml" <<X
[package]
name = "finding"
version = "0.0.0"
edition = "2021"
[dependencies]
cron = "=$1"
chrono = "0.4"
X
  cat > "$1/src/main.rs" <<'X'
use std::str::FromStr;
use chrono::{TimeZone, Utc};
fn main() {
    let at = Utc.with_ymd_and_hms(2026, 11, 21, 11, 30, 15).unwrap();
    let next = |cron: &str| match cron::Schedule::from_str(cron).unwrap().after(&at).next() {
        None => "none".to_string(),
        Some(time) => time.format("%Y-%m-%d").to_string(),
    };
    let said: Vec<_> = ["0 0 12 1 1 * 2027", "0 0 12 1 12 * 2027", "0 0 12 1 1 * 2026-2027"]
        .iter().map(|cron| format!("{cron}: {}", next(cron))).collect();
    println!("{}", said.join("   "));
}
X
  (cd "$1" && cargo run --quiet 2>/dev/null)
}
old=$(read_with 0.12.1)
new=$(read_with 0.17.0)

printf '%s   %s\n' 0.12.1 "$old" 0.17.0 "$new"
rest="0 0 12 1 12 * 2027: 2027-12-01   0 0 12 1 1 * 2026-2027: 2027-01-01"
[ "$old" = "0 0 12 1 1 * 2027: none   $rest" ] && [ "$new" = "0 0 12 1 1 * 2027: 2027-01-01   $rest" ]
