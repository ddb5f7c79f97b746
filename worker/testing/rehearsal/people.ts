/** The script of a rehearsal: what each person does when a mail comes. */
import { z } from "zod";
import { deadlineAt, parseDeadline } from "../../../src/approval/deadline.ts";
import { addressKey } from "../../../src/approval/person.ts";
import { fieldPath, problemsFromIssues } from "../../../src/approval/problems.ts";
import { COMMENT_CHARS_MAX } from "../../../src/approval/schema.ts";
import type { FieldProblem } from "../../../src/lib/errors.ts";
import { isMailAddress } from "../../../src/lib/mail-address.ts";
import type { MailKind } from "./mails.ts";

/** Everything else that a person can do. */
const DEEDS = ["cancel"] as const;
const TRIGGERS = ["request"] as const satisfies readonly MailKind[];
/** Stands for everybody whom the script does not name. */
const EVERYBODY = "*";
const PEOPLE_MAX = 200;
const REACTIONS_MAX = 50;

const reactionSchema = z.strictObject({
  /** What they answer: the value of one of the request's choices. */
  choice: z.exactOptional(z.string().min(1)),
  /** What they do instead of an answer. */
  do: z.exactOptional(z.enum(DEEDS)),
  /** Beside an answer; of a cancellation, the reason. */
  comment: z.exactOptional(z.string().max(COMMENT_CHARS_MAX)),
  /** How long after the mail: an ISO 8601 duration. Default: at once. */
  after: z.exactOptional(
    z.string().refine(isDuration, "must be an ISO 8601 duration such as PT2H, P1D or P1DT12H"),
  ),
  /** The kind of mail that they react to, or `start`: the time counts from the beginning, whatever they get. */
  on: z.exactOptional(z.enum([...TRIGGERS, "start"])),
  /** Only to the `nth` mail of that kind; default: to each. */
  nth: z.exactOptional(z.int().min(1)),
});

/**
 * What somebody does: a choice's value such as `approve`, `cancel`, `ignore` (nothing), or one of these with more about
 * it.
 */
export type ScriptedReaction = string | z.input<typeof reactionSchema>;

/** By mail address; `*` is everybody else. */
export type People = Readonly<Record<string, ScriptedReaction | readonly ScriptedReaction[]>>;

/** A reaction, ready to happen. */
export interface Deed {
  readonly act: { readonly choice: string } | { readonly do: (typeof DEEDS)[number] };
  readonly comment?: string;
  readonly afterMs: number;
}

interface Planned extends Deed {
  readonly on: MailKind | "start" | undefined;
  readonly nth: number | undefined;
}

export interface Script {
  /** What this person does about the `nth` mail of this kind that they got. */
  reactionsTo(address: string, kind: MailKind, nth: number): readonly Deed[];
  /** What happens by the clock alone. */
  fromStart(): readonly { readonly address: string; readonly deed: Deed }[];
  /** The addresses that it names. */
  readonly addresses: readonly string[];
}

export type ParsedScript =
  | { readonly ok: true; readonly script: Script }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

const reactionInput = z.union([z.string().min(1), reactionSchema]);
const peopleSchema = z.record(
  z.string(),
  z.union([z.string().min(1), reactionSchema, z.array(reactionInput).max(REACTIONS_MAX)]),
);

/**
 * @param input {@link People}, as written in a file
 * @param choices the values that an answer can have
 */
export function parsePeople(input: unknown, choices: readonly string[]): ParsedScript {
  const parsed = peopleSchema.safeParse(input ?? {});
  if (!parsed.success) return { ok: false, problems: problemsFromIssues(parsed.error.issues, input) };
  const problems: FieldProblem[] = [];
  const people = new Map<string, Planned[]>();
  const entries = Object.entries(parsed.data);
  if (entries.length > PEOPLE_MAX) {
    problems.push({ field: fieldPath([]), message: `must have at most ${PEOPLE_MAX} people` });
  }
  for (const [address, given] of entries) {
    const field = fieldPath([address]);
    if (address !== EVERYBODY && !isMailAddress(address)) {
      problems.push({ field, message: "must be one plain mail address, such as ana@example.com, or *" });
    }
    const key = addressKey(address);
    if (people.has(key)) problems.push({ field, message: "must be named once" });
    const reactions = Array.isArray(given) ? given : [given];
    people.set(
      key,
      reactions.flatMap((reaction, i) => {
        const at = Array.isArray(given) ? [address, i] : [address];
        return plannedOf(reaction, { at, choices, problems, isEverybody: address === EVERYBODY });
      }),
    );
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, script: scriptOf(people) };
}

interface Place {
  readonly at: readonly PropertyKey[];
  readonly choices: readonly string[];
  readonly problems: FieldProblem[];
  readonly isEverybody: boolean;
}

function plannedOf(reaction: ScriptedReaction, { at, choices, problems, isEverybody }: Place): Planned[] {
  const given = typeof reaction === "string" ? wordOf(reaction, choices) : reaction;
  const note = (name: string, message: string) =>
    problems.push({ field: fieldPath(typeof reaction === "string" ? at : [...at, name]), message });
  if (given.choice === "ignore") return [];
  const possible = [...choices, "ignore", ...(typeof reaction === "string" ? DEEDS : [])];
  if (given.choice !== undefined && !choices.includes(given.choice)) {
    note("choice", `must be one of ${possible.join(", ")}, not ${JSON.stringify(given.choice)}`);
  }
  if ((given.choice === undefined) === (given.do === undefined)) {
    problems.push({
      field: fieldPath(at),
      message: `must have either choice (${[...choices, "ignore"].join(", ")}) or do (${DEEDS.join(", ")})`,
    });
  }
  if (given.on === "start" && isEverybody) note("on", "must not be start for *: name the person");
  if (given.on === "start" && given.choice !== undefined) {
    note("on", "must be a mail, because the answer needs the mail's link");
  }
  return [
    {
      act: given.do === undefined ? { choice: given.choice ?? "" } : { do: given.do },
      ...(given.comment === undefined ? {} : { comment: given.comment }),
      afterMs: durationMs(given.after ?? "PT0S"),
      on: given.on,
      nth: given.nth,
    },
  ];
}

/** A word alone is a choice of the request, or else something to do. */
function wordOf(word: string, choices: readonly string[]): z.input<typeof reactionSchema> {
  const deed = DEEDS.find((each) => each === word);
  return deed === undefined || choices.includes(word) ? { choice: word } : { do: deed };
}

function scriptOf(people: ReadonlyMap<string, readonly Planned[]>): Script {
  return {
    addresses: [...people.keys()].filter((address) => address !== EVERYBODY),
    reactionsTo(address, kind, nth) {
      const planned = people.get(addressKey(address)) ?? people.get(EVERYBODY) ?? [];
      return planned.filter((each) => (each.on ?? "request") === kind && (each.nth ?? nth) === nth);
    },
    fromStart: () =>
      [...people].flatMap(([address, planned]) =>
        planned.filter(({ on }) => on === "start").map((deed) => ({ address, deed })),
      ),
  };
}

function isDuration(text: string): boolean {
  return parseDeadline(text)?.kind === "duration" && durationMs(text) >= 0;
}

function durationMs(text: string): number {
  const parsed = parseDeadline(text);
  return parsed === undefined ? Number.NaN : deadlineAt(parsed, 0);
}
