#!/usr/bin/env bash
# Package:   npm @octokit/webhooks 14.2.0, GitHub's own library for its webhooks
# Behaviour: a webhook that is made with GitHub's defaults sends a form with the JSON in the field payload (content_type of
#            POST /repos/{owner}/{repo}/hooks in its REST API). The library answers 415 to it, and verifyAndReceive()
#            rejects the body as invalid JSON, though the signature over its bytes is good.
# Output seen:
#   application/json                    200 ok
#   application/x-www-form-urlencoded   415 {"error":"Unsupported \"Content-Type\" header value. Must be \"application/json\""}
#   verifyAndReceive of the form        good signature: true, then Invalid JSON
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

npm install --silent --no-audit --no-fund @octokit/webhooks@14.2.0 >/dev/null
cat > run.mjs <<'X'
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { createNodeMiddleware, Webhooks } from "@octokit/webhooks";

const secret = "a secret";
const signed = (body) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
const json = JSON.stringify({ ref: "refs/heads/main" });
const form = new URLSearchParams({ payload: json }).toString();

const webhooks = new Webhooks({ secret, log: { debug() {}, info() {}, warn() {}, error() {} } });
const server = createServer(createNodeMiddleware(webhooks, { path: "/" }));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const statuses = [];
for (const [type, body] of [["application/json", json], ["application/x-www-form-urlencoded", form]]) {
  const headers = {
    "content-type": type,
    "x-github-event": "push",
    "x-github-delivery": "d1",
    "x-hub-signature-256": signed(body),
  };
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, { method: "POST", headers, body });
  statuses.push(answer.status);
  console.log(type.padEnd(35), answer.status, (await answer.text()).trim());
}
server.close();
const isGood = await webhooks.verify(form, signed(form));
let said = "taken";
await webhooks
  .verifyAndReceive({ id: "d1", name: "push", payload: form, signature: signed(form) })
  .catch((error) => { said = error.message; });
console.log("verifyAndReceive of the form".padEnd(35), `good signature: ${isGood}, then ${said}`);
process.exitCode = statuses.join() === "200,415" && isGood && said === "Invalid JSON" ? 0 : 1;
X
node run.mjs
