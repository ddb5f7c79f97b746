import { describe, expect, test } from "vitest";
import { HISTORY_TYPES, type HistoryEvent, historyOf } from "../../../src/approval/history.ts";
import { KIND_TAG } from "../../../src/approval/ids.ts";
import type { StoredRecord } from "../../../src/approval/stored.ts";

const REQUEST = {
  title: "Order",
  details: [],
  requester: { email: "kim@example.com" },
  approvers: [],
  stages: [
    { approvers: [{ email: "ana@example.com" }], require: "all", rejection: "veto" },
    { approvers: [{ email: "bo@example.com" }], require: "all", rejection: "veto" },
  ],
  require: "all",
  rejection: "veto",
  deadline: "P7D",
  onDeadline: "expire",
  metadata: {},
};
const TERMS = { startedAtMs: 0, deadlineAtMs: 900_000 };
/** Who did it, as acts and decisions are stored. */
const BY_PROGRAM = { door: "api", caller: "billing", nonce: "n" } as const;
const SHOWN_PROGRAM = { door: "api", caller: "billing" } as const;

const EXECUTOR = { caller: "key:a", client: "payments" } as const;

const at = (ms: number) => new Date(ms).toISOString();

function use(id: string, createdAt: number, param: object): StoredRecord {
  return record(id, { tags: { [KIND_TAG]: "use" }, createdAt, timeoutAt: 999, state: "timedout", param });
}

function record(id: string, over: Partial<StoredRecord>, settled?: readonly [unknown, number]): StoredRecord {
  return {
    id,
    state: "pending",
    param: undefined,
    value: undefined,
    tags: {},
    createdAt: 0,
    timeoutAt: 900_000,
    ...(settled === undefined ? {} : { state: "resolved", value: settled[0], settledAt: settled[1] }),
    ...over,
  };
}

function root(over: Partial<StoredRecord> = {}, settled?: readonly [unknown, number]): StoredRecord {
  const param = { func: "approval", args: [REQUEST, TERMS], version: 2 };
  return record("po-1", { param, tags: { [KIND_TAG]: "approval" }, ...over }, settled);
}

function end(n: number, createdAt: number, settled?: readonly [unknown, number]): StoredRecord {
  return record(`po-1:${n}`, { createdAt, tags: { [KIND_TAG]: "end" } }, settled);
}

function ballot(
  n: number,
  {
    at: createdAt,
    email,
    ...more
  }: { readonly at: number; readonly email: string } & Record<string, unknown>,
  settled?: readonly [unknown, number],
): StoredRecord {
  const param = {
    kind: "ballot",
    approval: "po-1",
    n,
    approver: { email },
    recipient: `r${n}`,
    gen: 0,
    ...more,
  };
  return record(`po-1:${n}`, { createdAt, param, tags: { [KIND_TAG]: "ballot" } }, settled);
}

function judgement(n: number, atMs: number, state: object): StoredRecord {
  const value = {
    kind: "judgement",
    atMs,
    settled: 0,
    rang: [],
    verdict: { kind: "wait" },
    state: { round: 1, stage: 0, phase: "asking", escalations: 0, ...state },
    ask: [],
    decisions: [],
  };
  return record(`po-1:${n}`, {}, [value, atMs]);
}

const noMore = { n: 1, first: 1, because: "approved", atMs: 1 };
const mail = (n: number, delivery: object, atMs: number) =>
  record(`po-1:${n}`, {}, [{ kind: "mail", n: 1, delivery }, atMs]);

function notice(id: string, says: object, settled?: readonly [object, number]): StoredRecord {
  const args = [{ kind: "notice", approval: "po-1", startedAtMs: 0, says }];
  const value = settled && ([{ kind: "notice-end", delivery: settled[0], attempts: 1 }, settled[1]] as const);
  const param = { func: "approval_mail", args, version: 1 };
  return record(id, { createdAt: 300, param, tags: { [KIND_TAG]: "notice" } }, value);
}

