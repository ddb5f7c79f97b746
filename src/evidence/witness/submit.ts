/** Asks a witness to cosign a head: c2sp.org/tlog-witness, `add-checkpoint`. */
import type { VerifierKey } from "../../lib/verifier-key.ts";
import { readCheckpoint } from "../checkpoint.ts";
import type { EventLog } from "../event-log.ts";
import { isBy, partsOf, signatureLines } from "../note.ts";
import { CLOCKS_DIFFER_MS, type Cosigned, readCosignature, withLines } from "./cosignature.ts";

export interface Witness {
  readonly key: VerifierKey;
  /** What `/add-checkpoint` is appended to. */
  readonly url: string;
}

/** Why a witness has not cosigned. `contradiction`: it has seen another log, or a longer one, than there is now. */
export class WitnessError extends Error {
  override readonly name = "WitnessError";
  readonly kind: "unreachable" | "refused" | "contradiction";

  constructor(kind: WitnessError["kind"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export interface Submission {
  readonly witness: Witness;
  readonly eventLog: Pick<EventLog, "consistency" | "entries">;
  /** A signed head of the log. */
  readonly note: string;
  /** One of now, for a witness that has seen a longer log: another gateway may have been first with it. */
  readonly newer: () => Promise<string>;
  /** The size that the witness has, as far as it is known; 0 if it is not. It says so itself if it is another. */
  readonly known: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly signal?: AbortSignal | undefined;
}

export interface Witnessed {
  /** The head, signed by the log and by this witness. */
  readonly note: string;
  readonly size: number;
  readonly atMs: number;
}

const ANSWER_MS = 10_000;
const ANSWER_BYTES_MAX = 16_384;
/** Of what a witness says about a refusal. */
const SAID_CHARS_MAX = 200;

/**
 * At most two requests, of ten seconds each.
 * @throws WitnessError; what `eventLog` and `newer` throw
 */
export async function askWitness(submission: Submission): Promise<Witnessed> {
  const { note, known, newer } = submission;
  const size = sizeOf(note);
  const first = await attempt(submission, note, Math.min(known, size));
  if (!("has" in first)) return first;
  // It has seen another size than we know of, and says which.
  const head = first.has > size ? await newer() : note;
  if (first.has > sizeOf(head)) throw contradiction(first.has, sizeOf(head));
  const second = await attempt(submission, head, first.has);
  if (!("has" in second)) return second;
  throw new WitnessError(
    "refused",
    `it says that it has ${second.has} events, after it said that it has ${first.has}: somebody else asks it, too`,
  );
}

function contradiction(has: number, size: number): WitnessError {
  const what = `it has cosigned a log of ${has} events, and there are ${size}`;
  return new WitnessError("contradiction", `${what}: the log was shortened, or a backup was restored`);
}

async function attempt(
  { witness, eventLog, clock, signal }: Submission,
  note: string,
  older: number,
): Promise<Witnessed | { readonly has: number }> {
  const size = sizeOf(note);
  const { proof } = older === 0 ? { proof: [] } : await eventLog.consistency(older, size);
  const hashes = proof.map((hash) => `${Buffer.from(hash, "hex").toString("base64")}\n`);
  const { status, type, text } = await post(witness, `old ${older}\n${hashes.join("")}\n${note}`, signal);
  if (status === 200) {
    const found = witnessed(witness.key, note, text, clock());
    assertAfter(found, await timeOfLast(eventLog, size));
    return found;
  }
  if (status === 409 && type === "text/x.tlog.size") {
    const has = /^(?:0|[1-9]\d{0,15})\n?$/u.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(has)) return { has };
  }
  const isSame = older === size;
  const said = text.trim().slice(0, SAID_CHARS_MAX);
  const answer = `it answers ${status}${said === "" ? "" : `: ${JSON.stringify(said)}`}`;
  // One of another head of the same size may come as 409 without a size: earlier texts of the protocol have it so.
  if (status === 422 || (status === 409 && isSame)) {
    const why = isSame
      ? `it has cosigned another head of ${size} events`
      : `it does not accept that the log of ${older} events, which it has cosigned, was only added to`;
    throw new WitnessError("contradiction", `${why} (${answer})`);
  }
  const why = REFUSALS[status];
  throw new WitnessError("refused", why === undefined ? answer : `${why} (${answer})`);
}

/** What an operator should do about them. */
const REFUSALS: Readonly<Record<number, string>> = {
  403: "it does not know this log, or not the key that signs it: give it the log's verifier key",
  404: "it does not know this log, or there is no witness at this address",
};

function witnessed(key: VerifierKey, note: string, answer: string, nowMs: number): Witnessed {
  const text = partsOf(note)?.text ?? "";
  // A witness may answer with signatures of other keys, too.
  const own = signatureLines(answer)?.filter((line) => isBy(line, key)) ?? [];
  let read: Cosigned = { result: "missing" };
  for (const line of own) {
    read = readCosignature(key, text, line, nowMs);
    if (read.result === "holds")
      return { note: withLines(note, [read.line]), size: sizeOf(note), atMs: read.atMs };
  }
  const why = read.result === "wrong" ? read.why : "there is none of the key in the settings";
  throw new WitnessError("refused", `its cosignature cannot be used: ${why}`);
}

/**
 * The time of a cosignature is when it was made, so it cannot be of a head whose events had not happened by then. It may
 * well be from before our request: the protocol lets a witness answer with a cosignature that it has of the same head.
 *
 * @param eventAtMs undefined: it is not known
 */
function assertAfter({ atMs }: Witnessed, eventAtMs: number | undefined): void {
  if (eventAtMs === undefined || atMs >= eventAtMs - CLOCKS_DIFFER_MS) return;
  const [cosigned, happened] = [atMs, eventAtMs].map((ms) => new Date(ms).toISOString());
  throw new WitnessError(
    "refused",
    `its cosignature cannot be used: it is of ${cosigned}, and the last event that it covers is of ${happened}. One of the two clocks is wrong`,
  );
}

/** When the last event of a head happened, by the engine's clock, in milliseconds since 1970. */
async function timeOfLast(eventLog: Pick<EventLog, "entries">, size: number): Promise<number | undefined> {
  const [text] = await eventLog.entries(size - 1, 1);
  const { at } = (text === undefined ? {} : JSON.parse(text)) as { readonly at?: unknown };
  return typeof at === "string" ? Date.parse(at) : undefined;
}

async function post({ url }: Witness, body: string, signal: AbortSignal | undefined) {
  const limit = AbortSignal.timeout(ANSWER_MS);
  try {
    const answer = await fetch(`${url}/add-checkpoint`, {
      method: "POST",
      body,
      headers: { "Content-Type": "text/plain; charset=utf-8" },
      redirect: "error",
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    const type = answer.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
    return { status: answer.status, type, text: await textOf(answer) };
  } catch (error) {
    throw new WitnessError("unreachable", `it cannot be reached: ${reasonOf(error)}`, { cause: error });
  }
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) throw new Error(`its answer has more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** `fetch` says what happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer in ${ANSWER_MS / 1_000} seconds`;
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}

function sizeOf(note: string): number {
  const size = readCheckpoint(note)?.size;
  if (size === undefined) throw new TypeError("Cannot ask a witness: this is no head of a log");
  return size;
}
