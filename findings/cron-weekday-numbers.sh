#!/usr/bin/env bash
# Packages:  crate cron 0.12.1 (the reader of Resonate Server 0.9.8), npm cron-parser 5.10.5, Go github.com/robfig/cron/v3 3.0.1
# Behaviour: a weekday by its number is another day to the crate, which counts from 1 for Sunday and has no 0. So
#            "at nine on weekdays", 1-5, runs from Sunday to Thursday. By name they agree.
# Output seen:
#   crate cron 0.12.1     1: Sun   1-5: Sun Mon Tue Wed Thu   0: refused   MON: Mon
#   npm cron-parser       1: Mon   1-5: Mon Tue Wed Thu Fri   0: Sun   MON: Mon
#   Go robfig/cron        1: Mon   1-5: Mon Tue Wed Thu Fri   0: Sun   MON: Mon
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

mkdir -p rust/src go
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
use std::{collections::BTreeMap, str::FromStr};
use chrono::{Datelike, TimeZone, Utc};
fn main() {
    let at = Utc.with_ymd_and_hms(2026, 11, 21, 11, 30, 15).unwrap();
    let days = |cron: &str| match cron::Schedule::from_str(&format!("0 0 9 * * {cron}")) {
        Err(_) => "refused".to_string(),
        Ok(s) => s.after(&at).take(7)
            .map(|d| (d.weekday().num_days_from_sunday(), d.format("%a").to_string()))
            .collect::<BTreeMap<_, _>>().into_values().collect::<Vec<_>>().join(" "),
    };
    let said: Vec<_> = ["1", "1-5", "0", "MON"].iter().map(|c| format!("{c}: {}", days(c))).collect();
    println!("{}", said.join("   "));
}
X
rust=$(cd rust && cargo run --quiet 2>/dev/null)

npm install --silent --no-audit --no-fund --prefix npm cron-parser@5.10.5 >/dev/null
js=$(cd npm && node -e '
  const { CronExpressionParser } = require("cron-parser");
  const NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const at = new Date("2026-11-21T11:30:15Z");
  const days = (day) => {
    const times = CronExpressionParser.parse(`0 9 * * ${day}`, { currentDate: at, tz: "UTC" }).take(7);
    return [...new Set(times.map((t) => t.getDay()))].sort().map((d) => NAMES[d]).join(" ");
  };
  console.log(["1", "1-5", "0", "MON"].map((day) => `${day}: ${days(day)}`).join("   "));')

cat > go/main.go <<'X'
package main

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

func days(expression string) string {
	schedule, err := cron.ParseStandard("0 9 * * " + expression)
	if err != nil {
		return "refused"
	}
	seen := map[int]string{}
	t := time.Date(2026, 11, 21, 11, 30, 15, 0, time.UTC)
	for i := 0; i < 7; i++ {
		t = schedule.Next(t)
		seen[int(t.Weekday())] = t.Format("Mon")
	}
	keys := []int{}
	for k := range seen {
		keys = append(keys, k)
	}
	sort.Ints(keys)
	names := []string{}
	for _, k := range keys {
		names = append(names, seen[k])
	}
	return strings.Join(names, " ")
}

func main() {
	said := []string{}
	for _, e := range []string{"1", "1-5", "0", "MON"} {
		said = append(said, e+": "+days(e))
	}
	fmt.Println(strings.Join(said, "   "))
}
X
go=$(cd go && go mod init finding 2>/dev/null && go get github.com/robfig/cron/v3@v3.0.1 2>/dev/null && go run .)

printf '%-20s  %s\n' "crate cron 0.12.1" "$rust" "npm cron-parser" "$js" "Go robfig/cron" "$go"
others="1: Mon   1-5: Mon Tue Wed Thu Fri   0: Sun   MON: Mon"
[ "$rust" = "1: Sun   1-5: Sun Mon Tue Wed Thu   0: refused   MON: Mon" ] && [ "$js" = "$others" ] && [ "$go" = "$others" ]
