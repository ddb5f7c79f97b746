/**
 * Records what clients are told who approve, cancel, consume, revoke and look at actions, at several actions in one question, and
 * at standing approvals, while the clock runs out on some and processes are killed. The history is for a checker of linearizability that is not ours, such as Porcupine: one JSON object a
 * line, with times in nanoseconds of one clock. docs/reliability.md says what was checked so. It is no part of the tests.
 *
 *   node test/linearizability/record.ts --operations 100000 --clients 32 [--checkout FOLDER] > history.jsonl
 *
 * An operation whose answer was lost is sent again until there is one: it lasts from its first try to that answer. `jump` moves
 * the engine's clock past every deadline, and is an operation of each approval that is under way.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ACTION, WANTED } from "../support/approved-action.ts";
import { freePort } from "../support/ports.ts";
import { startRelay } from "../support/relay.ts";
import { ROOT, ServiceProcess } from "../support/service-process.ts";
import { openSite } from "../support/site.ts";

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "10000" },
    clients: { type: "string", default: "32" },
    /** Milliseconds between two kills. */
    kills: { type: "string", default: "15000" },
    checkout: { type: "string", default: ROOT },
  },
});
const CLIENTS = Number(values.clients);
/** Under way at once: few, so that clients meet. */
const APPROVALS = 8;
/** Of one approval; then another takes its place. */
const OPERATIONS_EACH = 40;
const JUMP_MS = 3 * 3_600_000;
/** A jump ends all that is under way, so most approvals are to be without one. */
const JUMP_EVERY = 600;

/** A single action; three that are consumed one by one; and a standing approval of three uses and a total. */
const KINDS = ["single", "items", "standing"] as const;
type Kind = (typeof KINDS)[number];
const ITEMS = 3;
/** What a use comes to by its attempt: the total is reached before the uses are, or after them. */
const STANDING = { uses: 4, total: 70, amounts: [10, 10, 20, 30, 40] } as const;

interface Call {
  readonly key: string;
  readonly kind: Kind;
  /** Of several. */
  readonly item?: number;
  readonly client: number;
  readonly op: string;
  readonly attempt?: string;
  readonly answer: string;
  readonly call: number;
  readonly return: number;
}

interface Subject {
  readonly id: string;
  readonly kind: Kind;
  /** Operations until another takes its place. */
  left: number;
}

await using relay = await startRelay();
await using site = await openSite({ relay });
const clockFile = join(site.dataDir, "clock");
writeFileSync(clockFile, "0");
const ports = [Number(new URL(site.publicUrl).port), await freePort()];

const subjects: Subject[] = [];
/** Operations without an answer yet, by approval. */
const underWay = new Map<string, number>();
let operations = Number(values.operations);
let made = 0;
let done = 0;
let kills = 0;
const over = new AbortController();
let aheadMs = 0;
/** How far ahead the engine has said that it is. */
let toldMs = -1;

const now = () => Math.round(performance.now() * 1e6);
async function work(client: number): Promise<void> {
  while (done < operations) {
    const n = Math.floor(Math.random() * subjects.length);
    const subject = subjects[n];
    if (subject === undefined) return;
    if (subject.left <= 0) {
      subject.left = Number.POSITIVE_INFINITY;
      subjects[n] = await alone(newSubject);
      continue;
    }
    subject.left -= 1;
    done += 1;
    if (done % JUMP_EVERY === 0) await alone(() => jump(client));
    else await operate(subject, client);
  }
}

/** What is drawn more often stands there more often. */
const OPS = [
  "approve",
  "cancel",
  "revoke",
  "look",
  "look",
  "consume",
  "consume",
  "consume",
  "consume",
] as const;
/** Early on, somebody approves most of them: there is little to see of the others. */
const FIRST = ["approve", "approve", "approve", "cancel", "consume", "look"] as const;