function callback(id: string, settled?: readonly [object, number]): StoredRecord {
  const event = { type: "approval.requested", timestamp: at(1), data: { approval: "po-1" } };
  const args = [{ event, to: { kind: "endpoint", name: "erp" } }];
  const param = { func: "callback", args, version: 1 };
  return record(id, { createdAt: 400, param, tags: { [KIND_TAG]: "callback" } }, settled);
}

type Case = readonly [
  what: string,
  children: readonly StoredRecord[],
  expected: readonly HistoryEvent[],
  others?: readonly StoredRecord[],
  root?: StoredRecord,
];

const requested: HistoryEvent = { at: at(0), type: "requested", person: { email: "kim@example.com" } };
const ANA = { ballot: 1, person: { email: "ana@example.com" }, stage: 1 } as const;
const asked: HistoryEvent = { at: at(10), type: "asked", ...ANA };
const open = () => ballot(1, { at: 10, email: "ana@example.com" });
const settledBallot = (value: unknown) => ballot(1, { at: 10, email: "ana@example.com" }, [value, 50]);
const undoable = (value: unknown) => ballot(1, { at: 10, email: "ana@example.com", undo: true }, [value, 50]);
const decision = {
  kind: "decision",
  choice: "approve",
  by: "ana@example.com",
  comment: "Fine",
  door: "mail",
  nonce: "n",
};
const decided: HistoryEvent = {
  at: at(50),
  type: "decided",
  ...ANA,
  choice: "approve",
  comment: "Fine",
  door: "mail",
  by: "ana@example.com",
};

