/** The service is killed and started again: how long until a decision goes through its resumed workflow. */
import { setTimeout as pause } from "node:timers/promises";
import { LINK_VIEW_MS } from "../../../src/approval/approval.ts";
import { loadConfig } from "../../../src/config/config.ts";
import { loadTokenKeys } from "../../../src/config/keys.ts";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { type Bench, SEAMS } from "../lib/bench.ts";
import { short } from "../lib/figures.ts";
import { freePort, startService } from "../lib/service.ts";
import { HttpClient } from "../load/http-client.ts";
import type { Filled, FillReady } from "../servers/fill.ts";

const APPROVALS = 10_000;
const RESTARTS = 5;
/** Before the kill, so that the file is in the state that work leaves it in. */
const LOAD_CYCLES = 60;

interface Restart {
  readonly readyMs: number;
  readonly decidedMs: number;
}

export async function recovery(bench: Bench): Promise<void> {
  const dataDir = bench.folder();
  await using filler = await bench.start<FillReady>(import.meta.resolve("../servers/fill.ts"), { dataDir }, [
    SEAMS,
  ]);
  const filled: Filled[] = [];
  for (let n = 0; n <= RESTARTS; n++) {
    filled.push(await filler.call<Filled>("fill", Math.ceil(APPROVALS / (RESTARTS + 1))));
  }
  await filler.stop();
  const settings = {
    dataDir,
    port: await freePort(),
    enginePort: await freePort(),
    smtpUrl: await bench.smtpUrl(),
  };
  const links = linksIn(dataDir, `http://127.0.0.1:${settings.port}`);

  await using services = new AsyncDisposableStack();
  let service = services.use(startService(settings));
  await service.readyMs;
  const restarts: Restart[] = [];
  for (const some of filled.slice(1)) {
    await bench.load({ origin: service.url, cycle: "asked", users: 8, cycles: LOAD_CYCLES });
    await service.kill();
    const startedAt = performance.now();
    service = services.use(startService(settings));
    const [readyMs, decidedMs] = await Promise.all([
      service.readyMs,
      decided(service.url, links(some), some.someId).then((at) => at - startedAt),
    ]);
    restarts.push({ readyMs, decidedMs });
  }
  await service.stop();

  const decidedMs = restarts.map((restart) => restart.decidedMs);
  bench.report.table(
    `kill -9 with ${short(APPROVALS)} approvals pending, and started again, ${RESTARTS} times; from the restart command, ms`,
    ["", ""],
    [
      ["to ready", restarts.map(({ readyMs }) => readyMs)],
      ["to the first decision through its resumed workflow", decidedMs],
    ],
  );
  bench.report.figure("kill -9 to the first resumed decision", {
    values: decidedMs,
    unit: "ms",
    target: "≤ 500",
  });
}

/** Makes the links that approvers were mailed. */
function linksIn(dataDir: string, issuer: string): (some: Filled) => string {
  const keys = loadTokenKeys(loadConfig({ DATA_DIR: dataDir }, "gateway"));
  const tokens = createLinkTokens({ keys, issuer });
  return ({ someId: id, someBornAtMs: bornAtMs }) => {
    const recipient = tokens.recipientId(id, `${id}@example.com`);
    const claims = { pid: `${id}:1`, recipient, choice: "approve", gen: 0 } as const;
    return `/d/${tokens.issueLink({ ...claims, bornAtMs, expiresAtMs: bornAtMs + LINK_VIEW_MS })}`;
  };
}

/** Presses the link as soon as anybody listens; answers when the outcome was read. */
async function decided(origin: string, link: string, id: string): Promise<number> {
  const client = await patiently(() => HttpClient.open(origin));
  const pressed = await client.post(link, "confirm=yes&comment=", "application/x-www-form-urlencoded");
  const outcome = await client.get(`/wait?id=${id}`, "Prefer: wait=60\r\n");
  const at = performance.now();
  client.close();
  if (pressed.status !== 303 || !outcome.body.includes('"outcome":"approved"')) {
    throw new Error(`The decision did not go through: ${pressed.status} ${outcome.body}`);
  }
  return at;
}

/** Tries until it works; a service that never comes up fails by its own exit. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      await pause(2);
    }
  }
}
