#!/usr/bin/env bash
# Packages:  PyPI securesystemslib 1.6.0, Go github.com/secure-systems-lab/go-securesystemslib v0.11.1 (both by DSSE's own project),
#            npm @sigstore/bundle 4.0.0 with @sigstore/core 3.2.1
# Behaviour: in a DSSE envelope (version 1.0.2, envelope.md) `keyid` may be left out, which means the same as an empty one, and an
#            envelope with several signatures means the same as several envelopes with one each. Python's library cannot read an
#            envelope without keyid, and finds no key for an empty one, although it is given the right key; and it refuses an
#            envelope with two good signatures by one key. Go's and JavaScript's read all of them. URL-safe base64, which verifiers
#            must accept, is read by all with its padding; without it, which only RFC 4648's profiles allow, by JavaScript's alone.
# Output seen:
#   securesystemslib      keyid: good   no keyid: KeyError   empty keyid: refused   twice: ValueError   url-safe: good   unpadded: Error
#   go-securesystemslib   keyid: good   no keyid: good       empty keyid: good      twice: good         url-safe: good   unpadded: refused
#   @sigstore/bundle      keyid: good   no keyid: good       empty keyid: good      twice: good         url-safe: good   unpadded: good
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"

# The key pair of RFC 8037, appendix A. The payload has bytes in which the alphabets of base64 differ, and needs padding.
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @sigstore/bundle@4.0.0 @sigstore/core@3.2.1 >/dev/null
cat > seal.mjs <<'X'
import { createPrivateKey, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
const jwk = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" };
const key = createPrivateKey({ key: jwk, format: "jwk" });
const payloadType = "application/vnd.example+json";
const payload = Buffer.from('{"note":"why???>>>~~~"}');
const signature = sign(null, Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]), key);
const standard = (bytes) => bytes.toString("base64");
const urlSafe = (bytes) => standard(bytes).replaceAll("+", "-").replaceAll("/", "_");
const unpadded = (bytes) => bytes.toString("base64url");
const envelope = (base64, ...ids) => ({ payloadType, payload: base64(payload), signatures: ids.map((id) => ({ ...id, sig: base64(signature) })) });
const keyid = "k";
writeFileSync("envelopes.json", JSON.stringify({
  keyid: envelope(standard, { keyid }),
  "no keyid": envelope(standard, {}),
  "empty keyid": envelope(standard, { keyid: "" }),
  twice: envelope(standard, { keyid }, { keyid }),
  "url-safe": envelope(urlSafe, { keyid }),
  unpadded: envelope(unpadded, { keyid }),
}));
X
node seal.mjs

cat > open.mjs <<'X'
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { envelopeFromJSON } from "@sigstore/bundle";
import { dsse } from "@sigstore/core";
const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }, format: "jwk" });
const said = Object.entries(JSON.parse(readFileSync("envelopes.json", "utf8"))).map(([name, given]) => {
  try {
    const { payloadType, payload, signatures } = envelopeFromJSON(given);
    const signed = dsse.preAuthEncoding(payloadType, payload);
    return `${name}: ${signatures.every(({ sig }) => verify(null, signed, key, sig)) ? "good" : "refused"}`;
  } catch (error) { return `${name}: ${error.name}`; }
});
console.log("@sigstore/bundle  ", said.join("   "));
X

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check securesystemslib==1.6.0 cryptography==50.0.2
cat > open.py <<'X'
import base64, json
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey
public = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=").hex()
key = SSlibKey("k", "ed25519", "ed25519", {"public": public})
said = []
for name, given in json.load(open("envelopes.json")).items():
    try:
        Envelope.from_dict(given).verify([key], 1)
        said.append(f"{name}: good")
    except VerificationError: said.append(f"{name}: refused")
    except Exception as error: said.append(f"{name}: {type(error).__name__}")
print("securesystemslib  ", "   ".join(said))
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

type key struct{ public ed25519.PublicKey }

func (k key) KeyID() (string, error)   { return "k", nil }
func (k key) Public() crypto.PublicKey { return k.public }
func (k key) Verify(_ context.Context, data, signature []byte) error {
	if !ed25519.Verify(k.public, data, signature) {
		return errors.New("another signature")
	}
	return nil
}

func main() {
	text, err := os.ReadFile("envelopes.json")
	if err != nil {
		panic(err)
	}
	var envelopes map[string]*dsse.Envelope
	if err := json.Unmarshal(text, &envelopes); err != nil {
		panic(err)
	}
	public, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		panic(err)
	}
	verifier, err := dsse.NewEnvelopeVerifier(key{public})
	if err != nil {
		panic(err)
	}
	fmt.Print("go-securesystemslib")
	for _, name := range []string{"keyid", "no keyid", "empty keyid", "twice", "url-safe", "unpadded"} {
		said := "good"
		if _, err := verifier.Verify(context.Background(), envelopes[name]); err != nil {
			said = "refused"
		}
		fmt.Printf("   %s: %s", name, said)
	}
	fmt.Println()
}
X
export GOFLAGS='-mod=mod -modcacherw'
(cd go && go mod init finding && go get github.com/secure-systems-lab/go-securesystemslib@v0.11.1 && go build -o ../open-go .) >/dev/null 2>&1

seen=$(py/bin/python open.py; ./open-go; node open.mjs)
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
