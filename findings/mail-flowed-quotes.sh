#!/usr/bin/env bash
# Packages:  npm postal-mime 4.0.0 and mailparser 3.14.2, both by the maker of Nodemailer
# Behaviour: a reply in format=flowed with delsp=yes (RFC 3676), which Apple Mail writes, breaks long lines with a space at the end, and
#            repeats the quote mark of a quoted line on each part of it. Whoever puts the lines together takes off the marks first
#            (§4.5). mailparser does; postal-mime leaves them in the middle of the text, so that what was quoted is changed: here
#            an amount. Both put lines together that are not quoted.
# Output seen:
#   postal-mime   Please order 40 laptops.|> The amount is 41 2> 00 EUR.
#   mailparser    Please order 40 laptops.|> The amount is 41 200 EUR.
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund postal-mime@4.0.0 mailparser@3.14.2 >/dev/null
cat > read.mjs <<'X'
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";
const mail = [
  "From: kim@example.com",
  "Subject: Re: laptops",
  "MIME-Version: 1.0",
  "Content-Type: text/plain; charset=us-ascii; format=flowed; delsp=yes",
  "",
  "Please order 40 lap ",
  "tops.",
  "> The amount is 41 2 ",
  "> 00 EUR.",
  "",
].join("\r\n");
const shown = (text) => text.trim().split("\n").join("|");
console.log("postal-mime  ", shown((await PostalMime.parse(mail)).text));
console.log("mailparser   ", shown((await simpleParser(mail)).text));
X
seen=$(node read.mjs)
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