const CASES: readonly Case[] = [
  ["a request", [], [requested]],
  [
    "somebody who was asked, at first and later",
    [
      end(0, 5),
      open(),
      ballot(2, { at: 60, email: "dee@example.com", round: 2, via: { kind: "escalated" } }),
    ],
    [
      requested,
      asked,
      {
        at: at(60),
        type: "asked",
        ballot: 2,
        person: { email: "dee@example.com" },
        stage: 1,
        round: 2,
        via: "escalated",
      },
    ],
  ],
  [
    "mails of the request, also one whose step was stored before its ballot's time",
    [end(0, 5), open(), mail(2, { status: "sent", messageId: "m", attempts: 1 }, 5)],
    [requested, asked, { at: at(10), type: "mailed", mail: "request", ...ANA, status: "sent" }],
  ],
  ["an answer", [end(0, 5), settledBallot(decision)], [requested, asked, decided]],
  [
    "an answer that a program gave",
    [end(0, 5), settledBallot({ ...decision, ...BY_PROGRAM })],
    [requested, asked, { ...decided, ...SHOWN_PROGRAM }],
  ],
  [
    "an answer that was taken back",
    [
      end(0, 5),
      undoable(decision),
      record("po-1:2", { tags: { [KIND_TAG]: "undo" } }, [{ kind: "undone", ...BY_PROGRAM }, 70]),
    ],
    [requested, asked, decided, { at: at(70), type: "undone", ballot: 1, ...SHOWN_PROGRAM }],
  ],
  [
    "an answer that became final",
    [
      end(0, 5),
      undoable(decision),
      record("po-1:2", { tags: { [KIND_TAG]: "undo" } }, [{ kind: "final" }, 70]),
    ],
    [requested, asked, decided],
  ],
  [
    "a ballot that was handed on",
    [
      end(0, 5),
      settledBallot({ kind: "reassigned", to: { email: "dee@example.com" }, reason: "Away", ...BY_PROGRAM }),
    ],
    [
      requested,
      asked,
      {
        at: at(50),
        type: "reassigned",
        ...ANA,
        to: { email: "dee@example.com" },
        reason: "Away",
        ...SHOWN_PROGRAM,
      },
    ],
  ],
  [
    "somebody who takes no part",
    [end(0, 5), settledBallot({ kind: "recused", door: "mail", by: "ana@example.com", nonce: "n" })],
    [requested, asked, { at: at(50), type: "recused", ...ANA, door: "mail", by: "ana@example.com" }],
  ],
  [
    "new links",
    [end(0, 5), settledBallot({ kind: "reissued", ...BY_PROGRAM })],
    [requested, asked, { at: at(50), type: "reissued", ...ANA, ...SHOWN_PROGRAM }],
  ],
  [
    "ballots that were closed, also by another program",
    [
      end(0, 5),
      settledBallot({ kind: "withdrawn", because: "stage-done" }),
      ballot(2, { at: 10, email: "bo@example.com", stage: 1 }, [{ foreign: true }, 51]),
    ],
    [
      requested,
      asked,
      { at: at(10), type: "asked", ballot: 2, person: { email: "bo@example.com" }, stage: 2 },
      { at: at(50), type: "withdrawn", ...ANA, reason: "stage-done" },
      { at: at(51), type: "withdrawn", ballot: 2, person: { email: "bo@example.com" }, stage: 2 },
    ],
  ],
  [
    "a stage that opened",
    [end(0, 5), judgement(1, 80, { stage: 1 })],
    [requested, { at: at(80), type: "stage-opened", stage: 2 }],
  ],
  [
    "changes that were requested, and made",
    [
      end(0, 5, [
        { kind: "changed", content: { title: "Order fewer", details: [] }, note: "Fewer", ...BY_PROGRAM },
        95,
      ]),
      judgement(1, 90, { phase: "revising" }),
      end(2, 96),
      judgement(3, 97, { round: 2, stage: 1 }),
    ],
    [
      requested,
      { at: at(90), type: "changes-requested" },
      { at: at(95), type: "changed", comment: "Fewer", ...SHOWN_PROGRAM },
    ],
  ],
  [
    "a deadline that was moved, and then passed",
    [
      end(0, 5, [{ kind: "extended", untilMs: 2_000, reason: "Holidays", ...BY_PROGRAM }, 100]),
      { ...end(1, 101), state: "timedout", timeoutAt: 2_000, settledAt: 2_000 },
    ],
    [
      requested,
      { at: at(100), type: "extended", deadline: at(2_000), reason: "Holidays", ...SHOWN_PROGRAM },
      { at: at(2_000), type: "deadline-passed" },
    ],
  ],
  [
    "a cancellation, by a program",
    [end(0, 5, [{ kind: "cancelled", reason: "No budget", ...BY_PROGRAM }, 110])],
    [requested, { at: at(110), type: "cancel-requested", reason: "No budget", ...SHOWN_PROGRAM }],
  ],
  [
    "a cancellation, by the person who asked",
    [end(0, 5, [{ kind: "cancelled", door: "mail", by: "kim@example.com", nonce: "n" }, 110])],
    [requested, { at: at(110), type: "cancel-requested", door: "mail", by: "kim@example.com" }],
  ],
  [
    "a cancellation that an earlier version stored",
    [end(0, 5, [{ kind: "cancelled", nonce: "n" }, 110])],
    [requested, { at: at(110), type: "cancel-requested" }],
  ],
  [
    "an end that the workflow closed, which is none of its own",
    [end(0, 5, [{ kind: "closed", outcome: "approved", reason: "r", answered: [1] }, 110])],
    [requested],
  ],
  [
    "the outcome",
    [],
    [requested, { at: at(120), type: "ended", outcome: "rejected", reason: "A veto" }],
    [],
    root({}, [{ approval: "po-1", outcome: "rejected", reason: "A veto", decisions: [], metadata: {} }, 120]),
  ],
  [
    "notices and callbacks of this approval alone",
    [end(0, 5), open()],
    [
      requested,
      asked,
      { at: at(300), type: "mailed", mail: "requested", status: "pending" },
      {
        at: at(310),
        type: "mailed",
        mail: "no-longer-needed",
        ...ANA,
        status: "undeliverable",
        reason: "No such person",
      },
      { at: at(400), type: "callback", event: "approval.requested", status: "pending", by: "erp" },
      { at: at(410), type: "callback", event: "approval.requested", status: "delivered", by: "erp" },
    ],
    [
      callback("po-1:callback~b", [
        { kind: "callback", status: "delivered", attempts: 1, result: "2xx" },
        410,
      ]),
      callback("po-1:callback~a"),
      notice("po-1:notice~a", { mail: "requested" }),
      notice("po-1:notice~b", { mail: "no-longer-needed", ...noMore }, [
        { status: "undeliverable", reason: "No such person" },
        310,
      ]),
      {
        ...notice("po-2:notice~a", { mail: "requested" }),
        param: {
          func: "approval_mail",
          args: [{ kind: "notice", approval: "po-2", startedAtMs: 0, says: { mail: "requested" } }],
          version: 1,
        },
      },
    ],
  ],
  [
    "what came back of a mail: that it is late, and that it cannot be delivered",
    [end(0, 5), open()],
    [
      requested,
      asked,
      { at: at(200), type: "mail-delayed", ...ANA, status: "4.4.1" },
      { at: at(250), type: "mail-bounced", ...ANA, status: "5.1.1" },
      { at: at(300), type: "mailed", mail: "undeliverable", ...ANA, status: "pending" },
    ],
    [
      record("po-1:delay~a", {
        tags: { [KIND_TAG]: "delay" },
        param: { kind: "delay", approval: "po-1", n: 1, atMs: 200, status: "4.4.1" },
      }),
      record("po-1:delay~b", {
        tags: { [KIND_TAG]: "delay" },
        param: { kind: "delay", approval: "po-2", n: 1, atMs: 200 },
      }),
      notice("po-1:notice~a", {
        mail: "undeliverable",
        n: 1,
        person: { email: "ana@example.com" },
        bounce: { atMs: 250, status: "5.1.1" },
      }),
    ],
  ],
  [
    "an action that was consumed, or revoked; of this approval, and in time",
    [end(0, 5), open()],
    [
      requested,
      asked,
      { at: at(200), type: "consumed", door: "api", caller: "key:a", client: "payments" },
      { at: at(300), type: "revoked", reason: "Fraud", ...SHOWN_PROGRAM },
    ],
    [
      use("po-1:use~1", 200, { kind: "use", n: 1, attempt: "a", argumentsHash: "", ...EXECUTOR }),
      use("po-1:use~2", 300, { kind: "revoked", n: 2, reason: "Fraud", ...BY_PROGRAM }),
      use("po-2:use~1", 200, { kind: "use", n: 1, attempt: "a", argumentsHash: "", ...EXECUTOR }),
      use("po-1:use~3", 999, { kind: "use", n: 3, attempt: "a", argumentsHash: "", ...EXECUTOR }),
      use("po-1:use~4", 200, { kind: "other" }),
    ],
  ],
];

