/**
 * A thousand people and what happens between them: approvals of stages and groups drawn by chance, which a real worker runs on a
 * real engine, and answers and acts that race. Leaves the files as `kill -9` does, and goes on from them.
 */
import { cpSync } from "node:fs";
import { pino } from "pino";
import { KIND_TAG, parentId } from "../../src/approval/ids.ts";
import { changeOf, extensionOf, type StoredRecord } from "../../src/approval/stored.ts";
import { createAdministration } from "../../src/durable/administration.ts";
import { createDurable } from "../../src/durable/resonate.ts";
import { type Engine, openEngine } from "../../src/engine/engine.ts";
import type { Projection } from "../../src/engine/store/projection.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { reassignBallot, recuseBallot, reissueBallot } from "../../src/service/approvals/ballot-acts.ts";
import { cancelApproval } from "../../src/service/approvals/cancel.ts";
import { decideBallot } from "../../src/service/approvals/decide.ts";
import { extendApproval } from "../../src/service/approvals/end-acts.ts";
import { startApproval } from "../../src/service/approvals/start.ts";
import { listForPerson, openBallotsOf } from "../../src/service/ledger/person-list.ts";
import { createLinkTokens } from "../../src/tokens/tokens.ts";
import { startWorker } from "../../worker/runtime/worker.ts";
import { WORKFLOWS } from "../../worker/workflows/index.ts";
import { NO_CALLBACKS } from "./callbacks.ts";
import { ledgerIn } from "./ledger-engine.ts";
import { mailerOf } from "./mailer.ts";
import type { Random } from "./seeds.ts";

const CROWD = Array.from({ length: 1_000 }, (_, n) => `person-${n + 1}@example.com`);
const RECORDS_MAX = 10_000;
/** Of a workflow's children, timers alone have tasks, which lie until their time. */
const IS_TIMER = /:\d+$/u;
const LOOKS_AT_ONCE = 50;

/** Ids of ballots by the person who can answer them. */
type OpenBallots = ReadonlyMap<string, readonly string[]>;

export class CrowdLife implements AsyncDisposable {
  readonly engine: Engine;
  readonly #dataDir: string;
  readonly #durable: ReturnType<typeof createDurable>;
  readonly #administration: ReturnType<typeof createAdministration>;
  readonly #worker: ReturnType<typeof startWorker>;
  readonly #random: Random;
  #acts = 0;

