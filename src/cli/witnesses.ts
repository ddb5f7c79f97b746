/** Whether witnesses have cosigned a head, for the commands that read one: `--witness` and `--quorum`. */
import { cosignedBy } from "../evidence/witness/cosignature.ts";
import { KEY_TYPES, readVerifierKeyOf, type VerifierKey } from "../lib/verifier-key.ts";
import { UsageError } from "./command.ts";

export const WITNESS_OPTIONS = {
  witness: { type: "string", multiple: true },
  quorum: { type: "string" },
} as const;

export const WITNESS_HELP = `  --witness KEY  The verifier key of a witness that must have cosigned the head; may be given several times
  --quorum N     How many of these witnesses must have. Default: all of them`;

/** As many signatures as a note may have. */
const WITNESSES_MAX = 64;

export interface Quorum {
  readonly keys: readonly VerifierKey[];
  readonly needed: number;
}

export interface WitnessCheck {
  readonly needed: number;
  readonly holding: number;
  readonly witnesses: readonly {
    readonly name: string;
    readonly result: "holds" | "missing" | "wrong";
    /** When the witness says that it saw the head. */
    readonly at?: string;
    readonly why?: string;
  }[];
}

/** @throws UsageError */
export function quorumIn(values: {
  readonly witness?: readonly string[] | undefined;
  readonly quorum?: string | undefined;
}): Quorum | undefined {
  const { witness = [], quorum } = values;
  if (witness.length === 0) {
    if (quorum !== undefined) throw new UsageError("--quorum needs --witness");
    return undefined;
  }
  if (witness.length > WITNESSES_MAX)
    throw new UsageError(`--witness can be given ${WITNESSES_MAX} times at most`);
  const keys = witness.map((text, at) => {
    const read = readVerifierKeyOf(KEY_TYPES.cosignature, text.trim());
    if ("wrong" in read) throw new UsageError(`--witness ${at + 1} ${read.wrong}`);
    return read;
  });
  // One key under two names signs the same: it would count twice.
  const distinct = new Set(keys.map(({ publicKey }) => publicKey));
  if (distinct.size < keys.length) throw new UsageError("--witness names a key twice");
  const needed = quorum === undefined ? keys.length : /^\d{1,2}$/u.test(quorum) ? Number(quorum) : 0;
  if (needed < 1 || needed > keys.length)
    throw new UsageError(
      `--quorum must be a whole number from 1 to ${keys.length}: as many as there are --witness`,
    );
  return { keys, needed };
}

/** @param note a checkpoint with all its signatures */
export function checkWitnesses({ keys, needed }: Quorum, note: string, nowMs: number): WitnessCheck {
  const witnesses = keys.map((key) => {
    const found = cosignedBy(key, note, nowMs);
    const { result } = found;
    return {
      name: key.name,
      result,
      ...(found.result === "holds" ? { at: new Date(found.atMs).toISOString() } : {}),
      ...(found.result === "wrong" ? { why: found.why } : {}),
    };
  });
  return { needed, holding: witnesses.filter(({ result }) => result === "holds").length, witnesses };
}

/** For people: how many hold, and what each says. */
export function witnessLines({ needed, holding, witnesses }: WitnessCheck): string[] {
  return [
    `${holding} of ${witnesses.length} witnesses have cosigned the head, and ${needed} must have: ${holding >= needed ? "enough" : "NOT ENOUGH"}`,
    ...witnesses.map(({ name, result, at = "", why = "" }) => {
      if (result === "holds") return `  ${name} saw it as the newest head of a log that only grew, at ${at}`;
      return result === "missing"
        ? `  ${name} has not cosigned it`
        : `  ${name}: the cosignature does not hold: ${why}`;
    }),
  ];
}
