#!/usr/bin/env bash
# Packages:  npm @restatedev/restate-server 1.7.12 with @restatedev/restate-sdk 1.17.2 (and node 26.10.0, which the SDK needs)
# Behaviour: POST /restate/awakeables/{id}/resolve answers 202, without a body, whatever becomes of it: to the answer that counts,
#            to a second and other one, to one after the invocation has ended or was killed, to a rejection after all of them,
#            and to an id that was never given out but has the right form. So a press that came too late looks like the one that
#            counted, and one cannot tell people whose it was. Only an id that cannot be read is refused (400).
# Output seen:
#   yes: 202   no: 202   outcome: "yes"   after the end: 202   reject after the end: 202
#   never given out: 202   after a kill: 202   not an id: 400
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @restatedev/restate-server@1.7.12 @restatedev/restate-sdk@1.17.2 node@26.10.0 >/dev/null
export PATH="$dir/node_modules/.bin:$PATH"
cat > try.mjs <<'X'
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import * as restate from "@restatedev/restate-sdk";

let given;
const asks = restate.service({
  name: "approval",
  handlers: {
    ask: async (ctx) => {
      const { id, promise } = ctx.awakeable();
      await ctx.run(() => { given = id; });
      return await promise;
    },
  },
});

const [service, ingress, admin, node] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
await restate.serve({ services: [asks], port: service });
const server = spawn("restate-server", ["--base-dir", "data", "--bind-ip", "127.0.0.1"], {
  stdio: "ignore",
  detached: true,
  env: {
    ...process.env,
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
    RESTATE_DISABLE_TELEMETRY: "true",
  },
});
process.on("exit", () => process.kill(-server.pid, "SIGKILL"));

await until(async () => (await fetch(`http://127.0.0.1:${admin}/health`)).ok);
await until(async () => (await post(admin, "/deployments", { uri: `http://127.0.0.1:${service}` })).status < 300);

const settle = async (id, how, value) => (await post(ingress, `/restate/awakeables/${id}/${how}`, value)).status;
const call = post(ingress, "/approval/ask", null);
const first = await until(() => given);
const yes = await settle(first, "resolve", "yes");
const no = await settle(first, "resolve", "no");
const outcome = await (await call).text();
console.log(
  `yes: ${yes}   no: ${no}   outcome: ${outcome}   after the end: ${await settle(first, "resolve", "yes")}` +
    `   reject after the end: ${await settle(first, "reject", "no")}`,
);

given = undefined;
const { invocationId } = await (await post(ingress, "/approval/ask/send", null)).json();
const second = await until(() => given);
await fetch(`http://127.0.0.1:${admin}/invocations/${invocationId}/kill`, { method: "PATCH" });
const attached = await fetch(`http://127.0.0.1:${ingress}/restate/invocation/${invocationId}/attach`);
if (attached.ok) throw new Error("not killed");
const never = first.replace(/^(sign_1.{6})(.)/, (_all, start, letter) => start + (letter === "A" ? "B" : "A"));
console.log(
  `never given out: ${await settle(never, "resolve", "yes")}   after a kill: ${await settle(second, "resolve", "yes")}` +
    `   not an id: ${await settle("sign_1no", "resolve", "yes")}`,
);
process.exit(0);

function post(port, path, body) {
  const headers = { "content-type": "application/json" };
  return fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}
async function until(found) {
  for (let tries = 0; tries < 600; tries += 1) {
    const is = await Promise.resolve().then(found).catch(() => undefined);
    if (is) return is;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("waited a minute");
}
function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
X
said=$(node try.mjs 2>err | grep -v '^\[restate\]' || { cat err >&2; false; }); echo "$said"
grep -qF 'yes: 202   no: 202   outcome: "yes"   after the end: 202   reject after the end: 202' <<<"$said"
grep -qF 'never given out: 202   after a kill: 202   not an id: 400' <<<"$said"