async function operate({ id, kind, left }: Subject, client: number): Promise<void> {
  const ops = left > OPERATIONS_EACH - 6 && left < OPERATIONS_EACH ? FIRST : OPS;
  const drawn = ops[Math.floor(Math.random() * ops.length)] ?? "look";
  // A revocation ends all further uses of a standing approval: most of them are to come to their limits.
  const op = drawn === "revoke" && kind === "standing" && Math.random() < 0.8 ? "consume" : drawn;
  // Several clients have the same name for their try.
  const tries = kind === "standing" ? STANDING.amounts.length : 4;
  const attempt = `job-${Math.floor(Math.random() * tries)}`;
  const key = crypto.randomUUID();
  const isOfItem = kind === "items" && (op === "consume" || op === "revoke");
  const item = isOfItem ? 1 + Math.floor(Math.random() * ITEMS) : undefined;
  underWay.set(id, (underWay.get(id) ?? 0) + 1);
  const call = now();
  const answer = await answerOf(id, op, { kind, item, attempt, key });
  underWay.set(id, (underWay.get(id) ?? 0) - 1);
  const named = { ...(item === undefined ? {} : { item }), ...(op === "consume" ? { attempt } : {}) };
  record({ key: id, kind, client, op, ...named, answer, call, return: now() });
}

interface More {
  readonly kind: Kind;
  readonly item: number | undefined;
  readonly attempt: string;
  readonly key: string;
}

async function answerOf(id: string, op: (typeof OPS)[number], more: More) {
  const { kind, item } = more;
  const path = `/approvals/${id}`;
  const headers = { "idempotency-key": more.key };
  switch (op) {
    case "approve":
      await send(`${path}/ballots/1/decide`, { choice: "approve" }, headers);
      return await ended(id);
    case "cancel":
      await send(`${path}/cancel`, {}, headers);
      return await ended(id);
    case "consume": {
      const wanted = { ...WANTED, ...argumentsOf(more), ...(item === undefined ? {} : { item }) };
      const { status, body } = await send(`${path}/consume`, { ...wanted, attempt: more.attempt }, {});
      if (status === 200) return `granted ${String(body["grant"])}`;
      const { approvalStatus, limit } = body as {
        readonly approvalStatus?: string;
        readonly limit?: { readonly name: string };
      };
      return status === 409 ? `consumed ${limit?.name ?? ""}`.trim() : (approvalStatus ?? `${status}`);
    }
    case "revoke": {
      const { status, body } = await send(`${path}/revoke`, item === undefined ? {} : { item }, headers);
      if (status === 200) return "revoked";
      if (status === 410) return "late";
      return body["type"] === "/problems/already-consumed" ? "consumed" : "refused";
    }
    case "look": {
      const { body } = await send(path, undefined, {});
      const { status, uses = [] } = body as { status: string; uses?: readonly Use[] };
      if (kind === "single") return `${status} ${uses[0]?.state ?? ""}`;
      const last = uses.map(({ n, state, used }) =>
        [n, state, ...(used ? [used.uses, used.total] : [])].join(" "),
      );
      return `${status} ${last.join(", ")}`.trim();
    }
    default:
      return op satisfies never;
  }
}

interface Use {
  readonly n: number;
  readonly state: string;
  readonly used?: { readonly uses: number; readonly total?: string };
}

function argumentsOf({ kind, item = 1, attempt }: Pick<More, "kind" | "item" | "attempt">): object {
  if (kind === "single") return {};
  const amount =
    kind === "items" ? itemOf(item).arguments.amount : STANDING.amounts[Number(attempt.slice(4))];
  return { arguments: kind === "items" ? itemOf(item).arguments : { amount } };
}

function itemOf(n: number) {
  const { to } = ACTION.arguments;
  return { ...ACTION, arguments: { to, amount: 100 * n } };
}

/** One jump or creation at a time: an approval is asked for before a jump or after it. */
let turn: Promise<unknown> = Promise.resolve();
function alone<T>(act: () => Promise<T>): Promise<T> {
  const own = turn.then(act);
  turn = own;
  return own;
}

/** How the approval has ended, once it has. */
async function ended(id: string): Promise<string> {
  for (;;) {
    const { body } = await send(`/approvals/${id}`, undefined, {});
    const { status } = body as { readonly status: string };
    if (status !== "pending") return status;
    await pause(20);
  }
}

async function jump(client: number): Promise<void> {
  // An approval that was replaced may still have operations under way.
  const held = [...underWay].flatMap(([id, count]) => (count > 0 ? [id] : []));
  const under = [...new Set([...subjects.map(({ id }) => id), ...held])];
  const call = now();
  aheadMs += JUMP_MS;
  writeFileSync(clockFile, String(aheadMs));
  await clockIs(aheadMs);
  const answers = await Promise.all(under.map((id) => ended(id)));
  const end = now();
  for (const [i, id] of under.entries()) {
    record({ key: id, kind: kindIn(id), client, op: "jump", answer: answers[i] ?? "", call, return: end });
  }
}