describe("historyOf()", () => {
  for (const [what, children, expected, others = [], approval = root()] of CASES) {
    test(`tells of ${what}`, () => {
      expect(historyOf(approval, children, others)).toEqual(expected);
    });
  }

  test("has a case for everything that can happen", () => {
    const told = new Set(CASES.flatMap(([, , expected]) => expected.map(({ type }) => type)));
    // Openings are no part of the approval's own promises: see below.
    expect(HISTORY_TYPES.filter((type) => !told.has(type))).toEqual(["opened"]);
  });

  test("tells when a link was first opened, in its place, and by what", () => {
    const events = historyOf(
      root(),
      [end(0, 0), ballot(1, { at: 0, email: "ana@example.com" }, [decision, 20])],
      [],
      [
        { n: 1, by: "person", atMs: 10 },
        { n: 1, by: "scanner", atMs: 5 },
      ],
    );
    const person = { email: "ana@example.com" };
    expect(events?.map(({ type }) => type)).toEqual(["requested", "asked", "opened", "opened", "decided"]);
    expect(events?.slice(2, 4)).toEqual([
      { at: at(5), type: "opened", ballot: 1, person, stage: 1, opener: "scanner" },
      { at: at(10), type: "opened", ballot: 1, person, stage: 1, opener: "person" },
    ]);
  });

  test("tells of one moment in the order in which it came about", () => {
    const same = historyOf(
      root(),
      [end(0, 0), ballot(1, { at: 0, email: "ana@example.com" }, [decision, 0])],
      [],
    );
    expect(same?.map(({ type }) => type)).toEqual(["requested", "asked", "decided"]);
  });

  test("has nothing to tell of what is no approval", () => {
    expect(historyOf(root({ param: { func: "other", args: [] } }), [], [])).toBeUndefined();
  });
});
