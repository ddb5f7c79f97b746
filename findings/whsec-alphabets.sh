#!/usr/bin/env bash
# Packages:  Standard Webhooks in five languages: npm standardwebhooks 1.1.1, PyPI standardwebhooks 1.1.0,
#            Go github.com/standard-webhooks/standard-webhooks/libraries v0.0.1, crate standardwebhooks 1.0.1,
#            Maven com.standardwebhooks:standardwebhooks 1.1.0
# Behaviour: what is one secret to one language is none, or another key, to the next. Without its padding it is refused by
#            Go and Rust. In the URL's alphabet it is refused by four; Python drops each - and _ and signs with the key
#            that is left, so its signatures fit nobody's. Padded, in the standard alphabet, all sign alike; they do
#            without whsec_ too.
# Output seen (same: the padded secret's signature; other: another one):
#   npm 1.1.1      padded: same   unpadded: same      url-safe: refused   no-prefix: same
#   PyPI 1.1.0     padded: same   unpadded: same      url-safe: other     no-prefix: same
#   Go v0.0.1      padded: same   unpadded: refused   url-safe: refused   no-prefix: same
#   crate 1.0.1    padded: same   unpadded: refused   url-safe: refused   no-prefix: same
#   Maven 1.1.0    padded: same   unpadded: same      url-safe: refused   no-prefix: same
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

# 26 bytes in which the alphabets differ four times, and that need padding. Each program gets the forms as name and secret
# in turns, and prints the signature of {} for each, or "refused".
key='+a/bAAAAAAAAAAAAAAAAAAAAAAAA+c/dAAA='
forms=(padded "whsec_$key" unpadded "whsec_${key%=}" url-safe "whsec_$(tr '+/' '-_' <<<"$key")" no-prefix "$key")

mkdir npm && npm install --silent --no-audit --no-fund --prefix npm standardwebhooks@1.1.1 >/dev/null
cat > npm/sign.cjs <<'X'
const { Webhook } = require("standardwebhooks");
for (let i = 2; i < process.argv.length; i += 2) {
  let said = "refused";
  try { said = new Webhook(process.argv[i + 1]).sign("msg_1", new Date(1700000000000), "{}"); } catch {}
  console.log(process.argv[i], said);
}
X

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check standardwebhooks==1.1.0
cat > sign.py <<'X'
import sys
from datetime import datetime, timezone
from standardwebhooks import Webhook
for name, secret in zip(sys.argv[1::2], sys.argv[2::2]):
    try: said = Webhook(secret).sign("msg_1", datetime.fromtimestamp(1700000000, tz=timezone.utc), "{}")
    except Exception: said = "refused"
    print(name, said)
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"fmt"
	"os"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	for i := 1; i < len(os.Args); i += 2 {
		said := "refused"
		if webhook, err := webhooks.NewWebhook(os.Args[i+1]); err == nil {
			said, _ = webhook.Sign("msg_1", time.Unix(1700000000, 0), []byte("{}"))
		}
		fmt.Println(os.Args[i], said)
	}
}
X
(cd go && go mod init finding && go get github.com/standard-webhooks/standard-webhooks/libraries@v0.0.1 && go build -o sign .) >/dev/null 2>&1

mkdir -p rust/src && cat > rust/Cargo.toml <<'X'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"
[dependencies]
standardwebhooks = "=1.0.1"
X
cat > rust/src/main.rs <<'X'
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    for form in args.chunks(2) {
        let said = match standardwebhooks::Webhook::new(&form[1]) {
            Ok(webhook) => webhook.sign("msg_1", 1700000000, b"{}").unwrap(),
            Err(_) => "refused".to_string(),
        };
        println!("{} {}", form[0], said);
    }
}
X
(cd rust && cargo build --quiet 2>/dev/null)

mkdir java && cat > java/pom.xml <<'X'
<project><modelVersion>4.0.0</modelVersion><groupId>f</groupId><artifactId>f</artifactId><version>0</version>
<dependencies><dependency><groupId>com.standardwebhooks</groupId><artifactId>standardwebhooks</artifactId>
<version>1.1.0</version></dependency></dependencies></project>
X
cat > java/Sign.java <<'X'
import com.standardwebhooks.Webhook;
public class Sign {
  public static void main(String[] args) {
    for (int i = 0; i < args.length; i += 2) {
      String said = "refused";
      try { said = new Webhook(args[i + 1]).sign("msg_1", 1700000000L, "{}"); } catch (Exception e) { }
      System.out.println(args[i] + " " + said);
    }
  }
}
X
(cd java && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib) >/dev/null 2>&1

right=''
failed=0
expect() { # name, what is expected of the four forms, and the program
  local name=$1 expected=$2 said='' form signature
  shift 2
  while read -r form signature; do
    [ "$form" = padded ] && right=${right:-$signature}
    case $signature in
      refused) said+="$form: refused   " ;;
      "$right") said+="$form: same   " ;;
      *) said+="$form: other   " ;;
    esac
  done < <("$@" "${forms[@]}")
  printf '%-12s %s\n' "$name" "$said"
  [ "$(sed 's/[a-z-]*: //g' <<<"$said" | xargs)" = "$expected" ] || failed=1
}
expect 'npm 1.1.1' 'same same refused same' node npm/sign.cjs
expect 'PyPI 1.1.0' 'same same other same' py/bin/python sign.py
expect 'Go v0.0.1' 'same refused refused same' go/sign
expect 'crate 1.0.1' 'same refused refused same' rust/target/debug/finding
expect 'Maven 1.1.0' 'same same refused same' java -cp 'java/lib/*' java/Sign.java
exit $failed
