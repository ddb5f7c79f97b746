#!/usr/bin/env bash
# Packages:  npm standardwebhooks 1.1.1, PyPI standardwebhooks 1.1.0
# Behaviour: verify() also parses the body, as JSON, and hands out what it has parsed. A body that is signed well and is no
#            JSON ends as the parser's error, which is none of verify's own and which a receiver that catches everything
#            answers like a wrong signature. An empty one is undefined in JavaScript and an error in Python. A whole number
#            beyond 2^53 is another number in JavaScript, although the text was verified byte by byte.
# Output seen:
#   npm 1.1.1    empty: undefined              plain text: SyntaxError       {"id":8202522731445525542}: 8202522731445526000
#   PyPI 1.1.0   empty: JSONDecodeError        plain text: JSONDecodeError   {"id":8202522731445525542}: 8202522731445525542
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

mkdir npm && npm install --silent --no-audit --no-fund --prefix npm standardwebhooks@1.1.1 >/dev/null
cat > npm/verify.cjs <<'X'
const { Webhook } = require("standardwebhooks");
const webhook = new Webhook("whsec_" + Buffer.alloc(32, 7).toString("base64"));
const now = new Date();
const said = ["", "paid", '{"id":8202522731445525542}'].map((body) => {
  const headers = {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(now / 1000)),
    "webhook-signature": webhook.sign("msg_1", now, body),
  };
  try {
    const got = webhook.verify(body, headers);
    return got === undefined ? "undefined" : String(got.id);
  } catch (error) {
    return error.constructor.name;
  }
});
console.log(said.join(" "));
X

python3 -m venv py && py/bin/pip install --quiet --disable-pip-version-check standardwebhooks==1.1.0
cat > verify.py <<'X'
import base64
from datetime import datetime, timezone
from standardwebhooks import Webhook
webhook = Webhook("whsec_" + base64.b64encode(bytes([7]) * 32).decode())
now = datetime.now(tz=timezone.utc)
said = []
for body in ["", "paid", '{"id":8202522731445525542}']:
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": webhook.sign("msg_1", now, body),
    }
    try:
        said.append(str(webhook.verify(body, headers)["id"]))
    except Exception as error:
        said.append(type(error).__name__)
print(*said)
X

in_node=$(node npm/verify.cjs)
in_python=$(py/bin/python verify.py)
echo "npm 1.1.1    empty, plain text, large number: $in_node"
echo "PyPI 1.1.0   empty, plain text, large number: $in_python"
[ "$in_node" = "undefined SyntaxError 8202522731445526000" ]
[ "$in_python" = "JSONDecodeError JSONDecodeError 8202522731445525542" ]
