#!/usr/bin/env bash
# Packages:  npm postal-mime 4.0.0 and mailparser 3.14.2, PyPI mail-parser 4.8.0, Go github.com/jhillyerd/enmime/v2 v2.3.0
# Behaviour: a delivery status notification (RFC 3464) has three parts: words for people, fields for programs, and the mail that came
#            back. The words need no Content-Type, and have none in the examples of the RFC. Four readers make four things of it.
#            mailparser puts the fields for programs into the text, and has no part with them. mail-parser has them nowhere, and
#            takes the text of the mail that came back for text of the notification. enmime has no text: what names no type is no
#            text to it. postal-mime (with forceRfc822Attachments) has the words as text, and the fields as a part.
# Output seen:
#   postal-mime   text: the words                                     fields for programs: a part
#   mailparser    text: the words, the fields                         fields for programs: none
#   mail-parser   text: the words, the mail that came back            fields for programs: none
#   enmime        text: none                                          fields for programs: a part
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
sed 's/$/\r/' > report.eml <<'X'
From: Mail Delivery Subsystem <mailer-daemon@mx.example.com>
To: <orders@example.com>
Subject: Returned mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="parts"

--parts

It could not be delivered.
--parts
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; kim@example.com
Action: failed
Status: 5.1.1

--parts
Content-Type: message/rfc822

From: orders@example.com
To: kim@example.com
Subject: An order

Please approve.
--parts--
X

npm init -y >/dev/null
npm install --silent --no-audit --no-fund postal-mime@4.0.0 mailparser@3.14.2 >/dev/null
cat > read.mjs <<'X'
import { readFileSync } from "node:fs";
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";
const raw = readFileSync("report.eml");
const told = (name, text, types) => console.log(JSON.stringify({ name, text, types }));
const one = await PostalMime.parse(raw, { forceRfc822Attachments: true });
told("postal-mime", one.text, one.attachments.map(({ mimeType }) => mimeType));
const other = await simpleParser(raw);
told("mailparser", other.text, other.attachments.map(({ contentType }) => contentType));
X

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check mail-parser==4.8.0
cat > read.py <<'X'
import json, mailparser
mail = mailparser.parse_from_file("report.eml")
types = [part["mail_content_type"] for part in mail.attachments]
print(json.dumps({"name": "mail-parser", "text": "\n".join(mail.text_plain), "types": types}))
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/jhillyerd/enmime/v2"
)

func main() {
	file, err := os.Open("report.eml")
	if err != nil {
		panic(err)
	}
	envelope, err := enmime.ReadEnvelope(file)
	if err != nil {
		panic(err)
	}
	var types []string
	for _, parts := range [][]*enmime.Part{envelope.Attachments, envelope.Inlines, envelope.OtherParts} {
		for _, part := range parts {
			types = append(types, part.ContentType)
		}
	}
	text, err := json.Marshal(map[string]any{"name": "enmime", "text": envelope.Text, "types": types})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
X
export GOFLAGS='-mod=mod -modcacherw'
(cd go && go mod init finding && go get github.com/jhillyerd/enmime/v2@v2.3.0 && go build -o ../read-go .) >/dev/null 2>&1

cat > tell.mjs <<'X'
import { createInterface } from "node:readline";
const known = [["the words", "It could not be delivered."], ["the fields", "Final-Recipient: rfc822"], ["the mail that came back", "Please approve."]];
for await (const line of createInterface({ input: process.stdin })) {
  const { name, text, types } = JSON.parse(line);
  const has = known.flatMap(([what, words]) => (text?.includes(words) ? [what] : [])).join(", ") || "none";
  console.log(`${name}   text: ${has}   fields for programs: ${types?.includes("message/delivery-status") ? "a part" : "none"}`);
}
X
seen=$({ node read.mjs; py/bin/python -W ignore read.py 2>/dev/null; ./read-go; } | node tell.mjs)
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
