#!/usr/bin/env bash
# Package:   Debian 12 exim4-daemon-light and exim4-base 4.96-15+deb12u11, with the example configuration of the package
# Behaviour: Exim sends no enhanced status codes of its own, and says 550 in answer to RCPT TO also where the recipient has
#            no part in it: when the sender's address cannot be verified, and when the client may not relay. The three
#            cannot be told apart but by words that an administrator may change.
# Output seen (a session of `exim -bh`, which takes no mail):
#   the sender cannot be verified:   550 Sender verify failed
#   the client may not relay:        550 relay not permitted
#   the recipient has a % in it:     550 Restricted characters in address
# Runs as root on Debian 12, in a folder of its own: nothing is installed, and the user that Exim looks for is pretended.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; chmod 755 "$dir"; cd "$dir"
version=4.96-15+deb12u11
apt-get -qq download "exim4-daemon-light=$version" "exim4-base=$version" libidn12 libnss-wrapper 2>/dev/null
for package in *.deb; do dpkg -x "$package" .; done
libraries=$dir/usr/lib/x86_64-linux-gnu
cp /etc/passwd passwd; echo 'Debian-exim:x:65533:65533::/nonexistent:/usr/sbin/nologin' >> passwd
cp /etc/group group; echo 'Debian-exim:x:65533:' >> group
configuration=usr/share/doc/exim4-base/examples/example.conf
[ -f $configuration ] || gunzip -k $configuration.gz

ask() {
  printf '%s\r\n' 'EHLO client.example.com' "MAIL FROM:<$1>" "RCPT TO:<$2>" QUIT |
    env LD_LIBRARY_PATH="$libraries" LD_PRELOAD="$libraries/libnss_wrapper.so" NSS_WRAPPER_PASSWD="$dir/passwd" \
      NSS_WRAPPER_GROUP="$dir/group" usr/sbin/exim4 -C "$dir/$configuration" -bh 192.0.2.1 2>/dev/null |
    tr -d '\r' | tail -n 2 | head -n 1
}
sender=$(ask asker@no-such-domain.invalid ana@example.org)
relay=$(ask '' ana@example.org)
routed=$(ask '' 'user%example.org@localhost')
echo "the sender cannot be verified:   $sender"
echo "the client may not relay:        $relay"
echo "the recipient has a % in it:     $routed"
[ "$sender" = "550 Sender verify failed" ]
[ "$relay" = "550 relay not permitted" ]
[ "$routed" = "550 Restricted characters in address" ]
