/**
 * Approvals made of promises alone, as their workflow would store them in some order: no worker takes part, so thousands
 * of courses cost little.
 */
import { KIND_TAG } from "../../src/approval/ids.ts";
import { useId } from "../../src/approval/use.ts";
import { ENDS_STANDING, ENDS_TAG, USE_KIND } from "../../src/approval/use-names.ts";
import { STEP_TAG } from "../../src/durable/step-record.ts";
import { encodeValue } from "../../src/durable/value.ts";
import { type Envelope, latentTags, request, rootTags, stepTags } from "./engine-requests.ts";
import type { Random } from "./seeds.ts";

const DAY_MS = 86_400_000;
const NONCE = { door: "api", nonce: "n" } as const;
export const PEOPLE = ["ana@example.com", "bo@example.com", "cy@example.com", "di@example.com"] as const;
export const CLIENTS = ["client:billing", "client:hr"] as const;
const TITLES = ["Order laptops", "Grant access to müller", "Release version 3", "Order chairs"] as const;

interface Known {
  readonly id: string;
  readonly startedAtMs: number;
  /** Children that there are. */
  next: number;
  end: number;
  readonly open: number[];
  /** Of an action: what can stand once it has ended. */
  readonly stands?: "approval" | "refusal";
  /** Once it stands: uses so far. */
  uses?: number;
  isOver: boolean;
}

const USES_MAX = 3;
const ACTION = { tool: "refunds.pay", reversible: "costly", validFor: "P20D" } as const;
const STANDING = { limits: { "/amount": { max: 500 } }, uses: USES_MAX } as const;

/** Answers the next request of a random life of some approvals. */
export function syntheticApprovals(random: Random, nowMs: number): () => Envelope {
  const approvals: Known[] = [];
  return () => {
    const live = approvals.filter(({ isOver }) => !isOver);
    if (live.length === 0 || random.chance(0.2)) {
      const known = {
        id: `po-${approvals.length}-${random.below(1_000)}`,
        startedAtMs: nowMs,
        next: 0,
        end: 0,
        open: [],
        ...(random.chance(0.5) ? { stands: random.pick(["approval", "refusal"] as const) } : {}),
        isOver: false,
      };
      approvals.push(known);
      return begin(random, known);
    }
    return step(random, random.pick(live));
  };
}

function begin(random: Random, { id, startedAtMs, stands }: Known): Envelope {
  const terms = { startedAtMs, deadlineAtMs: startedAtMs + (1 + random.below(9)) * DAY_MS };
  const asked = {
    title: random.pick(TITLES),
    details: [],
    requester: { email: random.pick(PEOPLE) },
    ...(random.chance(0.3)
      ? { stages: [stage(random, "One"), stage(random, "Two")], approvers: [] }
      : { approvers: [{ email: "ana@example.com" }] }),
    require: "any",
    rejection: "veto",
    deadline: "P7D",
    onDeadline: "expire",
    ...(stands === undefined
      ? {}
      : { action: { ...ACTION, ...(stands === "approval" ? { standing: STANDING } : { arguments: {} }) } }),
    metadata: { team: random.pick(["ops", "hr"]), nth: random.below(5), nested: { no: 1 } },
  };
  const creator = random.chance(0.7) ? { "countersign:creator": random.pick(CLIENTS) } : {};
  return request("promise.create", {
    id,
    timeoutAt: startedAtMs + 400 * DAY_MS,
    param: encodeValue({ func: "approval", args: [asked, terms], version: 2 }),
    tags: rootTags(id, { [KIND_TAG]: "approval", ...creator }),
  });
}

/** With a deadline of its own, or none: lists by deadline go by the next one. */
function stage(random: Random, name: string) {
  const deadline = random.chance(0.6) ? { deadline: `P${1 + random.below(3)}D`, onDeadline: "expire" } : {};
  return { name, approvers: [{ email: "ana@example.com" }], require: "any", rejection: "veto", ...deadline };
}

