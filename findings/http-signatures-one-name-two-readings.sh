#!/usr/bin/env bash
# Packages:  npm http-message-signatures 1.0.6 and PyPI http-message-signatures 3.0.0, two libraries of one name for RFC 9421
# Behaviour: requests that are signed by one Ed25519 key as the RFC says (the signature bases are written out below). The npm library
#            refuses one that covers a query parameter with ! ' ( ) or ~ in its value: §2.2.8 encodes these, as HTML forms do, and
#            encodeURIComponent does not. What it signs itself, it verifies. The PyPI library refuses a signature without `created`,
#            and one with a parameter that it does not know; §2.3 makes the first optional and allows others. Both refuse a method
#            in lower case, which is not changed (§2.2.1): the npm library because it makes it upper case.
# Output seen:
#   npm    example B.2.6: good   total=40: good   total=(40): refused   method purge: refused   no created: good      another parameter: good
#   PyPI   example B.2.6: good   total=40: good   total=(40): good      method purge: refused   no created: refused   another parameter: refused
set -euo pipefail
said=$(sed -n '/^# Output seen/,/^set/s/^#   //p' "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

npm init -y >/dev/null
npm install --silent --no-audit --no-fund http-message-signatures@1.0.6 >/dev/null
# The first is the RFC's own, with its key and signature; the others are signed here with the key pair of RFC 8037, appendix A.
cat > sign.mjs <<'X'
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
const rfc8037 = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
const key = createPrivateKey({ key: { ...rfc8037, d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" }, format: "jwk" });
const pem = (jwk) => createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
const signed = (name, { method = "GET", query = "", input, base }) => {
  const bytes = Buffer.from(`${base}\n"@signature-params": ${input}`);
  const headers = { "Signature-Input": `sig=${input}`, Signature: `sig=:${sign(null, bytes, key).toString("base64")}:` };
  return { name, method, url: `https://example.com/orders${query}`, headers, key: pem(rfc8037) };
};
const parameters = ';created=1618884473;keyid="k"';
writeFileSync("requests.json", JSON.stringify([
  {
    name: "example B.2.6",
    method: "POST",
    url: "https://example.com/foo?param=Value&Pet=dog",
    key: pem({ kty: "OKP", crv: "Ed25519", x: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs" }),
    headers: {
      Date: "Tue, 20 Apr 2021 02:07:55 GMT",
      "Content-Type": "application/json",
      "Content-Length": "18",
      "Signature-Input": 'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
      Signature: "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
    },
  },
  signed("total=40", { query: "?total=40", input: `("@query-param";name="total")${parameters}`, base: '"@query-param";name="total": 40' }),
  signed("total=(40)", { query: "?total=(40)", input: `("@query-param";name="total")${parameters}`, base: '"@query-param";name="total": %2840%29' }),
  signed("method purge", { method: "purge", input: `("@method")${parameters}`, base: '"@method": purge' }),
  signed("no created", { input: '("@method");keyid="k"', base: '"@method": GET' }),
  signed("another parameter", { input: `("@method")${parameters};part="a"`, base: '"@method": GET' }),
]));
X
node sign.mjs

cat > verify.mjs <<'X'
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import messageSignatures from "http-message-signatures";
const said = [];
for (const { name, key, ...request } of JSON.parse(readFileSync("requests.json", "utf8"))) {
  const keyLookup = async () => ({ verify: async (data, signature) => verify(null, data, createPublicKey(key), signature) });
  const isGood = await messageSignatures.httpbis.verifyMessage({ keyLookup }, request).catch(() => false);
  said.push(`${name}: ${isGood === true ? "good" : "refused"}`);
}
console.log("npm  ", said.join("   "));
X

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check http-message-signatures==3.0.0 cryptography==50.0.2
cat > verify.py <<'X'
import datetime, json
from types import SimpleNamespace
from http_message_signatures import HTTPMessageSignaturesException, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
class Always(HTTPSignatureKeyResolver):
    def __init__(self, key): self.key = key.encode()
    def resolve_public_key(self, key_id): return self.key
said = []
for request in json.load(open("requests.json")):
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Always(request["key"]))
    message = SimpleNamespace(method=request["method"], url=request["url"], headers=request["headers"])
    try:
        verifier.verify(message, max_age=datetime.timedelta(days=36500))
        said.append(f"{request['name']}: good")
    except HTTPMessageSignaturesException: said.append(f"{request['name']}: refused")
print("PyPI ", "   ".join(said))
X

seen=$(node verify.mjs; py/bin/python verify.py)
echo "$seen"
diff <(sed 's/  */ /g' <<<"$said") <(sed 's/  */ /g' <<<"$seen") || { echo "The behaviour has changed"; exit 1; }
