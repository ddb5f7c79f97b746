#!/usr/bin/env bash
# Packages:  npm jose 6.2.17 and fast-jwt 6.3.6, PyPI PyJWT 2.15.1, jwcrypto 1.6.1 and joserfc 1.8.0,
#            Go github.com/go-jose/go-jose/v4 v4.1.9, github.com/golang-jwt/jwt/v5 v5.3.1, github.com/lestrrat-go/jwx/v3 v3.4.0
# Behaviour: RFC 9864 (October 2025) deprecates the algorithm name "EdDSA" of RFC 8037, and gives the same signature by the same key
#            the name "Ed25519". One would guess that a published key verifies tokens of both names. But two of eight verify a
#            token of the new name by a key whose JWK says EdDSA, and four by one whose JWK says Ed25519. go-jose, asked for
#            Ed25519, does not call it unknown: it calls the good signature an error in a cryptographic primitive, as it does
#            with a wrong one. PyJWT loads no JWK that says Ed25519 (its issue 1190). With the old name in both, all eight verify.
# Output seen (token by key; the key's "alg" is given after the slash, - for none; each caller allows the token's algorithm):
#   jose         EdDSA/EdDSA: good   Ed25519/EdDSA: refused   Ed25519/Ed25519: good      Ed25519/-: good
#   fast-jwt     EdDSA/EdDSA: good   Ed25519/EdDSA: refused   Ed25519/Ed25519: refused   Ed25519/-: refused
#   PyJWT        EdDSA/EdDSA: good   Ed25519/EdDSA: refused   Ed25519/Ed25519: refused   Ed25519/-: refused
#   jwcrypto     EdDSA/EdDSA: good   Ed25519/EdDSA: good      Ed25519/Ed25519: good      Ed25519/-: good
#   joserfc      EdDSA/EdDSA: good   Ed25519/EdDSA: refused   Ed25519/Ed25519: good      Ed25519/-: good
#   go-jose      EdDSA/EdDSA: good   Ed25519/EdDSA: refused   Ed25519/Ed25519: refused   Ed25519/-: refused
#   golang-jwt   EdDSA/EdDSA: good   Ed25519/EdDSA: refused   Ed25519/Ed25519: refused   Ed25519/-: refused
#   jwx          EdDSA/EdDSA: good   Ed25519/EdDSA: good      Ed25519/Ed25519: good      Ed25519/-: good
#   go-jose says: go-jose/go-jose: error in cryptographic primitive
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"

