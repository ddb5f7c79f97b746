#!/usr/bin/env bash
# Packages:  Go github.com/arran4/golang-ical v0.3.4, PyPI icalendar 7.3.2, npm node-ical 0.26.1 and ical.js 2.2.1
# Behaviour: a valid answer to an invitation (METHOD:REPLY), whose attendee is written MAILTO:, as Outlook writes it (a URI's scheme has
#            no case), whose event has a DURATION and no DTEND, and one of whose two categories has a comma in its name (RFC 5545
#            §3.3.11). golang-ical says that Email() of the attendee is "MAILTO:ana@example.com", which is nobody who was invited;
#            that the event has no end; and makes one text of the categories, where all commas are the same. node-ical makes
#            three of two categories. icalendar reads all as it is meant; so does ical.js, which has no method for the address.
# Output seen (of categories: how many):
#   golang-ical   email: MAILTO:ana@example.com   end: none                   categories: A,B,C
#   icalendar     email: ana@example.com          end: 2026-12-02T10:00:00Z   categories: A | B,C
#   node-ical     email: -                        end: 2026-12-02T10:00:00Z   categories: A | B\ | C
#   ical.js       email: -                        end: 2026-12-02T10:00:00Z   categories: A | B,C
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
sed 's/$/\r/' > reply.ics <<'X'
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example.com//calendar//EN
METHOD:REPLY
BEGIN:VEVENT
UID:review-1@example.com
DTSTAMP:20261201T100000Z
DTSTART:20261202T090000Z
DURATION:PT1H
ORGANIZER:mailto:kim@example.com
ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:ana@example.com
CATEGORIES:A,B\,C
END:VEVENT
END:VCALENDAR
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"fmt"
	"os"
	"time"

	ics "github.com/arran4/golang-ical"
)

func main() {
	file, err := os.Open("reply.ics")
	if err != nil {
		panic(err)
	}
	calendar, err := ics.ParseCalendar(file)
	if err != nil {
		panic(err)
	}
	event := calendar.Events()[0]
	end := "none"
	if at, err := event.GetEndAt(); err == nil {
		end = at.Format(time.RFC3339)
	}
	categories := event.GetProperty(ics.ComponentPropertyCategories).Value
	fmt.Printf("golang-ical   email: %s   end: %s   categories: %s\n", event.Attendees()[0].Email(), end, categories)
}
X
export GOFLAGS='-mod=mod -modcacherw'
(cd go && go mod init finding && go get github.com/arran4/golang-ical@v0.3.4 && go build -o ../read-go .) >/dev/null 2>&1

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check icalendar==7.3.2
cat > read.py <<'X'
from icalendar import Calendar
event = Calendar.from_ical(open("reply.ics", "rb").read()).events[0]
end = event.end.strftime("%Y-%m-%dT%H:%M:%SZ")
print(f"icalendar   email: {event['ATTENDEE'].email}   end: {end}   categories: {' | '.join(map(str, event.categories))}")
X

npm init -y >/dev/null
npm install --silent --no-audit --no-fund node-ical@0.26.1 ical.js@2.2.1 >/dev/null
cat > read.mjs <<'X'
import { readFileSync } from "node:fs";
import ICAL from "ical.js";
import nodeIcal from "node-ical";
const text = readFileSync("reply.ics", "utf8");
const told = (name, end, categories) => console.log(`${name}   email: -   end: ${end}   categories: ${categories.join(" | ")}`);
const one = nodeIcal.sync.parseICS(text)["review-1@example.com"];
told("node-ical", one.end.toISOString().replace(".000", ""), one.categories);
const component = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent");
told("ical.js", new ICAL.Event(component).endDate.toString(), component.getFirstProperty("categories").getValues());
X
seen=$(./read-go; py/bin/python read.py; node read.mjs)
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
