/**
 * Checks a bundle: that it was signed, that the receipts say what the evidence says, and that the evidence comes to that outcome by
 * the rule. It asks nobody. Each check is a line; what cannot be checked is a line too.
 */
import { type Course, courseOf } from "../approval/course.ts";
import { actionsOf } from "../approval/items.ts";
import { outcomeOf, requestOf, type StoredRecord } from "../approval/stored.ts";
import { isSameJson } from "../lib/canonical-json.ts";
import { type KeySet, keyNamedIn, verifySigned } from "../signing/verify.ts";
import type { Bundle } from "./bundle.ts";
import { contentProblems, digestProblems, unhashedIn } from "./check-content.ts";
import { placeProblems } from "./check-places.ts";
import { orderProblems, useProblems } from "./check-uses.ts";
import { evidenceHash, recordsOf } from "./evidence.ts";
import { decisionReceipt, outcomeReceipt } from "./receipt.ts";
import { recompute } from "./recompute.ts";

interface Line {
  readonly result: "ok" | "wrong" | "not-checked";
  readonly what: string;
}

export interface Checked {
  /** Of the outcome's receipt. Said by it, so only as good as the lines. */
  readonly about: { readonly issuer?: string; readonly approval?: string; readonly outcome?: string };
  readonly lines: readonly Line[];
}

/** @param keys those of the service that the reader trusts. Default: the bundle's own, which proves nothing about who signed */
export async function checkBundle(bundle: Bundle, keys?: KeySet): Promise<Checked> {
  const set = keys ?? bundle.keys;
  const { root, children } = recordsOf(bundle.evidence);
  const course = root && courseOf(root, children);
  if (root === undefined || course === undefined)
    return { about: {}, lines: [wrong("The evidence is that of an approval")] };
  const outcome = await verifySigned(set, "countersign-receipt+jwt", bundle.receipts.outcome);
  if (!outcome.ok) {
    const what = `The outcome's receipt is signed: ${REFUSED[outcome.reason]}`;
    return { about: { approval: root.id }, lines: [keysLine(bundle, keys), wrong(what), NOTHING_ELSE] };
  }
  const { kid, claims } = outcome;
  const issuer = String(claims["iss"]);
  const about = { issuer, approval: root.id, outcome: String(claims["outcome"]) };
  const lines = [
    keysLine(bundle, keys),
    ok(`The outcome's receipt is signed by the key ${kid}, for ${issuer}`),
  ];
  if (claims["evidence"] !== evidenceHash(bundle.evidence)) {
    const what = "The evidence is not what was signed: something of it is changed, missing or added";
    return { about, lines: [...lines, wrong(what), NOTHING_ELSE] };
  }
  lines.push(ok("The evidence is what was signed: nothing of it is changed, missing or added"));
  const seen = { set, issuer, claims, course, root, children };
  return { about, lines: [...lines, ...(await computed(bundle, seen)), ...LIMITS.map(notChecked)] };
}