# The key pair of RFC 8037, appendix A. The same content is signed under both names.
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jose@6.2.17 fast-jwt@6.3.6 >/dev/null
cat > sign.mjs <<'X'
import { createPrivateKey, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
const jwk = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
const key = createPrivateKey({ key: { ...jwk, d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" }, format: "jwk" });
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const token = (alg) => {
  const signed = `${encoded({ alg, kid: "k" })}.${encoded({ sub: "order-1" })}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`;
};
const pairs = [["EdDSA", "EdDSA"], ["Ed25519", "EdDSA"], ["Ed25519", "Ed25519"], ["Ed25519", undefined]];
const cases = pairs.map(([alg, ofKey]) => ({ name: `${alg}/${ofKey ?? "-"}`, alg, token: token(alg), jwk: { ...jwk, kid: "k", alg: ofKey } }));
writeFileSync("cases.json", JSON.stringify(cases));
X
node sign.mjs

cat > verify.mjs <<'X'
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createVerifier } from "fast-jwt";
import { createLocalJWKSet, jwtVerify } from "jose";
const pem = (jwk) => createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
const ways = {
  jose: ({ token, jwk, alg }) => jwtVerify(token, createLocalJWKSet({ keys: [jwk] }), { algorithms: [alg] }),
  "fast-jwt": ({ token, jwk }) => createVerifier({ key: pem(jwk) })(token),
};
for (const [name, verify] of Object.entries(ways))
  for (const each of JSON.parse(readFileSync("cases.json", "utf8"))) {
    let said = "good";
    try { await verify(each); } catch { said = "refused"; }
    console.log(name, each.name, said);
  }
X

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check pyjwt==2.15.1 jwcrypto==1.6.1 joserfc==1.8.0 cryptography==50.0.2
cat > verify.py <<'X'
import json, warnings
import jwt
from joserfc import jwk as joserfc_jwk, jwt as joserfc_jwt
from jwcrypto import jwk as jwcrypto_jwk, jwt as jwcrypto_jwt
warnings.simplefilter("ignore")
ways = {
    "PyJWT": lambda e: jwt.decode(e["token"], jwt.PyJWK(e["jwk"]), algorithms=[e["alg"]]),
    "jwcrypto": lambda e: jwcrypto_jwt.JWT(jwt=e["token"], key=jwcrypto_jwk.JWK(**e["jwk"]), algs=[e["alg"]]),
    "joserfc": lambda e: joserfc_jwt.decode(e["token"], joserfc_jwk.import_key(e["jwk"]), algorithms=[e["alg"]]),
}
for name, verify in ways.items():
    for each in json.load(open("cases.json")):
        try: verify(each); said = "good"
        except Exception: said = "refused"
        print(name, each["name"], said)
X

mkdir go && cat > go/main.go <<'X'
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

type example struct {
	Name, Alg, Token string
	JWK              json.RawMessage `json:"jwk"`
}

func viaGoJose(e example) error {
	var key jose.JSONWebKey
	if err := json.Unmarshal(e.JWK, &key); err != nil {
		return err
	}
	signed, err := jose.ParseSigned(e.Token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(e.Alg)})
	if err != nil {
		return err
	}
	_, err = signed.Verify(key)
	return err
}

func viaGolangJWT(e example) error {
	var key struct{ X string }
	if err := json.Unmarshal(e.JWK, &key); err != nil {
		return err
	}
	bytes, err := base64.RawURLEncoding.DecodeString(key.X)
	if err != nil {
		return err
	}
	_, err = jwt.Parse(e.Token, func(*jwt.Token) (any, error) { return ed25519.PublicKey(bytes), nil }, jwt.WithValidMethods([]string{e.Alg}))
	return err
}

func viaJWX(e example) error {
	set, err := jwk.Parse([]byte(`{"keys":[` + string(e.JWK) + `]}`))
	if err != nil {
		return err
	}
	_, err = jws.Verify([]byte(e.Token), jws.WithKeySet(set, jws.WithInferAlgorithmFromKey(true)))
	return err
}

func main() {
	text, err := os.ReadFile("cases.json")
	if err != nil {
		panic(err)
	}
	var cases []example
	if err := json.Unmarshal(text, &cases); err != nil {
		panic(err)
	}
	for _, way := range []struct {
		name   string
		verify func(example) error
	}{{"go-jose", viaGoJose}, {"golang-jwt", viaGolangJWT}, {"jwx", viaJWX}} {
		for _, each := range cases {
			said := "good"
			if way.verify(each) != nil {
				said = "refused"
			}
			fmt.Println(way.name, each.Name, said)
		}
	}
	fmt.Fprintln(os.Stderr, "go-jose says:", viaGoJose(cases[2]))
}
X
export GOFLAGS='-mod=mod -modcacherw'
(cd go && go mod init finding && go get github.com/go-jose/go-jose/v4@v4.1.9 github.com/golang-jwt/jwt/v5@v5.3.1 \
  github.com/lestrrat-go/jwx/v3@v3.4.0 && go build -o ../verify-go .) >/dev/null 2>&1

lines() { # "library pair word", four for each library, into one line each
  awk '{ printf "%s", (NR % 4 == 1 ? sprintf("%-11s", $1) : "") sprintf("  %s: %s", $2, $3) (NR % 4 == 0 ? "\n" : "") }' | sed 's/  */ /g'
}
seen=$({ node verify.mjs; py/bin/python verify.py; ./verify-go 2>said; } | lines; cat said)
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(echo "$seen") || { echo "The behaviour has changed"; exit 1; }
