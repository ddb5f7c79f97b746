#!/usr/bin/env bash
# Packages:  npm mailparser 3.14.2 and postal-mime 4.0.0, Go github.com/emersion/go-message v0.18.2
# Behaviour: Gnus, the mail program of Emacs, answers with a comment behind the id, In-Reply-To: <1@example.com> (Kim's message of ...),
#            and RFC 5322 allows one on both sides (§3.6.4). mailparser's `inReplyTo` is neither the id nor the header, but the
#            header with a bracket put at its end, or at its beginning if the comment comes first; it does so to Message-ID, too.
#            postal-mime gives out the header. So an answer is not found by comparing with the id that was sent. go-message gives
#            out the id alone.
# Output seen:
#   mailparser   behind: <1@example.com> (Kim's message)>   before: <(Kim's message) <1@example.com>   alone: <1@example.com>
#   postal-mime  behind: <1@example.com> (Kim's message)    before: (Kim's message) <1@example.com>    alone: <1@example.com>
#   go-message   behind: 1@example.com                      before: 1@example.com                      alone: 1@example.com
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
# Each program gets mails as its arguments.
mail() { printf 'From: ana@example.com\r\nMessage-ID: <2@example.com>\r\nIn-Reply-To: %s\r\n\r\nyes\r\n' "$1"; }
mails=("$(mail "<1@example.com> (Kim's message)")" "$(mail "(Kim's message) <1@example.com>")" "$(mail '<1@example.com>')")

npm init -y >/dev/null
npm install --silent --no-audit --no-fund mailparser@3.14.2 postal-mime@4.0.0 >/dev/null
cat > read.mjs <<'X'
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";
const ways = { mailparser: simpleParser, "postal-mime": (mail) => PostalMime.parse(mail) };
for (const [name, parse] of Object.entries(ways)) {
  const [behind, before, alone] = await Promise.all(process.argv.slice(2).map(async (mail) => (await parse(mail)).inReplyTo));
  console.log(`${name}   behind: ${behind}   before: ${before}   alone: ${alone}`);
}
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/emersion/go-message/mail"
)

func main() {
	var ids []any
	for _, text := range os.Args[1:] {
		read, err := mail.CreateReader(strings.NewReader(text))
		if err != nil {
			panic(err)
		}
		list, err := read.Header.MsgIDList("In-Reply-To")
		if err != nil {
			panic(err)
		}
		ids = append(ids, strings.Join(list, " "))
	}
	fmt.Printf("go-message   behind: %s   before: %s   alone: %s\n", ids...)
}
X
export GOFLAGS='-mod=mod -modcacherw'
(cd go && go mod init finding && go get github.com/emersion/go-message@v0.18.2 && go build -o ../read-go .) >/dev/null 2>&1

seen=$(node read.mjs "${mails[@]}"; ./read-go "${mails[@]}")
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
