/**
 * Runs the processes of a release in every state of an approval that an update can meet, kills them there, and keeps what
 * its engine has stored. See `record.sh`.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Columns, PROMISE_COLUMNS, promiseFromColumns } from "../../src/engine/store/rows.ts";
import { Api } from "../support/api.ts";
import { openLeftBehind } from "../support/engine-file.ts";
import { startEngineProxy } from "../support/engine-proxy.ts";
import { snapshotOf } from "../support/engine-snapshot.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { pressAtOnce } from "../support/press.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { ServiceProcess } from "../support/service-process.ts";
import { fileOf, type History, KEY } from "./history.ts";

const ANA = "ana@example.com";
const BO = "bo@example.com";

interface Stage {
  readonly api: Api;
  readonly relay: Relay;
  readonly id: string;
  readonly worker: ServiceProcess;
  ask(request: Readonly<Record<string, unknown>>): Promise<void>;
  /** Waits until the workflow has come to rest since this was last awaited. */
  rests(): Promise<void>;
}

/** Each goes to the state that it is named for. */
const STATES: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  async pending({ ask, rests }) {
    await ask({ approvers: [ANA, BO] });
    await rests();
  },
  async "half-decided"({ ask, rests, relay, id }) {
    await ask({ approvers: [ANA, BO], require: "all" });
    await rests();
    await pressAtOnce((await relay.mailTo(ANA, id)).links.approve);
    await rests();
  },
  async "half-decided-with-callbacks"({ ask, rests, relay, id }) {
    await ask({ approvers: [ANA, BO], require: "all", callbackUrl: "https://hooks.example.com/approvals" });
    await rests();
    await pressAtOnce((await relay.mailTo(ANA, id)).links.approve);
    await rests();
  },
  /** A press that no worker has seen. */
  async "pressed-in-between"({ ask, rests, relay, id, worker }) {
    await ask({ approvers: [ANA, BO] });
    await rests();
    const { links } = await relay.mailTo(ANA, id);
    await worker.killHard();
    await pressAtOnce(links.reject);
  },
  /** A cancellation that no worker has seen. */
  async "cancelled-in-flight"({ ask, rests, api, id, worker }) {
    await ask({ approvers: [ANA, BO] });
    await rests();
    await worker.killHard();
    await api.cancelRaw(id, "no longer needed");
  },
  /** One mail is out, the other was put off by the relay. */
  async "mail-retry"({ ask, rests, relay, api, id }) {
    relay.script.rcpt = (address) => (address === ANA ? { code: 451 } : "accept");
    await ask({ approvers: [ANA, BO], require: "all" });
    await relay.mailTo(BO, id);
    await api.approvalWhen(id, "a mail is deferred", ({ ballots }) => ballots[0]?.mail.status === "deferred");
    await rests();
  },
  /** The relay has taken the first mail, and the worker dies before it knows. */
  async "mail-taken"({ ask, relay, worker }) {
    const held = relay.holdNext();
    await ask({ approvers: [ANA] });
    await held.mail;
    await worker.killHard();
    held.release("accept");
  },
  async "deadline-due"({ ask, rests, relay, id }) {
    await ask({ approvers: [ANA, BO], require: "all", deadline: "PT1H", onDeadline: "reject" });
    await rests();
    await pressAtOnce((await relay.mailTo(ANA, id)).links.approve);
    await rests();
  },
  /** The rest is of later versions of the workflow: not every release knows it. */
  async "second-stage"({ ask, rests, relay, id }) {
    await ask({ stages: [{ approvers: [ANA] }, { approvers: [BO] }] });
    await rests();
    await pressAtOnce((await relay.mailTo(ANA, id)).links.approve);
    await relay.mailTo(BO, id);
    await rests();
  },
  /** An answer that can still be taken back. */
  async "undo-open"({ ask, rests, relay, id }) {
    await ask({ approvers: [ANA], undo: "PT1H" });
    await rests();
    await pressAtOnce((await relay.mailTo(ANA, id)).links.approve);
    await rests();
  },
  async "half-decided-action"({ ask, rests, relay, id }) {
    const action = { tool: "payments.transfer", arguments: { amount: 40 }, reversible: "no" };
    await ask({ approvers: [ANA, BO], require: "all", action });
    await rests();
    await pressAtOnce((await relay.mailTo(ANA, id)).links.approve);
    await rests();
  },
};

