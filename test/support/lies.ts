import type { Decision, PlainChoice } from "../../src/approval/approval.ts";
import type { Told } from "./press.ts";

/** One press, and what the person who made it was told. */
export interface Pressed {
  readonly choice: PlainChoice;
  readonly told: Told;
}

const WORDS = { approve: "approved", reject: "rejected" } as const;
const HEADLINES = {
  approve: "Your answer is recorded: Approved",
  reject: "Your answer is recorded: Rejected",
} as const;

/**
 * Everything in which people were told something else than what is stored, in words: empty means that exactly one of
 * them was told to have decided, rightly, and all others what stands.
 *
 * @param unsure how many were told first that the service could not say: the one who decided may be among them, and
 *   was told, pressing again, that the answer had been there before
 */
export function liesIn(pressed: readonly Pressed[], stored: Decision, unsure = 0): string[] {
  const lies = pressed.flatMap(({ choice, told }, i) => {
    const isTheirs = receiptNonce(told) === stored.nonce;
    const expected = {
      status: choice === stored.choice ? 200 : 409,
      decision: WORDS[stored.choice as PlainChoice],
      effective: isTheirs,
      saysRecorded: isTheirs,
    };
    const { status, decision, effective, page } = told;
    const actual = { status, decision, effective, saysRecorded: page.includes(HEADLINES[choice]) };
    const [is, shouldBe] = [JSON.stringify(actual), JSON.stringify(expected)];
    return is === shouldBe ? [] : [`Press ${i} to ${choice} was told ${is}, but the truth is ${shouldBe}`];
  });
  const winners = pressed.filter(({ told }) => told.effective === true).length;
  return winners === 1 || (winners === 0 && unsure > 0)
    ? lies
    : [`${winners} were told that they decided`, ...lies];
}

/** The name of the press, from its receipt's token as anybody could read it. */
function receiptNonce({ url }: Told): string | undefined {
  const [, payload] = /\/r\/[\w-]+\.([\w-]+)\./u.exec(url) ?? [];
  if (payload === undefined) return undefined;
  return (JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { jti: string }).jti;
}
