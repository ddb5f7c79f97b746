#!/usr/bin/env bash
# Package:   npm @paddle/paddle-node-sdk 3.10.0
# Behaviour: a good signature counts for five seconds, where most senders' libraries and the Standard Webhooks
#            specification allow five minutes. A delivery that waits longer in a queue or behind a proxy, or a server whose
#            clock is that much off, is refused, and looks like a wrong secret: isSignatureValid() just says false.
# Output seen:
#   signed 0 seconds ago: true    3 seconds: true    7 seconds: false    60 seconds: false
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

npm install --silent --no-audit --no-fund @paddle/paddle-node-sdk@3.10.0 >/dev/null
cat > run.mjs <<'X'
import { createHmac } from "node:crypto";
import { Paddle } from "@paddle/paddle-node-sdk";

const paddle = new Paddle("no key is needed");
const body = JSON.stringify({ event_id: "evt_1", event_type: "transaction.completed", data: { id: "txn_1" } });
const said = [];
for (const age of [0, 3, 7, 60]) {
  const time = Math.floor(Date.now() / 1000) - age;
  const mac = createHmac("sha256", "a secret").update(`${time}:${body}`).digest("hex");
  said.push(await paddle.webhooks.isSignatureValid(body, "a secret", `ts=${time};h1=${mac}`));
  console.log(`signed ${age} seconds ago: ${said.at(-1)}`);
}
process.exitCode = said.join() === "true,true,false,false" ? 0 : 1;
X
node run.mjs
