/** A real filesystem that is really full, or read-only: refusals that say so, nothing in part, and all goes on afterwards. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { PROTOCOL_VERSION } from "../../src/protocol/records.ts";
import { Api } from "../support/api.ts";
import { countersign } from "../support/cli.ts";
import { post } from "../support/http.ts";
import { freePort } from "../support/ports.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { ServiceProcess } from "../support/service-process.ts";
import { type SmallDisk, smallDisk } from "../support/small-disk.ts";

const WIDE = "x".repeat(20_000);
const ROOM_MB = 3;
/** Results need room, too, and the log is copied back only at 16 MB. */
const ROOMY_MB = 64;

test("the engine on a disk that is full: 503, whole or not at all, killed and started again, and on when there is room", async (ctx) => {
  needsEmbeddedEngine(ctx, "its disk is what is full");
  await using disk = await mountedFor(ctx);
  const filler = await leaveRoom(disk, 2 * ROOM_MB);
  const env = { DATA_DIR: disk.folder, ENGINE_PORT: String(await freePort()) };
  const known = { acknowledged: [] as string[], refused: [] as string[] };

  const first = await ServiceProcess.start("engine", env, disk.within);
  await fill(first, disk, known);
  expect(known.acknowledged.length).toBeGreaterThan(10);
  await expectTruth(first, disk, known);
  await first.killHard();

  await using second = await ServiceProcess.start("engine", env, disk.within);
  await expectTruth(second, disk, known);
  await fill(second, disk, known);
  await expectTruth(second, disk, known);

  await rm(filler);
  const refused = known.refused.splice(0);
  for (const id of refused) expect(await statusOf(second, disk, "promise.create", wide(id))).toBe(200);
  known.acknowledged.push(...refused);
  await expectTruth(second, disk, known);
  expect([...first.problems(), ...second.problems()]).toEqual([]);
  console.log(
    `disk of ${2 * ROOM_MB} MB: ${refused.length} refused while it was full, all ${known.acknowledged.length} there afterwards`,
  );
});

test("everything in one process on a disk that is full: 503, what was begun can be read, and all of it ends when there is room", async (ctx) => {
  needsEmbeddedEngine(ctx, "its disk is what is full");
  await using disk = await mountedFor(ctx, ROOMY_MB);
  const filler = await leaveRoom(disk, ROOMY_MB);
  const port = await freePort();
  await using service = await ServiceProcess.start(
    "all",
    {
      DATA_DIR: disk.folder,
      PORT: String(port),
      ENGINE_PORT: String(await freePort()),
      MAILBOX_PORT: String(await freePort()),
      // What could not be written down when the disk was full is done anew after this time.
      WORKER_LEASE_MS: "1000",
    },
    disk.within,
  );
  const api = new Api(service.url);
  const [begun, refused]: [string[], string[]] = [[], []];
  while (refused.length < 10) {
    const id = `w${begun.length + refused.length}`;
    const { status, text } = await api.beginRaw(id, WIDE, { func: "greet" });
    expect([200, 503]).toContain(status);
    if (status === 503) expect(text).toContain("/problems/engine-unavailable");
    (status === 200 ? begun : refused).push(id);
  }
  expect(begun.length).toBeGreaterThan(5);
  for (const id of begun) expect([id, (await api.waitRaw(id)).status]).toEqual([id, 200]);
  for (const id of refused) expect([id, (await api.waitRaw(id)).status]).toEqual([id, 404]);

  await rm(filler);
  for (const id of refused) await api.begin(id, WIDE, { func: "greet" });
  for (const id of [...begun, ...refused]) expect(await api.ended(id)).toMatchObject({ status: "resolved" });
  expect(await findings(disk)).toEqual([]);
  expect(service.problems()).toEqual([]);
});

