import { once } from "node:events";
import { flushCompileCache } from "node:module";
import { argv, hrtime, stdin, stdout } from "node:process";
import { DatabaseSync } from "node:sqlite";
import { KIND_TAG } from "../../src/approval/ids.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { evidenceTrail } from "../../src/evidence/trail.ts";
import { acquire, create, latentTags, request, rootTags, settle, suspend } from "./engine-requests.ts";

/**
 * A process to be killed: told to go, it opens the engine on the folder given and keeps it busy. Of each request that
 * was answered with success it prints a line, `id step time`, so that its reader knows what must survive; the time, in
 * nanoseconds since the machine started, is that of the answer. SIGTERM closes the engine. The third word is a manner:
 *
 * `early`: it lies, and prints the line before there is an answer.
 * `often`: SQLite copies its log back, and begins it again, hundreds of times more often than in the product.
 */
const [, , dataDir = "", life = "", manner = ""] = argv;
const DAY = 86_400_000;
const CLIENTS = 16;
/** Of a lease. On a busy machine this process may stand still for longer than the seconds that other tests give. */
const HOUR = 3_600_000;

// One that is killed writes nothing at its end, so what Node made of the sources is kept for the next one at once.
flushCompileCache();
// Started ahead of its time, while another has the folder.
await once(stdin, "data");
if (manner === "often") {
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function execOften(sql) {
    return exec.call(this, sql.replace("wal_autocheckpoint = 4000", "wal_autocheckpoint = 30"));
  };
}
const engine = openEngine({ dataDir, trail: evidenceTrail() });
process.once("SIGTERM", () => {
  void engine.close();
  process.exit();
});

async function must(id: string, step: string, envelope: Parameters<typeof engine.send>[0]): Promise<void> {
  if (manner === "early") await say(`${id} ${step}`);
  const { head, data } = await engine.send(envelope);
  if (head.status !== 200) throw new Error(`${id} ${step}: ${JSON.stringify(data)}`);
  if (manner !== "early") await say(`${id} ${step}`);
}

function say(line: string): Promise<unknown> {
  const at = hrtime.bigint();
  return new Promise((resolve) => stdout.write(`${line} ${at}\n`, resolve));
}

async function client(n: number): Promise<never> {
  for (let turn = 0; ; turn += 1) {
    const id = `w${life}-${n}-${turn}`;
    const latent = create(`${id}:0`, Date.now() + DAY, latentTags(`${id}:0`, id, { [KIND_TAG]: "ballot" }));
    await must(id, "created", create(id, Date.now() + DAY, rootTags(id, { [KIND_TAG]: "approval" })));
    await must(id, "acquired", acquire(id, 0, HOUR));
    await must(id, "fenced", request("task.fence", { id, version: 1, action: latent }));
    await must(id, "suspended", suspend(id, 1, [`${id}:0`]));
    await must(id, "decided", settle(`${id}:0`, "resolved", Buffer.from(id).toString("base64")));
    await must(id, "resumed", acquire(id, 1, HOUR));
    await must(id, "ended", request("task.fulfill", { id, version: 2, action: settle(id) }));
  }
}

await Promise.all(Array.from({ length: CLIENTS }, (_, n) => client(n)));