function step(random: Random, known: Known): Envelope {
  const { id, open } = known;
  if (known.uses !== undefined) return use(random, known, known.uses + 1);
  if (known.next === 0) return child(known, "end", undefined);
  // After an extension the next end follows; people may answer between the two.
  if (known.end === known.next) {
    return open.length === 0 || random.chance(0.5) ? child(known, "end", undefined) : answer(random, known);
  }
  if (open.length === 0 || random.chance(0.3)) {
    const n = known.next;
    open.push(n);
    const email = random.pick(PEOPLE);
    return child(known, "ballot", {
      kind: "ballot",
      approval: id,
      n,
      approver: { email },
      recipient: `r${n}`,
      gen: 0,
    });
  }
  if (random.chance(0.1)) return judgement(known);
  if (random.chance(0.1)) {
    const end = known.end;
    known.end = known.next;
    return settle(`${id}:${end}`, { kind: "extended", untilMs: known.startedAtMs + 20 * DAY_MS, ...NONCE });
  }
  if (random.chance(0.15)) return settle(`${id}:${known.end}`, random.pick(ENDS));
  if (random.chance(0.4)) {
    return ending(random, known);
  }
  return answer(random, known);
}

/** Of an action nearly always with what stands then. */
function ending(random: Random, known: Known): Envelope {
  const { id, stands, startedAtMs } = known;
  const doNotAsk = { until: new Date(startedAtMs + (1 + random.below(30)) * DAY_MS).toISOString() };
  const outcome =
    stands === undefined || random.chance(0.2)
      ? random.pick(OUTCOMES)
      : ({ approval: "approved", refusal: "rejected" } as const)[stands];
  if (stands === undefined) known.isOver = true;
  else known.uses = 0;
  return settle(id, {
    approval: id,
    outcome,
    reason: "r",
    decisions:
      outcome === "rejected" && stands !== undefined
        ? [{ n: 1, email: "ana@example.com", choice: "reject", door: "api", at: doNotAsk.until, doNotAsk }]
        : [],
    ...(stands === undefined ? {} : { action: { digest: "0".repeat(64) } }),
    metadata: {},
  });
}

/** Or a revocation in its place. */
function use(random: Random, known: Known, n: number): Envelope {
  const { id, stands, startedAtMs } = known;
  known.uses = n;
  const isRevoked = stands === "refusal" || random.chance(0.3);
  known.isOver = isRevoked || n === USES_MAX;
  const param = isRevoked
    ? { kind: "revoked", n, ...NONCE }
    : {
        kind: "use",
        n,
        attempt: `a${n}`,
        arguments: { amount: 1 },
        argumentsHash: "h",
        used: { uses: n },
      };
  const tags = { [KIND_TAG]: USE_KIND, ...(known.isOver ? { [ENDS_TAG]: ENDS_STANDING } : {}) };
  return request("promise.create", {
    id: useId(id, n),
    timeoutAt: startedAtMs + 20 * DAY_MS,
    param: encodeValue(param),
    tags: latentTags(useId(id, n), id, tags),
  });
}

function answer(random: Random, { id, open }: Known): Envelope {
  const [n = 0] = open.splice(random.below(open.length), 1);
  return settle(`${id}:${n}`, random.pick(ANSWERS));
}

const OUTCOMES = ["approved", "rejected", "expired", "cancelled"] as const;
const ENDS = [
  { kind: "closed", outcome: "approved", reason: "r", answered: [1] },
  { kind: "cancelled", nonce: "n" },
] as const;
const ANSWERS = [
  { kind: "decision", choice: "approve", by: "ana@example.com", ...NONCE },
  { kind: "withdrawn" },
  { kind: "reassigned", to: { email: "bo@example.com" }, ...NONCE },
  { kind: "recused", ...NONCE },
  { kind: "reissued", ...NONCE },
  { foreign: true },
] as const;

function child(known: Known, kind: string, param: unknown): Envelope {
  const id = `${known.id}:${known.next}`;
  known.next += 1;
  return request("promise.create", {
    id,
    timeoutAt: known.startedAtMs + (kind === "end" ? 7 : 400) * DAY_MS,
    param: encodeValue(param),
    tags: latentTags(id, known.id, { [KIND_TAG]: kind }),
  });
}

/** A step that is stored with its result. */
function judgement(known: Known): Envelope {
  const id = `${known.id}:${known.next}`;
  known.next += 1;
  const state = { round: 2, stage: 0, phase: "asking", escalations: 0 };
  const value = {
    kind: "judgement",
    atMs: 1,
    settled: 1,
    rang: [],
    verdict: { kind: "wait" },
    state,
    ask: [],
    decisions: [],
  };
  const { headers, data } = encodeValue(value);
  return request("promise.create", {
    id,
    timeoutAt: 1,
    param: { headers: { ...headers, "countersign:param": "" }, data },
    tags: { ...stepTags(id, known.id), [STEP_TAG]: "at-end", "resonate:timer": "true" },
  });
}

function settle(id: string, value: unknown): Envelope {
  return request("promise.settle", { id, state: "resolved", value: encodeValue(value) });
}
