/**
 * What is secret stays out of the logs: a whole story, with everything that goes wrong in it, is lived through at the
 * most talkative level, and then all that any process has said is searched for every secret, token and address of it.
 */
import { createHmac, randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-keys.ts";
import { eventually } from "../support/eventually.ts";
import { call, post } from "../support/http.ts";
import { press, pressAtOnce } from "../support/press.ts";
import { startReceiver } from "../support/receiver.ts";
import { startRelay } from "../support/relay.ts";
import { RESONATE_URL } from "../support/resonate-server.ts";
import { newId, openSite } from "../support/site.ts";

/** A text that stands nowhere else. */
const marker = () => `m${randomBytes(15).toString("hex")}`;

test("a whole story leaves no secret, token, address or comment in any log", async () => {
  const secrets = new Map<string, string>();
  const secret = (name: string, text: string = marker()): string => {
    secrets.set(name, text);
    return text;
  };
  const address = (name: string) => secret(`address of ${name}`, `${marker()}@example.com`);
  const [ana, bo, kim, lost] = [address("ana"), address("bo"), address("kim"), address("lost")];

  await using relay = await startRelay({
    // Relays repeat the address in what they say.
    rcpt: (to) => (to === lost ? { code: 550 } : "accept"),
  });
  await using receiver = await startReceiver((n) => (n === 1 ? 500 : 204));
  const hookSecret = secret("webhook");
  const callbackSecret = `whsec_${Buffer.from(secret("callback")).toString("base64")}`;
  secrets.set("callback in base64", callbackSecret.slice(6));
  const sources = `sources:\n  acme:\n    scheme: hmac\n    secrets: [{ env: ACME_SECRET }]\n    header: x-acme-signature\n    encoding: hex\n    signed: "{body}"\n    promise: "\${order}"\n`;
  await using site = await openSite({
    relay,
    env: {
      LOG_LEVEL: "trace",
      CALLBACK_ALLOW: `127.0.0.1:${receiver.port}`,
      CALLBACK_SECRETS: callbackSecret,
      CALLBACK_RETRIES: "1s,1s",
    },
  });
  const webhooksFile = join(site.dataDir, "webhooks.yaml");
  await writeFile(webhooksFile, sources);
  const gatewayEnv = { WEBHOOKS_FILE: webhooksFile, ACME_SECRET: hookSecret };
  const store = { file: join(site.dataDir, "api-keys.json"), clock: Date.now };
  const { text: key } = await createKey(store, { client: "ops", scopes: ["admin"] });
  const { text: weak } = await createKey(store, { client: "weak", scopes: ["approvals:read"] });
  secret("key", key.slice(13));
  secret("key without the scope", weak.slice(13));
  const wrong = `apv_abcdefgh_${secret("wrong key", randomBytes(32).toString("base64url"))}`;

  const parts = await site.startParts({ gateways: 0, workers: 0 });
  const gateway = await site.start("gateway", gatewayEnv);
  // A worker whose relay is not there.
  const smtp = new URL("smtp://127.0.0.1:1");
  smtp.username = secret("SMTP user");
  smtp.password = secret("SMTP password");
  const barred = await site.start("worker", { SMTP_URL: smtp.href });
  const api = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    post(`${gateway.url}${path}`, body, { authorization: `Bearer ${key}`, ...headers });

  const comment = secret("comment");
  const id = newId("logs");
  const request = {
    id,
    title: "Order 40 laptops",
    summary: secret("summary"),
    requester: kim,
    approvers: [ana, { email: bo, name: secret("name") }, lost],
    require: "all",
    callbackUrl: `http://127.0.0.1:${receiver.port}/hook?token=${secret("callback's query")}`,
    metadata: { note: secret("metadata") },
  };
  expect((await api("/approvals", { ...request, id: `${id}-b` })).status).toBe(202);
  await eventually("a mail could not be handed over", async () => {
    const headers = { authorization: `Bearer ${key}` };
    return (await call(`${gateway.url}/approvals/${id}-b`, { headers })).text.includes('"status":"deferred"');
  });
  await barred.stop();
  // This one's relay is, and asks for no login.
  const login = new URL(relay.url);
  login.username = smtp.username;
  login.password = smtp.password;
  const worker = await site.start("worker", { SMTP_URL: login.href });

  expect((await api("/approvals", request)).status).toBe(202);
  const toAna = await relay.mailTo(ana, id);
  const toBo = await relay.mailTo(bo, id);
  for (const [who, mail] of [
    ["ana", toAna],
    ["bo", toBo],
  ] as const) {
    for (const [choice, link] of Object.entries(mail.links)) {
      const token = secret(`link of ${who} to ${choice}`, new URL(link).pathname.slice(3));
      secrets.set(`signature of ${who} to ${choice}`, token.split(".")[2] ?? "");
    }
  }
  // Everything that is refused, and what is not.
  await call(toAna.links.approve);
  const pressed = await press(toAna.links.approve, { comment });
  expect(pressed.effective).toBe(true);
  secret("receipt", new URL(pressed.url).pathname.slice(3));
  await pressAtOnce(toAna.links.reject, { comment: secret("late comment") });
  await call(`${gateway.url}/d/${toAna.links.approve.split("/d/")[1]?.slice(0, -4)}AAAA`);
  await call(`${toBo.links.approve}%`);
  await post(`${gateway.url}/approvals`, request, { authorization: `Bearer ${wrong}` });
  await post(`${gateway.url}/approvals`, request, {
    authorization: `Bearer ${weak}`,
    cookie: `session=${secret("cookie")}`,
  });
  await api("/approvals", { ...request, approvers: [`${secret("no address")}@`] });
  await api("/approvals", {
    ...request,
    id: `${id}-u`,
    callbackUrl: `http://${secret("userinfo")}:pw@127.0.0.1:${receiver.port}/`,
  });
  await call(`${gateway.url}/approvals`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: `{"broken": ${secret("broken body")}`,
  });
  await call(`${gateway.url}/wait?id=${id}&access_token=${secret("token in the address")}`);
  await api(`/begin?id=${id}-w&func=greet`, secret("argument"));
  await api(`/approvals/${id}/ballots/2/decide`, { choice: "reject", comment: secret("comment by program") });
  const body = JSON.stringify({ order: "nobody", note: secret("webhook's body") });
  const mac = secret("webhook's signature", createHmac("sha256", hookSecret).update(body).digest("hex"));
  for (const signature of [mac, mac.replace(/^../, "00")]) {
    const headers = { "content-type": "application/json", "x-acme-signature": signature };
    await call(`${gateway.url}/webhooks/acme`, { method: "POST", headers, body });
  }
  await post(`${gateway.url}/callbacks/${secret("callback token", `eyJ.${marker()}.${marker()}`)}`, {});
  const ended = await eventually("it has ended", async () => {
    const headers = { authorization: `Bearer ${key}`, prefer: "wait=20" };
    const waited = (await call(`${gateway.url}/wait?id=${id}`, { headers })).json();
    return waited["status"] !== "pending" && waited;
  });
  expect(ended).toMatchObject({ status: "resolved", result: { outcome: "rejected" } });
  expect((await api(`/approvals/${id}/cancel`, {})).status).toBe(409);
  await eventually("the receiver was told of the end", () => receiver.ofType("approval.decided").length > 0);
  for (const { headers } of receiver.requests) {
    secret("callback's signature", String(headers["webhook-signature"]).slice(3));
  }

  if (RESONATE_URL === undefined) {
    secret("engine's token", (await readFile(join(site.dataDir, "engine.token"), "utf8")).trim());
  }
  const tokenKeys = (await readFile(join(site.dataDir, "token-keys"), "utf8")).trim();
  secret("link key", tokenKeys.slice(tokenKeys.indexOf(":") + 1));

  const signingKeys = (await readFile(join(site.dataDir, "signing-keys"), "utf8")).trim();
  for (const entry of signingKeys.split(",")) secret("signing key", entry.slice(entry.indexOf(":") + 1));

  const services = [gateway, barred, worker, ...(parts.engine ? [parts.engine] : [])];
  for (const service of [worker, gateway, parts.engine]) await service?.stop();
  const audit = await auditIn(join(site.dataDir, "audit"));
  const said = [...services.map((service) => service.said), audit].join("\n");
  const found = [...secrets].filter(
    ([, text]) => said.includes(text) || said.includes(encodeURIComponent(text)),
  );
  expect(found.map(([name]) => name)).toEqual([]);
  // The search could have found something: what is no secret is there.
  for (const text of [
    id,
    `key:${key.slice(4, 12)}`,
    `key:${weak.slice(4, 12)}`,
    "link refused",
    "webhook refused",
    "/d/:token",
  ]) {
    expect(said).toContain(text);
  }
  expect(secrets.size).toBeGreaterThan(25);

  // Who did or tried what is all on record, what was too late and what was refused included.
  const entries = audit
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string>);
  const told = new Set(
    entries.map(({ who, what, outcome }) => `${who?.replace(/:[\w-]{20,}$/, ":…")} ${what} ${outcome}`),
  );
  const byKey = `key:${key.slice(4, 12)}`;
  for (const line of [
    `${byKey} request pending`,
    `${byKey} begin pending`,
    `${byKey} decide stored`,
    `${byKey} cancel too late`,
    "approver:… decide stored",
    "approver:… decide too late",
    "webhook:acme refused signature: signature",
    "anyone refused unauthenticated",
    `key:${weak.slice(4, 12)} refused forbidden`,
  ]) {
    expect([...told]).toContain(line);
  }
  expect([...told].join("\n")).toMatch(/^anyone refused link: /m);
  expect([...told].join("\n")).toMatch(/^anyone refused callback URL: /m);
  const effective = entries.find(({ what, outcome }) => what === "decide" && outcome === "stored");
  expect(effective).toMatchObject({ about: `${id}:1`, choice: "approve", nonce: expect.any(String) });
});

/** Everything on record, of all days. */
async function auditIn(folder: string): Promise<string> {
  const files = (await readdir(folder)).sort();
  return (await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")))).join("");
}
