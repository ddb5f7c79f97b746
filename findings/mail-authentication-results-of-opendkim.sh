#!/usr/bin/env bash
# Packages:  Go github.com/emersion/go-msgauth v0.7.0 (authres), PyPI authres 1.2.0
# Behaviour: OpenDKIM tells in a comment how long the key is, with a semicolon in it: dkim=pass (2048-bit key; unprotected). RFC 8601
#            allows comments between all parts, and its appendix B has them. The Go package parts the header at each semicolon: it
#            returns an error for this one, and a result without its domain. Of a reason in quotes (the example in appendix B.6)
#            it gives the first word, with the quote. The Python package reads both. (Issues 32 and 74 of go-msgauth.)
# Output seen:
#   go-msgauth   opendkim: error, domain ""              reason: "good             plain: domain "example.net"
#   authres      opendkim: no error, domain "example.net"   reason: good signature   plain: domain "example.net"
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
headers=('mx.example.com; dkim=pass (2048-bit key; unprotected) header.d=example.net'
  'mx.example.com; dkim=pass reason="good signature" header.d=example.net'
  'mx.example.com; dkim=pass header.d=example.net')

mkdir go && cat > go/main.go <<'X'
package main

import (
	"fmt"
	"os"

	"github.com/emersion/go-msgauth/authres"
)

func read(header string) (*authres.DKIMResult, string) {
	_, results, err := authres.Parse(header)
	dkim := &authres.DKIMResult{}
	if len(results) > 0 {
		dkim = results[0].(*authres.DKIMResult)
	}
	if err != nil {
		return dkim, "error"
	}
	return dkim, "no error"
}

func main() {
	one, said := read(os.Args[1])
	reason, _ := read(os.Args[2])
	plain, _ := read(os.Args[3])
	fmt.Printf("go-msgauth   opendkim: %s, domain %q   reason: %s   plain: domain %q\n", said, one.Domain, reason.Reason, plain.Domain)
}
X
export GOFLAGS='-mod=mod -modcacherw'
(cd go && go mod init finding && go get github.com/emersion/go-msgauth@v0.7.0 && go build -o ../read-go .) >/dev/null 2>&1

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check authres==1.2.0
cat > read.py <<'X'
import sys
from authres import AuthenticationResultsHeader
one, reason, plain = (AuthenticationResultsHeader.parse("Authentication-Results: " + header).results[0] for header in sys.argv[1:])
print(f'authres   opendkim: no error, domain "{one.header_d}"   reason: {reason.reason}   plain: domain "{plain.header_d}"')
X

seen=$(./read-go "${headers[@]}"; py/bin/python read.py "${headers[@]}")
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