  constructor(dataDir: string, projection: Projection, random: Random) {
    this.#dataDir = dataDir;
    this.#random = random;
    this.engine = openEngine({ dataDir, projection });
    const network = this.engine.network({ group: "gateway" });
    this.#durable = createDurable(network);
    this.#administration = createAdministration(network, { isEmbedded: true });
    network.start();
    const forWorker = this.engine.network({ group: "worker" });
    this.#worker = startWorker({
      network: forWorker,
      pid: forWorker.pid,
      // What a killed worker held goes to the next one soon.
      leaseMs: 1_000,
      concurrency: 50,
      log: pino({ level: "silent" }),
      workflows: WORKFLOWS,
      services: {
        mailer: mailerOf(async ({ recipient }) => ({ status: "sent", messageId: `<${recipient}@test>` })),
        callbacks: NO_CALLBACKS,
        tokens: createLinkTokens({
          keys: [{ kid: "k", secret: Buffer.alloc(32) }],
          issuer: "http://localhost",
        }),
        publicUrl: "http://localhost",
        group: "worker",
      },
    });
    forWorker.start();
  }

  get ledger(): Ledger {
    return ledgerIn(this.engine);
  }

  /** Asks about so many things; answers their ids. */
  async begin(count: number): Promise<string[]> {
    const options = {
      durable: this.#durable,
      absences: { awayAt: async () => () => undefined } as never,
      clock: Date.now,
      newId: () => "",
      callbackUrlProblem: () => undefined,
    };
    const bodies = Array.from({ length: count }, (_, n) => this.#body(n));
    await Promise.all(bodies.map((body) => startApproval(options, { body, idempotencyKeys: [] })));
    return bodies.map(({ id }) => id);
  }

  #body(n: number) {
    const random = this.#random;
    const people = (most: number) => [
      ...new Set(Array.from({ length: 1 + random.below(most) }, () => random.pick(CROWD))),
    ];
    const group = () => ({
      approvers: people(4),
      require: random.pick(["any", "all"] as const),
    });
    const stage = () => ({ groups: Array.from({ length: 1 + random.below(3) }, group) });
    const rule = random.chance(0.7)
      ? { stages: Array.from({ length: 1 + random.below(2) }, stage) }
      : { approvers: people(8), require: random.pick(["any", "all"] as const) };
    return {
      id: `po-${n}-${random.below(2 ** 31)}`,
      title: `Order ${n}`,
      rejection: random.pick(["veto", "majority"] as const),
      ...(random.chance(0.2) ? { undo: "PT1H" } : {}),
      ...rule,
    };
  }

  /** Ballots as they are stored, without the index and without the rules of approvals. */
  async openBallots(): Promise<OpenBallots> {
    const [roots, ends, ballots] = await Promise.all(
      ["approval", "end", "ballot"].map((kind) => this.#all(kind)),
    );
    const running = new Set(pending(roots).map(({ id }) => id));
    const over = new Map<string, boolean>();
    for (const end of inOrder(ends)) over.set(parentId(end.id) ?? "", hasEnded(end));
    const open = new Map<string, string[]>();
    for (const { id, param } of pending(ballots)) {
      const approval = parentId(id) ?? "";
      if (!running.has(approval) || over.get(approval) !== false) continue;
      const { email } = (param as { approver: { email: string } }).approver;
      open.set(email, [...(open.get(email) ?? []), id].toSorted());
    }
    return open;
  }

  /** The inboxes of everybody, as people see them. */
  async inboxes(): Promise<OpenBallots> {
    const found = new Map<string, string[]>();
    const look = async (person: string) => {
      const ids: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await listForPerson(this.ledger, { list: "waiting", person, cursor });
        for (const entry of page.items)
          ids.push(...openBallotsOf(entry, person).map((n) => `${entry.id}:${n}`));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      if (ids.length > 0) found.set(person, ids.toSorted());
    };
    for (let at = 0; at < CROWD.length; at += LOOKS_AT_ONCE)
      await Promise.all(CROWD.slice(at, at + LOOKS_AT_ONCE).map(look));
    return found;
  }

  /** So many answers and acts at one moment. `onHalf` runs when half of them are told. */
  async race(count: number, onHalf: () => void = () => {}): Promise<void> {
    const ballots = [...(await this.openBallots()).values()].flat();
    let told = 0;
    const act = async () => {
      // Several may mean the same ballot: all but one come too late, and some of those are told so by an error.
      await this.#act(this.#random.pick(ballots)).catch(() => undefined);
      told += 1;
      if (told === Math.ceil(count / 2)) onHalf();
    };
    await Promise.all(Array.from({ length: count }, act));
  }

  async #act(ballot: string): Promise<unknown> {
    const random = this.#random;
    this.#acts += 1;
    const approval = parentId(ballot) ?? "";
    const named = { approval, n: Number(ballot.slice(approval.length + 1)) };
    const actor = { door: "api", nonce: `${this.#acts}` } as const;
    const options = {
      durable: this.#durable,
      clock: Date.now,
      signal: AbortSignal.timeout(60_000),
      // Nobody waits for the worker: it comes when it comes.
      outcomeWaitMs: 0,
    };
    const chance = random.below(100);
    if (chance < 10)
      return await reassignBallot(options, named, { to: { email: random.pick(CROWD) }, ...actor });
    if (chance < 20) return await recuseBallot(options, named, actor);
    if (chance < 25) return await reissueBallot(options, named, actor);
    if (chance < 30) return await extendApproval(options, approval, { deadline: "P30D", ...actor });
    if (chance < 33) {
      const root = await this.#durable.read(approval);
      return root && (await cancelApproval(options, { root, request: {} as never }, actor));
    }
    const choice = random.chance(0.75) ? "approve" : "reject";
    return await decideBallot(this.#durable, { ballot, choice, ...actor });
  }

  /** Waits until no workflow has anything to do. */
  async rest(): Promise<void> {
    for (;;) {
      const found = await Promise.all(
        (["pending", "acquired"] as const).map((state) => this.#administration.tasks(state, RECORDS_MAX)),
      );
      if (!found.some((some) => some?.tasks.some(({ id }) => !IS_TIMER.test(id)))) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** What `kill -9` would leave now. */
  leave(folder: string): void {
    cpSync(this.#dataDir, folder, { recursive: true });
  }

  async #all(kind: string): Promise<readonly StoredRecord[]> {
    const found = await this.#durable.search({ [KIND_TAG]: kind }, RECORDS_MAX);
    if (found === undefined || found.truncated) throw new Error(`There are too many of ${kind}`);
    return found.promises;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.stop(0);
    await this.#durable.stop();
    await this.engine.close();
  }
}

function pending<T extends Pick<StoredRecord, "state">>(records: readonly T[] = []): T[] {
  return records.filter(({ state }) => state === "pending");
}

function inOrder(ends: readonly StoredRecord[] = []): StoredRecord[] {
  const position = ({ id }: StoredRecord) => Number(id.slice(id.lastIndexOf(":") + 1));
  return ends.toSorted((a, b) => position(a) - position(b));
}

/** An end that was moved is followed by another one. */
function hasEnded(end: StoredRecord): boolean {
  return end.state !== "pending" && extensionOf(end) === undefined && changeOf(end) === undefined;
}
