#!/usr/bin/env bash
# Packages:  npm standardwebhooks 1.1.1, PyPI standardwebhooks 1.1.0: the libraries of the specification's own project
# Behaviour: the Standard Webhooks specification has two kinds of signatures: v1 (HMAC-SHA256) and v1a (Ed25519, with keys whsk_ and
#            whpk_). These libraries know v1 alone. They refuse a delivery that is signed by v1a only, whatever key they are given:
#            npm as one without a matching signature, PyPI the same. A public key is taken as if it were a shared secret.
#            With both signatures in the header, they verify v1 and skip the other.
# Output seen:
#   npm    v1 and v1a: verified   v1a alone, by the public key: No matching signature found
#   PyPI   v1 and v1a: verified   v1a alone, by the public key: No matching signature found
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm install --silent --no-audit --no-fund --prefix . standardwebhooks@1.1.1 >/dev/null
python3 -m venv venv; venv/bin/pip install --quiet --disable-pip-version-check standardwebhooks==1.1.0
cat > sign.mjs <<'X'
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const shared = Buffer.alloc(32, 7);
const [id, timestamp, body] = ["msg_1", String(Math.floor(Date.now() / 1000)), '{"test":1}'];
const content = `${id}.${timestamp}.${body}`;
console.log(JSON.stringify({
  id, timestamp, body,
  secret: `whsec_${shared.toString("base64")}`,
  publicKey: publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64"),
  v1: `v1,${createHmac("sha256", shared).update(content).digest("base64")}`,
  v1a: `v1a,${sign(undefined, Buffer.from(content), privateKey).toString("base64")}`,
}));
X
node sign.mjs > signed.json
cat > try.mjs <<'X'
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";
const { id, timestamp, body, secret, publicKey, v1, v1a } = JSON.parse(readFileSync("signed.json", "utf8"));
const said = (key, signature) => {
  try {
    new Webhook(key).verify(body, { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature });
    return "verified";
  } catch (error) { return error.message; }
};
console.log(`npm    v1 and v1a: ${said(secret, `${v1} ${v1a}`)}   v1a alone, by the public key: ${said(publicKey, v1a)}`);
X
cat > try.py <<'X'
import json
from standardwebhooks.webhooks import Webhook
s = json.load(open("signed.json"))
def said(key, signature):
    try:
        Webhook(key).verify(s["body"], {"webhook-id": s["id"], "webhook-timestamp": s["timestamp"], "webhook-signature": signature})
        return "verified"
    except Exception as error:
        return str(error)
print(f'PyPI   v1 and v1a: {said(s["secret"], s["v1"] + " " + s["v1a"])}   v1a alone, by the public key: {said(s["publicKey"], s["v1a"])}')
X
said=$(node try.mjs; venv/bin/python try.py); echo "$said"
grep -q '^npm    v1 and v1a: verified   v1a alone, by the public key: No matching signature found$' <<<"$said"
grep -q '^PyPI   v1 and v1a: verified   v1a alone, by the public key: No matching signature found$' <<<"$said"