async function main([checkout, release, ...names]: readonly string[]): Promise<void> {
  if (checkout === undefined || release === undefined) throw new Error("Use record.sh");
  const chosen = Object.entries(STATES).filter(([name]) => names.length === 0 || names.includes(name));
  for (const [name, reach] of chosen) {
    const history = await record({ name, checkout, release }, reach);
    await mkdir(dirname(fileOf(history)), { recursive: true });
    await writeFile(fileOf(history), `${JSON.stringify(history, null, 1)}\n`);
    console.log(`${name}: ${history.promises.length} promises`);
  }
}

async function record(
  { name, checkout, release }: { readonly name: string; readonly checkout: string; readonly release: string },
  reach: (stage: Stage) => Promise<void>,
): Promise<History> {
  const dataDir = await mkdtemp(join(tmpdir(), "replay-"));
  await using relay = await startRelay();
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const env = {
    DATA_DIR: dataDir,
    PUBLIC_URL: publicUrl,
    PORT: String(port),
    ENGINE_PORT: String(await freePort()),
    TOKEN_KEYS: `${KEY.kid}:${KEY.secret.toString("base64url")}`,
    SMTP_URL: relay.url,
    MAIL_FROM: "Approvals <approvals@example.com>",
    WORKER_GROUP: "worker",
  };
  const start = (part: "engine" | "gateway") => ServiceProcess.start(part, env, [], checkout);
  const engine = await start("engine");
  const gateway = await start("gateway");
  const id = name;
  await using proxy = await startEngineProxy(`http://127.0.0.1:${env.ENGINE_PORT}`);
  let rests = 0;
  let restsSeen = 0;
  proxy.watcher = (moment, asked) => {
    if (moment === "reply" && asked.kind === "task.suspend" && asked.id === id) rests += 1;
  };
  const RESONATE_TOKEN = (await readFile(join(dataDir, "engine.token"), "utf8")).trim();
  const { ENGINE_PORT: _, ...settings } = env;
  const worker = await ServiceProcess.start(
    "worker",
    { ...settings, RESONATE_URL: proxy.url, RESONATE_TOKEN },
    [],
    checkout,
  );
  const api = new Api(publicUrl);
  try {
    await reach({
      api,
      relay,
      id,
      worker,
      ask: async (request) => void (await api.ask({ id, title: "Order", ...request })),
      rests: async () => {
        await eventually(`${id} rests`, () => rests > restsSeen);
        restsSeen = rests;
      },
    });
  } finally {
    for (const each of [worker, gateway, engine]) if (each.isRunning) await each.killHard();
  }
  const stoppedAtMs = Date.now();
  const db = openLeftBehind(dataDir);
  const statement = db.prepare(`SELECT ${PROMISE_COLUMNS} FROM promises ORDER BY id`);
  statement.setReturnArrays(true);
  // A process that starts asks its engine what it can do, with a promise of its own.
  const isOurs = (row: { readonly id: string }) => !row.id.startsWith("countersign-probe-");
  const promises = (statement.all() as unknown as Columns[]).map(promiseFromColumns).filter(isOurs);
  const { taskRows, callbacks } = snapshotOf(db);
  db.close();
  await rm(dataDir, { recursive: true });
  const mails = Object.fromEntries(
    [...new Set(relay.accepted.map(({ to }) => to))].map((to) => {
      const own = relay.accepted.filter((mail) => mail.to === to);
      const links = own.at(-1)?.links ?? { approve: "", reject: "" };
      return [to, { messageIds: own.map(({ messageId }) => messageId), links }];
    }),
  );
  return {
    name,
    release,
    id,
    stoppedAtMs,
    publicUrl,
    mails,
    promises,
    tasks: taskRows.filter(isOurs),
    callbacks,
  };
}

await main(process.argv.slice(2));
