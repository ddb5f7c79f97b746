#!/usr/bin/env bash
# Packages:  npm smtp-server 3.21.6, PyPI aiosmtpd 1.4.6, Go github.com/emersion/go-smtp v0.24.0
# Behaviour: three libraries that relays are made of, whose handler fails by an error of its own ("database is locked"), as
#            at any moment. What the sender hears is temporary or permanent by the library and by the place:
#            smtp-server says 550 to a recipient and 450 to a mail; go-smtp says 451 to a recipient and 554 to a mail;
#            aiosmtpd says 500 to both. A sender that goes by the first digit gives up a recipient, or the mail, for good.
# Output seen:
#   smtp-server: RCPT TO 550, end of the mail 450
#   go-smtp:     RCPT TO 451 4.0.0, end of the mail 554 5.0.0
#   aiosmtpd:    RCPT TO 500, end of the mail 500
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

# One client for all: a recipient that the handler fails at, one that it takes, and a mail that it fails at.
cat > client.py <<'X'
import re, smtplib, sys
def codes(reply):
    code, text = reply
    status = re.match(rb"\d\.\d+\.\d+", text)
    return f"{code} {status[0].decode()}" if status else str(code)
session = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
session.ehlo("client.example.com")
session.mail("asker@example.com")
recipient = codes(session.rcpt("fails@example.com"))
session.rcpt("fine@example.com")
print(f"RCPT TO {recipient}, end of the mail {codes(session.data('Subject: x'))}")
X

npm init -y >/dev/null
npm install --silent --no-audit --no-fund smtp-server@3.21.6 >/dev/null
cat > server.cjs <<'X'
const { SMTPServer } = require("smtp-server");
const failure = () => new Error("database is locked");
const server = new SMTPServer({
  authOptional: true, disabledCommands: ["AUTH", "STARTTLS"], disableReverseLookup: true,
  onRcptTo: ({ address }, _, done) => done(address.startsWith("fails") ? failure() : null),
  onData: (stream, _, done) => stream.resume().on("end", () => done(failure())),
});
server.listen(0, "127.0.0.1", () => console.log(server.server.address().port));
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/emersion/go-smtp"
)

type backend struct{}
type session struct{}

func (backend) NewSession(*smtp.Conn) (smtp.Session, error)      { return session{}, nil }
func (session) Reset()                                           {}
func (session) Logout() error                                    { return nil }
func (session) Mail(string, *smtp.MailOptions) error             { return nil }
func (session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "fails") {
		return errors.New("database is locked")
	}
	return nil
}
func (session) Data(r io.Reader) error {
	_, _ = io.Copy(io.Discard, r)
	return errors.New("database is locked")
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(smtp.NewServer(backend{}).Serve(listener))
}
X
(cd go && go mod init finding 2>/dev/null && go get github.com/emersion/go-smtp@v0.24.0 2>/dev/null && go build -o ../go-server .)

python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check aiosmtpd==1.4.6
cat > server.py <<'X'
import asyncio, logging
from aiosmtpd.smtp import SMTP
logging.disable()
class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("fails"): raise OSError("database is locked")
        envelope.rcpt_tos.append(address)
        return "250 OK"
    async def handle_DATA(self, server, session, envelope):
        raise OSError("database is locked")
async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Handler()), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
X

ask() {
  "$@" > port 2>/dev/null &
  local server=$!
  until [ -s port ]; do kill -0 $server; sleep 0.1; done
  python3 client.py "$(cat port)"
  kill $server; wait $server 2>/dev/null || true; rm port
}
node=$(ask node server.cjs); go=$(ask ./go-server); python=$(ask venv/bin/python server.py)
echo "smtp-server: $node"; echo "go-smtp:     $go"; echo "aiosmtpd:    $python"
[ "$node" = "RCPT TO 550, end of the mail 450" ]
[ "$go" = "RCPT TO 451 4.0.0, end of the mail 554 5.0.0" ]
[ "$python" = "RCPT TO 500, end of the mail 500" ]
