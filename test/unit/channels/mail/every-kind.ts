import type { ApprovalRequest, CountedDecision } from "../../../../src/approval/approval.ts";
import type { Doer } from "../../../../src/approval/doer.ts";
import type { Why } from "../../../../src/approval/why.ts";
import type { AskMail, Mail } from "../../../../src/channels/mail/mailer.ts";
import { publicUrl } from "./fixture.ts";

/** What people have written in the mails below: no word of it is ours. */
export interface Theirs {
  readonly line: string;
  readonly lines: string;
}

/** One mail of each kind, and of each kind every variety of it, to readers of a locale. */
export function everyMail(locale: string, { line, lines }: Theirs): readonly Mail[] {
  const reader = { locale, timeZone: "Europe/Vienna" };
  const ana = { ...reader, email: "ana@a.example", name: line };
  const kim = { ...reader, email: "kim@a.example", name: line };
  const bo = { email: "bo@a.example" };
  const request: ApprovalRequest = {
    title: line,
    summary: lines,
    details: [{ label: line, value: line }],
    requester: kim,
    approvers: [],
    stages: [
      { name: line, groups: [{ name: line, approvers: [ana, bo], require: 1 }], onDeadline: "expire" },
      { approvers: [bo] },
    ],
    choices: [
      { value: "approve", effect: "approve", comment: "optional" },
      { value: "release", effect: "approve", comment: "optional", label: line },
      { value: "changes", effect: "changes", comment: "required" },
      { value: "reject", effect: "reject", comment: "required" },
    ],
    require: "any",
    rejection: "majority",
    deadline: "P5D",
    onDeadline: "escalate",
    metadata: {},
  };
  const action = {
    tool: line,
    target: line,
    audience: line,
    arguments: { [line]: lines, [`${line}2`]: [{ [line]: line }] },
    validFor: "P1D",
  } as const;
  const standing = {
    limits: {
      [`/${line}`]: { fixed: lines },
      "/b": { oneOf: [line, { [line]: line }] },
      "/c": { max: "12.50" },
      "/d": { maxLength: 140 },
    },
    uses: 100,
    total: { argument: "/c", max: "5000.00" },
  };
  const { arguments: _arguments, ...tool } = action;
  const lasting = { ...request, action: { ...tool, standing, reversible: "costly" as const } };
  const links = Object.fromEntries(
    ["approve", "release", "changes", "reject"].map((choice) => [choice, `${publicUrl}/d/${choice}.b.c`]),
  );
  const bornAtMs = Date.UTC(2026, 10, 21, 16, 0);
  const progress = { given: 1, needed: 2, people: 3, rejections: 2, answered: 1, stage: 1, stages: 1 };
  const approvals = { of: "approvals", ...progress } as const;
  const groups = { of: "groups", ...progress, stages: 2 } as const;
  const reasonsToEnd: readonly Why[] = [
    { because: "veto" },
    { because: "nobody-left" },
    { because: "no-rounds" },
    ...[approvals, groups, { ...groups, stages: 1 }].flatMap((each): Why[] => [
      { because: "approvals", progress: each },
      { because: "out-of-reach", progress: each },
      { because: "deadline", progress: each, atMs: bornAtMs, isConsent: true },
      { because: "stage-time", progress: { ...each, answered: 0 }, atMs: bornAtMs },
      { because: "deadline", progress: each, atMs: bornAtMs, isRevising: true },
    ]),
  ];
  const ballot = { approval: "po-4711", request, recipient: "rcp1", approver: ana, n: 1, gen: 0, bornAtMs };
  const deadlineAtMs = Date.UTC(2026, 10, 26, 16, 0);
  const ask: AskMail = { ...ballot, deadlineAtMs, links, viewLink: `${publicUrl}/d/view.b.c`, groups: [0] };
  const later = { ...ask, n: 9, gen: 1, bornAtMs: bornAtMs + 1, first: { gen: 0, bornAtMs } };
  const answered = { ...ballot, recipient: "rcp1" };
  const own = {
    approval: "po-4711",
    request,
    recipient: "rcp0",
    requester: kim,
    bornAtMs,
    link: `${publicUrl}/a/a.b.c`,
  };
  const atMs = Date.UTC(2026, 10, 25, 9, 30);
  const at = new Date(atMs).toISOString();
  const decisions: readonly CountedDecision[] = [
    { n: 1, email: ana.email, choice: "approve", comment: lines, at, door: "mail" },
    { n: 2, email: bo.email, choice: "release", effect: "approve", at, door: "api" },
    { n: 3, email: "cy@a.example", choice: "reject", comment: line, at, door: "webhook", caller: line },
    { n: 4, email: "di@a.example", choice: "changes", effect: "changes", at, door: "inbox" },
    { n: 5, email: "ed@a.example", choice: "approve", at, door: "inbox", signedInBy: "mail" },
    { n: 6, email: "flo@a.example", choice: "approve", at, door: "inbox", signedInBy: "passkey" },
  ];
  const until = new Date(deadlineAtMs).toISOString();
  const refusing: readonly CountedDecision[] = [
    {},
    { same: [line] },
    { limits: { [`/${line}`]: { fixed: lines }, "/a": { oneOf: [line, 1] } } },
  ].map((which, i) => ({
    n: i + 1,
    email: ana.email,
    choice: "reject",
    doNotAsk: { until, ...which },
    at,
    door: "mail",
  }));
  const explanation = {
    round: 1,
    rounds: 3,
    stage: 1,
    stages: 2,
    waitingFor: [
      { group: line, needed: 1, people: [ana, bo] },
      { needed: 2, people: [ana, bo] },
      { needed: 1, people: Array.from({ length: 9 }, () => ana) },
    ],
    approved: [line],
    revising: true,
    undoUntilMs: atMs,
    next: { people: [bo] },
  };
  const doers: readonly Doer[] = [
    { kind: "operator", name: line },
    { kind: "key", name: line },
    { kind: "command-line" },
    { kind: "program" },
  ];
  const outcomes = ["approved", "rejected", "expired", "cancelled"] as const;
  const reasons = ["stage-done", "escalated", "changes-requested", "round-over"] as const;
  const plain = { ...request, choices: undefined, stages: undefined, approvers: [ana, bo] };
  const { choices: _choices, stages: _stages, ...simple } = plain;
  return [
    { kind: "request", ...ask },
    ...(["yes", "costly", "no"] as const).map(
      (reversible): Mail => ({
        kind: "request",
        ...ask,
        request: { ...request, action: { ...action, reversible } },
      }),
    ),
    {
      kind: "request",
      ...ask,
      request: { ...request, items: [action, action].map((each) => ({ ...each, reversible: "yes" })) },
    },
    ...[{}, { [`${line}1`]: `${lines} `.repeat(Math.ceil(60_000 / lines.length)) }].map(
      (given): Mail => ({
        kind: "request",
        ...ask,
        request: { ...request, action: { ...action, arguments: given, reversible: "no" } },
      }),
    ),
    { kind: "request", ...ask, request: lasting },
    ...(["first", "near"] as const).flatMap((told): Mail[] => {
      const used = { told, slot: 80, used: { uses: 80, total: "961.3" }, atMs, untilMs: deadlineAtMs };
      return [
        {
          kind: "standing-used",
          ...ballot,
          request: lasting,
          ...used,
          link: `${publicUrl}/d/a.b.c/standing`,
        },
        { kind: "requester-standing-used", ...own, request: lasting, ...used },
      ];
    }),
    { kind: "request", ...ask, request: { ...simple, onDeadline: "expire" } },
    { kind: "request", ...ask, request: { ...simple, onDeadline: "reject", replace: true } },
    {
      kind: "request",
      ...ask,
      request: { ...simple, approvers: [ana], rejection: "veto", onDeadline: "approve" },
    },
    {
      kind: "request",
      ...ask,
      request: { ...request, summary: `${lines}\n\n`.repeat(4_000), rejection: "veto" },
    },
    { kind: "reminder", ...later, dueAtMs: atMs, explanation },
    { kind: "escalated", ...later, request: { ...simple, replace: true } },
    { kind: "reassigned", ...later, from: bo, reason: lines },
    { kind: "request", ...ask, inPlaceOf: [{ person: kim, untilMs: atMs, note: line }] },
    { kind: "escalated", ...later, inPlaceOf: [kim, bo].map((person) => ({ person, untilMs: atMs })) },
    { kind: "next-round", ...later, before: { title: `${line}x`, details: [] }, note: lines },
    { kind: "undone", ...later },
    ...doers.map((doer): Mail => ({ kind: "undone", ...later, doer })),
    { kind: "reassigned", ...later, from: bo, doer: { kind: "key", name: line } },
    { kind: "handed-on", ...ballot, to: bo, reason: line },
    ...doers.map((doer): Mail => ({ kind: "handed-on", ...ballot, to: bo, doer })),
    ...[...outcomes, ...reasons].map(
      (because): Mail => ({ kind: "no-longer-needed", ...ballot, because, atMs, reason: line }),
    ),
    ...outcomes.map(
      (outcome): Mail => ({ kind: "outcome", ...answered, outcome, atMs, decisions, reason: lines }),
    ),
    {
      kind: "outcome",
      ...answered,
      outcome: "rejected",
      atMs,
      decisions: refusing,
      link: `${publicUrl}/d/a.b.c/refusal`,
    },
    { kind: "requested", ...own, people: [ballot.approver] },
    ...outcomes.flatMap((outcome) =>
      reasonsToEnd.map(
        (why): Mail => ({ kind: "requester-outcome", ...own, outcome, atMs, decisions: [], why }),
      ),
    ),
    {
      kind: "changes-requested",
      ...own,
      by: ana,
      door: "api",
      caller: line,
      comment: lines,
      round: 1,
      rounds: 3,
      deadlineAtMs,
    },
    ...[true, false].map(
      (mayChange): Mail => ({
        kind: "out-of-reach",
        ...own,
        n: 2,
        explanation: {
          ...explanation,
          stageName: line,
          outOfReach: [
            { group: line, needed: 2, people: [ana] },
            { needed: 1, people: [] },
          ],
        },
        deadlineAtMs,
        mayChange,
      }),
    ),
    { kind: "undeliverable", ...own, people: [bo], ballots: [2] },
    { kind: "undeliverable", ...own, people: [ana, bo], ballots: [1, 2] },
  ];
}
