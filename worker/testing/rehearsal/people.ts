/** The script of a rehearsal: what each person does when a mail comes. */
import { z } from "zod";
import { addressKey } from "../../../src/approval/person.ts";
import { fieldPath, problemsFromIssues } from "../../../src/approval/problems.ts";
import type { FieldProblem } from "../../../src/lib/errors.ts";
import { isMailAddress } from "../../../src/lib/mail-address.ts";
import { isAsking, type MailKind } from "./mails.ts";
import {
  ADDRESS_RULE,
  type Answerable,
  type Deed,
  deedOf,
  reactionSchema,
  type ScriptedReaction,
} from "./reaction.ts";

/** By mail address; `*` is everybody else. */
export type People = Readonly<Record<string, ScriptedReaction | readonly ScriptedReaction[]>>;

interface Received {
  readonly kind: MailKind;
  /** How many mails of that kind the person has got, with this one. */
  readonly nth: number;
  /** The same of all kinds that ask for a decision. */
  readonly nthAsking: number;
}

export interface Script {
  /** What this person does about a mail. */
  reactionsTo(address: string, mail: Received): readonly Deed[];
  /** What happens by the clock alone. */
  fromStart(): readonly { readonly address: string; readonly deed: Deed }[];
  /** The addresses that it names. */
  readonly addresses: readonly string[];
}

export type ParsedScript =
  | { readonly ok: true; readonly script: Script }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Stands for everybody whom the script does not name. */
const EVERYBODY = "*";
const PEOPLE_MAX = 200;
const REACTIONS_MAX = 50;

const reactionInput = z.union([z.string().min(1), reactionSchema]);
const peopleSchema = z.record(
  z.string(),
  z.union([z.string().min(1), reactionSchema, z.array(reactionInput).max(REACTIONS_MAX)]),
);

/** @param input {@link People}, as written in a file */
export function parsePeople(input: unknown, answerable: Answerable): ParsedScript {
  const parsed = peopleSchema.safeParse(input ?? {});
  if (!parsed.success) return { ok: false, problems: problemsFromIssues(parsed.error.issues, input) };
  const problems: FieldProblem[] = [];
  const people = new Map<string, Deed[]>();
  const entries = Object.entries(parsed.data);
  if (entries.length > PEOPLE_MAX) {
    problems.push({ field: fieldPath([]), message: `must have at most ${PEOPLE_MAX} people` });
  }
  for (const [address, given] of entries) {
    const field = fieldPath([address]);
    const isEverybody = address === EVERYBODY;
    if (!isEverybody && !isMailAddress(address)) problems.push({ field, message: `${ADDRESS_RULE}, or *` });
    const key = addressKey(address);
    if (people.has(key)) problems.push({ field, message: "must be named once" });
    const reactions = Array.isArray(given) ? given : [given];
    people.set(
      key,
      reactions.flatMap((reaction, i) => {
        const at = Array.isArray(given) ? [address, i] : [address];
        return deedOf(reaction, { ...answerable, at, isEverybody }, problems) ?? [];
      }),
    );
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, script: scriptOf(people) };
}

function scriptOf(people: ReadonlyMap<string, readonly Deed[]>): Script {
  return {
    addresses: [...people.keys()].filter((address) => address !== EVERYBODY),
    reactionsTo(address, { kind, nth, nthAsking }) {
      const planned = people.get(addressKey(address)) ?? people.get(EVERYBODY) ?? [];
      return planned.filter(({ on, nth: wanted }) => {
        if (on === undefined) return isAsking(kind) && (wanted ?? nthAsking) === nthAsking;
        return on === kind && (wanted ?? nth) === nth;
      });
    },
    fromStart: () =>
      [...people].flatMap(([address, planned]) =>
        planned.filter(({ on }) => on === "start").map((deed) => ({ address, deed })),
      ),
  };
}