test("the engine on a read-only disk: does not start, says why, and starts when it can write", async (ctx) => {
  needsEmbeddedEngine(ctx, "its disk is what is read-only");
  await using disk = await mountedFor(ctx);
  const env = { DATA_DIR: disk.folder, ENGINE_PORT: String(await freePort()) };
  const known = { acknowledged: ["a"], refused: [] };
  const before = await ServiceProcess.start("engine", env, disk.within);
  expect(await statusOf(before, disk, "promise.create", wide("a"))).toBe(200);
  await before.killHard();

  await disk.remount("ro");
  const refused = ServiceProcess.start("engine", env, disk.within);
  await expect(refused).rejects.toThrow(`Cannot open the engine: ${disk.folder} cannot be written: EROFS`);
  await expect(refused).rejects.not.toThrow(/ {4}at [a-z]+ /u);

  await disk.remount("rw");
  await using after = await ServiceProcess.start("engine", env, disk.within);
  await expectTruth(after, disk, known);
  expect(await statusOf(after, disk, "promise.create", wide("b"))).toBe(200);
});

/** Ends the test here, visibly, where no filesystem can be mounted. */
async function mountedFor(ctx: TestContext, megabytes = 2 * ROOM_MB): Promise<SmallDisk> {
  const disk = await smallDisk(megabytes);
  if (typeof disk !== "string") return disk;
  console.log(
    `skipped: "${ctx.task.name}": ${disk}; test/unit/engine/commit/disk.test.ts shows it on a disk that SQLite takes for one`,
  );
  return ctx.skip(disk);
}

/** Fills the disk but for a few MB; answers the file to delete when there is to be room again. */
async function leaveRoom(disk: SmallDisk, megabytes: number): Promise<string> {
  const filler = join(disk.seen, "filler");
  await writeFile(filler, Buffer.alloc((megabytes - ROOM_MB) * 1024 * 1024, 1));
  return filler;
}

interface Known {
  readonly acknowledged: string[];
  readonly refused: string[];
}

/** Four at a time, until twenty in a row were refused. */
async function fill(
  engine: ServiceProcess,
  disk: SmallDisk,
  { acknowledged, refused }: Known,
): Promise<void> {
  for (let round = 0, full = 0; full < 5; round += 1) {
    const ids = Array.from({ length: 4 }, (_, n) => `${engine.pid}-${round}-${n}`);
    const statuses = await Promise.all(ids.map((id) => statusOf(engine, disk, "promise.create", wide(id))));
    for (const [at, status] of statuses.entries()) {
      expect([200, 503]).toContain(status);
      (status === 200 ? acknowledged : refused).push(ids[at] ?? "");
    }
    full = statuses.every((status) => status === 503) ? full + 1 : 0;
  }
}

/** What was acknowledged is there, what was refused is not, and nothing is broken. */
async function expectTruth(
  engine: ServiceProcess,
  disk: SmallDisk,
  { acknowledged, refused }: Known,
): Promise<void> {
  for (const [ids, status] of [
    [acknowledged, 200],
    [refused, 404],
  ] as const) {
    for (const id of ids)
      expect([id, await statusOf(engine, disk, "promise.get", { id })]).toEqual([id, status]);
  }
  expect(await findings(disk)).toEqual([]);
}

/** All that `countersign doctor` has to say. */
async function findings({ folder, within }: SmallDisk): Promise<unknown> {
  const { stdout } = await countersign(["doctor", "--json"], { DATA_DIR: folder }, within);
  return (JSON.parse(stdout) as { findings: unknown }).findings;
}

function wide(id: string): object {
  const tags = {
    "resonate:origin": id,
    "resonate:branch": id,
    "resonate:parent": id,
    "resonate:target": "poll://any@worker",
  };
  return { id, timeoutAt: Date.now() + 3_600_000, param: { headers: {}, data: WIDE }, tags };
}

async function statusOf(
  engine: ServiceProcess,
  disk: SmallDisk,
  kind: string,
  data: object,
): Promise<number> {
  const auth = (await readFile(join(disk.seen, "engine.token"), "utf8")).trim();
  const answer = await post(String(engine.ready["engine"]), {
    kind,
    head: { corrId: "disk", version: PROTOCOL_VERSION, auth },
    data,
  });
  return answer.status;
}
