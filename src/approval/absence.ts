/**
 * Out of office: while somebody is away, another person is asked in their place.
 *
 * A1 The stand-in of a stand-in who is away is asked, over at most three people. Where more follow, or they lead back to
 *    somebody before, the person themselves is asked.
 * A2 So it is where the stand-in is the requester, or sits in one of the groups that the question is for: one person
 *    counts once.
 * A3 Who is asked is settled when the question is: a rule that begins or ends later changes nothing about it.
 */
import { z } from "zod";
import type { Ask } from "./evaluate/evaluation.ts";
import { addressKey } from "./person.ts";
import type { Rule } from "./rule.ts";
import type { WhoIs } from "./same-person.ts";
import { type Person, storedPersonSchema } from "./schema.ts";

/** Who is asked in place of somebody, and until when, in milliseconds since 1970. */
export interface Away {
  readonly to: Person;
  readonly untilMs: number;
  /** What the stand-in is told about it. */
  readonly note?: string;
}

/** Who is away at one moment, by the key of their address. */
export type AwayAt = (key: string) => Away | undefined;

/** The same as plain JSON, for those who matter to one approval. */
export type AwayPeople = Readonly<Record<string, Away>>;

/** Somebody in whose place another person is asked. */
export interface InPlaceOf {
  readonly person: Person;
  readonly untilMs: number;
  readonly note?: string;
}

/** How many stand-ins may follow on one another. */
export const CHAIN_MAX = 3;

const away: z.ZodType<Away> = z.object({
  to: storedPersonSchema,
  untilMs: z.int().min(0),
  note: z.exactOptional(z.string()),
});

export const storedAwaySchema: z.ZodType<AwayPeople> = z.record(z.string(), away);

/** The result of the step that settles who is away; undefined if another program wrote it. */
export function awayPeopleIn(value: unknown): AwayPeople | undefined {
  const parsed = storedAwaySchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

export const storedInPlaceOfSchema: z.ZodType<InPlaceOf> = z.object({
  person: storedPersonSchema,
  untilMs: z.int().min(0),
  note: z.exactOptional(z.string()),
});

/** Reads those who are away from stored terms. */
export function awayIn(people: AwayPeople | undefined): AwayAt {
  return (key) => (people === undefined || !Object.hasOwn(people, key) ? undefined : people[key]);
}

/** Of those who are away, the ones that count for these people; undefined if there are none. */
export function awayAmong(people: readonly Person[], awayAt: AwayAt): AwayPeople | undefined {
  const found = new Map<string, Away>();
  const visit = (person: Person, hops: number) => {
    const key = addressKey(person.email);
    const rule = awayAt(key);
    if (rule === undefined) return;
    found.set(key, rule);
    if (hops < CHAIN_MAX) visit(rule.to, hops + 1);
  };
  for (const person of people) visit(person, 0);
  return found.size === 0 ? undefined : Object.fromEntries(found);
}

interface Conditions {
  readonly awayAt: AwayAt;
  /** Who is one person, and who never decides. */
  readonly rule: Pick<Rule, "whoIs" | "requester">;
  /** Whether a person, by key, has a part in one of the groups already. */
  readonly isTaken?: (key: string, groups: readonly number[]) => boolean;
  /** Whether this question goes to that person and to nobody else. */
  readonly isFixed?: (ask: Ask) => boolean;
}

/** The same questions, to stand-ins where people are away. */
export function withStandIns(
  asks: readonly Ask[],
  { awayAt, rule, isTaken = () => false, isFixed = () => false }: Conditions,
): Ask[] {
  const { whoIs, requester } = rule;
  const made: Ask[] = [];
  const isAsked = (key: string, ask: Ask) =>
    [...asks, ...made].some(
      (other) =>
        other !== ask && whoIs(other.person.email) === key && isForOneGroup(other.groups, ask.groups),
    );
  for (const ask of asks) {
    const found = isFixed(ask) ? undefined : standInFor(ask.person, awayAt);
    const key = found && whoIs(found.to.email);
    const isFit = key !== undefined && key !== requester && !isTaken(key, ask.groups) && !isAsked(key, ask);
    add(made, isFit && found !== undefined ? inPlaceOf(ask, found) : ask, whoIs);
  }
  return made;
}

function inPlaceOf(ask: Ask, { to, untilMs, note }: Away): Ask {
  const place = { person: ask.person, untilMs, ...(note === undefined ? {} : { note }) };
  return { ...ask, person: to, via: ask.via ?? { kind: "absence" }, inPlaceOf: [place] };
}

/** Who is asked in the end, and until when the first of them is away; undefined: the person themselves. */
function standInFor(person: Person, awayAt: AwayAt): Away | undefined {
  const first = awayAt(addressKey(person.email));
  const seen = new Set([addressKey(person.email)]);
  let last = first;
  for (let next = first; next !== undefined; next = awayAt(addressKey(next.to.email))) {
    const key = addressKey(next.to.email);
    if (seen.has(key) || seen.size > CHAIN_MAX) return undefined;
    seen.add(key);
    last = next;
  }
  return first === undefined || last === undefined ? undefined : { ...first, to: last.to };
}

/** Who is asked at once for themselves and for others, or for several, gets one question. */
function add(made: Ask[], ask: Ask, whoIs: WhoIs): void {
  const key = whoIs(ask.person.email);
  const at = made.findIndex((other) => whoIs(other.person.email) === key && isOneQuestion(other, ask));
  const other = made[at];
  if (other === undefined) {
    made.push(ask);
    return;
  }
  const { via: _, ...both } = other;
  const places = [...(other.inPlaceOf ?? []), ...(ask.inPlaceOf ?? [])];
  const isForOthersOnly = other.via?.kind === "absence" && ask.via?.kind === "absence";
  const via = isForOthersOnly || other.via?.kind === "round" ? other.via : undefined;
  made[at] = {
    ...both,
    groups: [...new Set([...other.groups, ...ask.groups])].toSorted((a, b) => a - b),
    ...(via && { via }),
    ...(places.length === 0 ? {} : { inPlaceOf: places }),
  };
}

/** Questions that follow other ballots, or come by an escalation, stay apart. */
function isOneQuestion(one: Ask, other: Ask): boolean {
  return [one, other].every(({ via }) => via === undefined || via.kind === "round" || via.kind === "absence");
}

function isForOneGroup(some: readonly number[], others: readonly number[]): boolean {
  return some.some((group) => others.includes(group));
}
