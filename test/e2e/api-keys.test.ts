/** Keys are made, rotated and revoked in their file while calls run through two gateways that nobody tells. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { revokeKey, rotateKey } from "../../src/auth/manage-keys.ts";
import { untilPasses } from "../support/eventually.ts";
import { call, post } from "../support/http.ts";
import { ROOT } from "../support/service-process.ts";
import { newId, openSite, type Site } from "../support/site.ts";

const run = promisify(execFile);

interface Key {
  readonly id: string;
  readonly key: string;
}

async function keys(site: Site, ...args: string[]): Promise<Key> {
  const env = { PATH: process.env["PATH"], ...site.env };
  const { stdout } = await run(process.execPath, [join(ROOT, "src/cli/countersign.js"), "keys", ...args], {
    env,
  });
  return JSON.parse(stdout) as Key;
}

test("rotation and revocation while calls run: no valid call fails, no revoked call passes", async () => {
  await using site = await openSite();
  const { gateways } = await site.startParts({ gateways: 2, workers: 1 });
  const urls = gateways.map(({ url }) => url);
  const status = async (url: string, key?: string) =>
    (
      await call(
        `${url}/wait?id=any`,
        key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } },
      )
    ).status;

  // Until the first key is made, the machine's own programs need none.
  for (const url of urls) expect(await status(url)).toBe(404);
  let current = await keys(site, "create", "--name", "traffic", "--scope", "workflows:begin,workflows:read");
  for (const url of urls) expect(await status(url)).toBe(401);

  // As the command does it, without the time that a process takes to start.
  const store = { file: join(site.dataDir, "api-keys.json"), clock: Date.now };
  const failures: string[] = [];
  let calls = 0;
  const over = new AbortController();
  const caller = async (n: number): Promise<void> => {
    while (!over.signal.aborted) {
      const key = current;
      const url = urls[(calls += 1) % urls.length]!;
      const headers = { authorization: `Bearer ${key.key}` };
      const answer = await post(`${url}/begin?id=${newId(`keys-${n}`)}&func=greet`, "World", headers);
      if (answer.status !== 200) failures.push(`${key.id}: ${answer.status} ${answer.text}`);
    }
  };
  const callers = Array.from({ length: 4 }, (_, n) => caller(n));

  const revoked: Key[] = [];
  for (let rotation = 0; rotation < 5; rotation++) {
    const old = current;
    const rotated = await rotateKey(store, old.id);
    const next = { id: rotated.stored.id, key: rotated.text };
    for (const url of urls) expect(await status(url, next.key), "the new key works at once").toBe(404);
    for (const url of urls) expect(await status(url, old.key), "the old one still does").toBe(404);
    current = next;
    const sent = calls;
    // Every caller has taken up the new key when each has begun a call after the change and ended it.
    await expect.poll(() => calls).toBeGreaterThan(sent + 2 * callers.length);
    await revokeKey(store, old.id);
    revoked.push(old);
    for (const { key } of revoked) for (const url of urls) expect(await status(url, key)).toBe(401);
  }
  over.abort();
  await Promise.all(callers);
  expect(failures).toEqual([]);
  expect(calls).toBeGreaterThan(50);

  const list = (await keys(site, "list")) as unknown as { keys: Record<string, unknown>[] };
  expect(list.keys.map(({ lastUsedAt }) => lastUsedAt)).toEqual(Array(6).fill(expect.any(String)));
  expect(list.keys.filter(({ revokedAt }) => revokedAt === null).map(({ id }) => id)).toEqual([current.id]);
});

test("with a key a gateway may be reached from elsewhere, and without one it does not start there", async () => {
  await using site = await openSite({
    env: { SMTP_URL: "smtp://127.0.0.1:1", MAIL_FROM: "approvals@countersign.example", HOST: "0.0.0.0" },
  });
  await expect(site.start("all")).rejects.toThrow("HOST is 0.0.0.0: without API keys");
  const { key } = await keys(site, "create", "--name", "ops", "--scope", "admin");
  await using service = await site.start("all", { DRAIN_DELAY_MS: "0" });
  const { port } = new URL(service.url);
  const url = `http://127.0.0.1:${port}`;
  // A neighbour's name for it, which the loopback would refuse.
  const host = { host: "countersign.internal" };
  expect((await call(`${url}/wait?id=x`, { headers: host })).status).toBe(401);
  const headers = { ...host, authorization: `Bearer ${key}` };
  expect((await call(`${url}/wait?id=x`, { headers })).status).toBe(404);
  // An engine that takes two seconds to answer is not ready.
  await untilPasses(async () => expect((await call(`${url}/readyz`, { headers: host })).status).toBe(200));
  expect((await call(`${url}/mailbox`, { headers: host })).status).toBe(404);
});