/** Waits until the engine has noticed. */
async function clockIs(ms: number): Promise<void> {
  for (;;) {
    if (toldMs >= ms) return;
    await pause(5);
  }
}

function record(call: Call): void {
  process.stdout.write(`${JSON.stringify(call)}\n`);
}

async function newSubject(): Promise<Subject> {
  made += 1;
  const kind = KINDS[made % KINDS.length] ?? "single";
  const id = `${kind}-${made}`;
  const common = { id, title: "Pay the invoice", approvers: ["ana@example.com"], deadline: "PT1H" };
  const { status, body } = await send("/approvals", { ...common, ...actionOf(kind) }, {});
  if (status !== 202 && status !== 200) throw new Error(`${id} was refused: ${JSON.stringify(body)}`);
  return { id, kind, left: OPERATIONS_EACH };
}

function actionOf(kind: Kind): object {
  const validFor = "PT2H";
  switch (kind) {
    case "single":
      return { action: { ...ACTION, validFor } };
    case "items":
      return { items: Array.from({ length: ITEMS }, (_, i) => ({ ...itemOf(i + 1), validFor })) };
    case "standing": {
      const { uses, total } = STANDING;
      const limits = { "/amount": { max: 100 } };
      const { tool, audience } = ACTION;
      const standing = { limits, uses, total: { argument: "/amount", max: total } };
      return { action: { tool, audience, standing, reversible: "costly", validFor } };
    }
    default:
      return kind satisfies never;
  }
}

function kindIn(id: string): Kind {
  return KINDS.find((kind) => id.startsWith(`${kind}-`)) ?? "single";
}

/** Sends it again, to either gateway, until there is an answer. */
async function send(path: string, body: unknown, headers: Readonly<Record<string, string>>) {
  for (;;) {
    const port = ports[Math.floor(Math.random() * ports.length)] ?? 0;
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const told = (await response.json()) as Readonly<Record<string, unknown>>;
      if (response.status < 500) return { status: response.status, body: told };
    } catch {
      // It was cut off, or nobody is there.
    }
    await pause(50);
  }
}

/** `kill -9` of one process after the other. */
async function kill(): Promise<void> {
  while (!over.signal.aborted) {
    await pause(Number(values.kills));
    if (over.signal.aborted) return;
    const what = kills % 4;
    kills += 1;
    if (what === 0) {
      engine.kill("SIGKILL");
      await once(engine, "exit");
      engine = await startEngine();
    } else if (what === 3) {
      await worker.killHard();
      worker = await startPart("worker", await freePort());
    } else {
      await gateways[what - 1]?.killHard();
      gateways[what - 1] = await startPart("gateway", ports[what - 1] ?? 0);
    }
  }
}

async function startEngine(): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("engine.ts", import.meta.url));
  const child = spawn(process.execPath, [script, clockFile], {
    env: { ...process.env, ...site.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    toldMs = Math.max(toldMs, Number(text.trim().split("\n").at(-1)));
  });
  await once(child.stdout, "data");
  return child;
}

function startPart(part: "gateway" | "worker", port: number): Promise<ServiceProcess> {
  return ServiceProcess.start(part, { ...site.env, PORT: String(port) }, [], values.checkout);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

let engine = await startEngine();
const gateways = await Promise.all(ports.map((port) => startPart("gateway", port)));
let worker = await startPart("worker", await freePort());

// Whatever is under way is still recorded: a history without it is not linearizable.
process.once("SIGTERM", () => {
  operations = 0;
});
for (let i = 0; i < APPROVALS; i += 1) subjects.push(await newSubject());
const killing = kill();
await Promise.all(Array.from({ length: CLIENTS }, (_, client) => work(client)));
over.abort();
await killing;
engine.kill("SIGKILL");
await Promise.all([...gateways, worker].map((service) => service.killHard()));
console.error(
  `${done} operations on ${made} approvals, ${kills} kills, ${aheadMs / JUMP_MS} jumps of the clock`,
);
