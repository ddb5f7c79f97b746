/** What programs, operators and people do about absences: add a rule, see the rules, take one away. */

import {
  ABSENCE_ID,
  ABSENCE_KIND,
  ABSENCES_MAX,
  type Absence,
  type AbsenceEntry,
  absenceEntryOf,
  absenceIn,
  ENTRY_LIFE_MS,
  entryId,
  isWrittenBefore,
} from "../../approval/absence-entry.ts";
import {
  ABSENCES_LIMIT,
  absenceListCall,
  absenceOf,
  absenceRequest,
} from "../../approval/absence-request.ts";
import type { Act } from "../../approval/approval.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import { addressKey } from "../../approval/person.ts";
import { problemsFromIssues } from "../../approval/problems.ts";
import type { Durable } from "../../durable/durable.ts";
import { currentTime } from "../../durable/engine-time.ts";
import { canonicalHash } from "../../lib/canonical-hash.ts";
import { isSameJson } from "../../lib/canonical-json.ts";
import { type FieldProblem, ServiceError } from "../../lib/errors.ts";
import type { Actor } from "../approvals/act.ts";
import { actOf } from "../approvals/ballot-acts.ts";
import type { AbsenceBook, Written } from "./book.ts";

export interface AbsenceOptions {
  readonly durable: Durable;
  readonly absences: AbsenceBook;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Of writers in other processes who are faster. */
const TRIES = 10;

/**
 * Stores a rule. Repeated with the same nonce, it is the rule that was made then.
 *
 * @param body an `AbsenceRequest`
 * @throws ServiceError INVALID_FIELDS with every problem; FORBIDDEN if it is somebody else's; CONFLICT if the nonce
 *   belongs to another call
 */
export async function addAbsence(options: AbsenceOptions, body: unknown, actor: Actor): Promise<Absence> {
  const parsed = absenceRequest.safeParse(body ?? {});
  if (!parsed.success) throw wrong(problemsFromIssues(parsed.error.issues, body ?? {}));
  const { person, to } = parsed.data;
  assertTheirs(actor, person.email);
  // As it was given: a duration means another time when the call is repeated.
  const call = canonicalHash(parsed.data);
  return await write(options, actor, ({ rules, byNonce }, nowMs) => {
    const earlier = byNonce.get(actor.nonce);
    if (earlier !== undefined) {
      const { name, entry } = earlier;
      if (entry.entry !== "added") throw otherCall();
      const isSame =
        entry.call === undefined ? isSameJson([entry.person, entry.to], [person, to]) : entry.call === call;
      if (!isSame) throw otherCall();
      return { result: absenceIn(name, entry) };
    }
    if (rules.length >= ABSENCES_MAX) {
      const message = `Cannot store this absence: there are ${rules.length} rules already. Remove some first`;
      throw new ServiceError("CONFLICT", message);
    }
    const read = absenceOf(parsed.data, rules, nowMs);
    if (!read.ok) throw wrong(read.problems);
    return {
      entry: { kind: "absence", entry: "added", call, ...read.absence },
      resultAt: (name) => ({ id: name, ...read.absence }),
    };
  });
}

/**
 * Takes a rule away, whether it holds or not. What was asked before stays with those who were asked.
 *
 * @throws ServiceError NOT_FOUND if there is no such rule; FORBIDDEN if it is somebody else's
 */
export async function removeAbsence(options: AbsenceOptions, id: string, actor: Actor): Promise<void> {
  await write(options, actor, ({ rules, byNonce }) => {
    const rule = rules.find((each) => each.id === id);
    if (rule === undefined) {
      const earlier = byNonce.get(actor.nonce)?.entry;
      if (earlier?.entry === "removed" && earlier.rule === id) return { result: undefined };
      const named = ABSENCE_ID.test(id) ? id : id.slice(0, 20);
      throw new ServiceError("NOT_FOUND", `There is no absence "${named}", or it is over`);
    }
    assertTheirs(actor, rule.person.email);
    if (byNonce.has(actor.nonce)) throw otherCall();
    return { entry: { kind: "absence", entry: "removed", rule: id }, resultAt: () => undefined };
  });
}

/** Rules that hold or will, in the order in which they were made. @param person an address: only theirs */
export async function listAbsences(
  { durable, absences, clock }: AbsenceOptions,
  person: string | undefined,
): Promise<readonly Absence[]> {
  const { rules } = await absences.read(await currentTime({ durable, clock }));
  if (person === undefined) return rules;
  return rules.filter((rule) => addressKey(rule.person.email) === addressKey(person));
}

/** Rules of a person, and those by which they are asked in place of others. */
export async function absencesAbout(
  { durable, absences, clock }: AbsenceOptions,
  email: string,
): Promise<{ readonly own: readonly Absence[]; readonly others: readonly Absence[] }> {
  const { rules } = await absences.read(await currentTime({ durable, clock }));
  const key = addressKey(email);
  return {
    own: rules.filter(({ person }) => addressKey(person.email) === key),
    others: rules.filter(({ to }) => addressKey(to.email) === key),
  };
}

export interface AbsencePage {
  readonly absences: readonly Absence[];
  /** `cursor` of the next page; absent at the end. */
  readonly nextCursor?: string;
}

/**
 * A page of them. A cursor is the last rule of the page before, which may be gone by now.
 *
 * @param given parameters as texts
 * @throws ServiceError INVALID_FIELDS with every problem
 */
export async function pageOfAbsences(options: AbsenceOptions, given: unknown): Promise<AbsencePage> {
  const parsed = absenceListCall.safeParse(given);
  if (!parsed.success) {
    const problems = problemsFromIssues(parsed.error.issues, given);
    throw new ServiceError("INVALID_FIELDS", "Cannot list absences: some parameters are wrong", { problems });
  }
  const { person, limit = ABSENCES_LIMIT.default, cursor } = parsed.data;
  const rules = await listAbsences(options, person);
  const following = cursor === undefined ? rules : rules.filter(({ id }) => isWrittenBefore(cursor, id));
  const absences = following.slice(0, Number(limit));
  const last = absences.at(-1);
  const isEnd = last === undefined || absences.length === following.length;
  return isEnd ? { absences } : { absences, nextCursor: last.id };
}

type WithoutAct<E> = E extends unknown ? Omit<E, "act"> : never;

type Decided<Result> =
  /** Nothing is to be written. */
  | { readonly result: Result }
  | { readonly entry: WithoutAct<AbsenceEntry>; readonly resultAt: (name: string) => Result };

type Decide<Result> = (written: Written, nowMs: number) => Decided<Result>;

/** Writes the entry that follows from all that is written. */
async function write<Result>(options: AbsenceOptions, actor: Actor, decide: Decide<Result>): Promise<Result> {
  return await options.absences.inTurn(() => writeNow(options, actor, decide));
}

/** Where another process was faster, once more. */
async function writeNow<Result>(
  { durable, absences, clock }: AbsenceOptions,
  actor: Actor,
  decide: Decide<Result>,
): Promise<Result> {
  const act: Act = actOf(actor);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const nowMs = await currentTime({ durable, clock });
    const written = await absences.read(nowMs);
    const decided = decide(written, nowMs);
    if ("result" in decided) return decided.result;
    const record = await durable.create({
      id: entryId(written.next),
      param: { ...decided.entry, act },
      timeoutAt: nowMs + ENTRY_LIFE_MS,
      tags: { [KIND_TAG]: ABSENCE_KIND },
    });
    if (absenceEntryOf(record)?.act.nonce !== actor.nonce) continue;
    // So that this process knows it at once.
    await absences.read(nowMs);
    return decided.resultAt(written.next);
  }
  throw new ServiceError(
    "CONFLICT",
    "Cannot change absences: too many others do so at this moment. Try again",
  );
}

function assertTheirs({ by }: Actor, email: string): void {
  if (by === undefined || addressKey(by) === addressKey(email)) return;
  throw new ServiceError("FORBIDDEN", "The absence is somebody else's");
}

function otherCall(): ServiceError {
  return new ServiceError("CONFLICT", "The Idempotency-Key belongs to another call");
}

function wrong(problems: readonly FieldProblem[]): ServiceError {
  return new ServiceError("INVALID_FIELDS", "Cannot store this absence: some fields are wrong", { problems });
}
