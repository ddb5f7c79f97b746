#!/usr/bin/env bash
# Packages:  npm postal-mime 4.0.0, mailparser 3.14.2, email-addresses 5.0.0
# Behaviour: three readers of From, two of them by one maker, disagree on what the address is, if it has a comment in it (the example
#            of RFC 5322, appendix A.5) or quotes around its local part. postal-mime keeps comments in the address, and takes quotes
#            off only where no <> are around it, so one mailbox has two addresses. email-addresses takes them off everywhere, and
#            what it gives out is no address any more: in a header, it would be two. mailparser does as one would guess.
# Output seen:
#   pete(his account)@silly.test(his host)   postal-mime: pete(his account)@silly.test(his host)   mailparser: pete@silly.test      email-addresses: pete@silly.test
#   <"lee, kim"@example.com>                 postal-mime: "lee, kim"@example.com                   mailparser: "lee, kim"@example.com   email-addresses: lee, kim@example.com
#   "lee, kim"@example.com                   postal-mime: lee, kim@example.com                     mailparser: "lee, kim"@example.com   email-addresses: lee, kim@example.com
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund postal-mime@4.0.0 mailparser@3.14.2 email-addresses@5.0.0 >/dev/null
cat > read.mjs <<'X'
import emailAddresses from "email-addresses";
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";
const [comment, bracketed, bare] = ["Pete <pete(his account)@silly.test(his host)>", 'Kim <"lee, kim"@example.com>', '"lee, kim"@example.com'];
const shown = new Map([[comment, "pete(his account)@silly.test(his host)"], [bracketed, '<"lee, kim"@example.com>'], [bare, bare]]);
for (const [from, written] of shown) {
  const mail = `From: ${from}\r\nSubject: x\r\n\r\nx\r\n`;
  const read = {
    "postal-mime": (await PostalMime.parse(mail)).from.address,
    mailparser: (await simpleParser(mail)).from.value[0].address,
    "email-addresses": emailAddresses.parseOneAddress(from).address,
  };
  console.log([written, ...Object.entries(read).map(([name, address]) => `${name}: ${address}`)].join("   "));
}
X
seen=$(node read.mjs)
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
