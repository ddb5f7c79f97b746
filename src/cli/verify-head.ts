/** `countersign verify` of a head of a log: by the log's published keys, and by those of witnesses. */
import { noteIn, originOf, readCheckpoint } from "../evidence/checkpoint.ts";
import { openNote, readVerifierKey } from "../evidence/note.ts";
import type { Checked } from "../proof/check.ts";
import type { TrustedKeys } from "./trusted-keys.ts";
import { checkWitnesses, type Quorum, type WitnessCheck } from "./witnesses.ts";

type Line = Checked["lines"][number];

export interface CheckedHead {
  readonly log: string;
  readonly size: number;
  /** In hexadecimal. */
  readonly root: string;
  readonly lines: readonly Line[];
  readonly witnesses?: WitnessCheck;
}

/** Undefined if there is no head of a log in the text. */
export function checkHead(
  text: string,
  { keys, quorum, nowMs }: { keys: TrustedKeys | undefined; quorum: Quorum | undefined; nowMs: number },
): CheckedHead | undefined {
  const note = noteIn(text);
  const head = note === undefined ? undefined : readCheckpoint(note);
  if (note === undefined || head === undefined) return undefined;
  const witnesses = quorum && checkWitnesses(quorum, note, nowMs);
  return {
    log: head.origin,
    size: head.size,
    root: head.root.toString("hex"),
    lines: [
      ...keyLines(note, head.origin, keys),
      ...(witnesses === undefined ? [UNWITNESSED] : linesOf(witnesses)),
    ],
    ...(witnesses && { witnesses }),
  };
}

const UNWITNESSED: Line = {
  result: "not-checked",
  what: "Whether others have seen the same head: name witnesses that you trust with --witness",
};

function keyLines(note: string, origin: string, keys: TrustedKeys | undefined): Line[] {
  if (keys === undefined) {
    const what = "Whether the log has signed it: say with --keys whose keys count";
    return [{ result: "not-checked", what }];
  }
  const known = (keys.log ?? []).map(readVerifierKey).filter((key) => key !== undefined);
  const opened = openNote(note, known);
  const isSigned = opened !== undefined && opened.signatures > 0;
  const lines: Line[] = [
    isSigned
      ? { result: "ok", what: `It is signed for ${origin}, by a log key that you trust` }
      : { result: "wrong", what: `It is signed by none of the log keys that you trust, or was changed` },
  ];
  if (keys.origin === undefined || originOf(keys.origin) === origin) return lines;
  const what = `Whether ${origin} is the log of the service that you trust: your keys came from ${keys.origin}`;
  return [...lines, { result: "not-checked", what }];
}

function linesOf({ needed, holding, witnesses }: WitnessCheck): Line[] {
  const total = `${holding} of ${witnesses.length} witnesses have cosigned it, and ${needed} must have`;
  return [
    ...witnesses.map(({ name, result, at = "", why = "" }): Line => {
      if (result === "holds")
        return {
          result: "ok",
          what: `The witness ${name} saw it at ${at}, as the newest head of a log that only grew`,
        };
      // Whether that is too little is for the quorum to say.
      const what =
        result === "missing" ? "it has not cosigned this head" : `its cosignature does not hold: ${why}`;
      return { result: "not-checked", what: `What the witness ${name} saw: ${what}` };
    }),
    { result: holding >= needed ? "ok" : "wrong", what: total },
  ];
}