interface Seen {
  readonly set: KeySet;
  readonly issuer: string;
  /** Of the outcome's receipt. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly course: Course;
  readonly root: StoredRecord;
  readonly children: readonly StoredRecord[];
}

async function computed(bundle: Bundle, seen: Seen): Promise<Line[]> {
  try {
    return [
      outcomeLine(seen),
      ...(await decisionLines(bundle, seen)),
      ...(await useLines(bundle, seen)),
      ...evidenceLines(seen.course, seen.children),
    ];
  } catch (error) {
    // Somebody signed what the product never stores, such as a stage that there is not.
    return [wrong(`The evidence makes no sense: ${error instanceof Error ? error.message : String(error)}`)];
  }
}

const NOTHING_ELSE = notChecked("Everything else: it would be computed from what nobody has signed");

const LIMITS_OF_USES = notChecked(
  "Whether uses kept to the limits: of their arguments there is the hash alone, and of their number and total the word of the service",
);

/** What no bundle can show. */
const LIMITS = [
  "Who read the approvers' mails, and who held their devices and keys",
  "Whether the service that signed recorded what happened, and nothing else: its log shows more",
  "Mails, reminders, callbacks and what came after the end, except uses: they are not in a bundle",
];

function keysLine(bundle: Bundle, keys: KeySet | undefined): Line {
  if (keys === undefined) {
    return notChecked(
      "Whose keys these are: they came with the bundle. Give --keys, the address or a file of the key set that you trust",
    );
  }
  const { outcome, decisions, uses } = bundle.receipts;
  const signing = new Set(
    [outcome, ...decisions, ...uses].flatMap((token) => keyNamedIn("countersign-receipt+jwt", token) ?? []),
  );
  // Others may have been retired since: what they signed is not in the bundle.
  const theirs = bundle.keys.keys.filter(({ kid }) => signing.has(kid));
  if (theirs.length < signing.size)
    return wrong("The bundle has not all of the keys that signed its receipts");
  const unknown = theirs.find((key) => !keys.keys.some((known) => isSameJson(known, key)));
  return unknown === undefined
    ? ok("The keys that signed are among those that you trust")
    : wrong(`The bundle's key ${unknown.kid} is not among those that you trust`);
}

function outcomeLine({ course, claims }: Seen): Line {
  const { iss: _, ...said } = claims;
  return isSameJson(said, outcomeReceipt(course, String(said["evidence"])))
    ? ok("The outcome's receipt says what follows from the evidence")
    : wrong("The outcome's receipt says something else than the evidence");
}

async function decisionLines(
  { receipts: { decisions } }: Bundle,
  { set, course, issuer }: Seen,
): Promise<Line[]> {
  const expected = course.ballots.flatMap(({ ballot: { n } }) => decisionReceipt(course, n) ?? []);
  if (expected.length !== decisions.length) {
    const what = `The evidence has ${expected.length} answers, and there are ${decisions.length} receipts of answers`;
    return [wrong(what)];
  }
  return await Promise.all(
    expected.map(async (said, index) => {
      const name = `The receipt of ballot ${said.ballot}`;
      return await receiptLine(set, decisions[index] ?? "", { ...said, iss: issuer }, name);
    }),
  );
}

async function useLines({ receipts: { uses } }: Bundle, { set, root, issuer }: Seen): Promise<Line[]> {
  const isStanding = requestOf(root)?.action?.standing !== undefined;
  const taken: Readonly<Record<string, unknown>>[] = [];
  const lines = await Promise.all(
    uses.map(async (token, index): Promise<Line[]> => {
      const read = await verifySigned(set, "countersign-receipt+jwt", token);
      if (!read.ok) return [wrong(`Receipt ${index + 1} of uses is signed: ${REFUSED[read.reason]}`)];
      taken.push(read.claims);
      const name = `The receipt of use ${String(read.claims["n"])}`;
      const problems = useProblems(root, read.claims, issuer);
      return all(
        problems.map((problem) => `${name}: ${problem}`),
        isStanding
          ? `${name} is signed, and its number, time and digest fit what was approved`
          : `${name} is signed, and fits what was approved`,
      );
    }),
  );
  // Uses come after what was signed with the outcome.
  const left =
    outcomeOf(root)?.action === undefined
      ? []
      : [
          notChecked(
            "Uses that are not in the bundle: it may be older than one, and the receipt of one can be left out",
          ),
        ];
  const several =
    new Set(taken.map(({ n }) => n)).size < taken.length
      ? [wrong("Several receipts have the number of one use")]
      : [];
  const order = isStanding ? orderProblems(taken).map(wrong) : [];
  const limits = isStanding && uses.length > 0 ? [LIMITS_OF_USES] : [];
  return [...lines.flat(), ...several, ...order, ...limits, ...left];
}

async function receiptLine(set: KeySet, token: string, claims: object, name: string): Promise<Line> {
  const read = await verifySigned(set, "countersign-receipt+jwt", token);
  if (!read.ok) return wrong(`${name} is signed: ${REFUSED[read.reason]}`);
  return isSameJson(read.claims, claims)
    ? ok(`${name} is signed, and says what is in the evidence`)
    : wrong(`${name} says something else than the evidence`);
}

function evidenceLines(course: Course, children: readonly StoredRecord[]): Line[] {
  const recomputed = recompute(course, children);
  return [
    ...all(placeProblems(course, children), "Every promise is in its place, and its times are in order"),
    ...contentLines(course),
    ...(actionsOf(course.request).length === 0
      ? []
      : all(digestProblems(course), "The action's digest is that of action, rule, people and deadline")),
    ...recomputed.agreed.map(ok),
    ...recomputed.wrong.map(wrong),
    ...recomputed.open.map(notChecked),
  ];
}

function contentLines(course: Course): Line[] {
  const [count, unhashed] = [course.ballots.length, unhashedIn(course)];
  const fine =
    unhashed === 0
      ? "What every approver was shown is the content whose hash the ballot has"
      : `What was shown is the content whose hash the ballot has, on ${count - unhashed} of ${count} ballots`;
  const skipped = `What was shown on ${unhashed} of ${count} ballots: they have no hash of it, as earlier versions stored none`;
  const problems = contentProblems(course);
  return [
    ...(count > 0 && count === unhashed ? [] : all(problems, fine)),
    ...(unhashed === 0 ? [] : [notChecked(skipped)]),
  ];
}

const REFUSED = {
  malformed: "it is no compact JWS",
  header: "its header is not one of ours",
  "unknown-key": "by a key that is not in the key set",
  signature: "the signature is wrong",
  claims: "it holds no claims",
} as const;

function all(problems: readonly string[], fine: string): Line[] {
  return problems.length === 0 ? [ok(fine)] : problems.map(wrong);
}

function ok(what: string): Line {
  return { result: "ok", what };
}

function notChecked(what: string): Line {
  return { result: "not-checked", what };
}

function wrong(what: string): Line {
  return { result: "wrong", what };
}
