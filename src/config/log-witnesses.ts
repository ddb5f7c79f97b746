/** The setting `LOG_WITNESSES`: who cosigns the head of the log of events. */
import { KEY_TYPES, readVerifierKeyOf, type VerifierKey } from "../lib/verifier-key.ts";
import * as read from "./read.ts";

export interface LogWitness {
  readonly key: VerifierKey;
  /** The prefix of what is submitted, without a slash at its end. */
  readonly url: string;
}

const NAME = "LOG_WITNESSES";
/** Each is asked once a day, and its lines are in every head. */
const WITNESSES_MAX = 8;

/** `key URL[, key URL …]`. Notes what is wrong. */
export function logWitnessSetting(source: read.Source): readonly LogWitness[] {
  const given = read.text(source, NAME);
  if (given === undefined) return [];
  const entries = given.split(",").map((entry) => entry.trim());
  const problems: string[] = [];
  const witnesses = entries.flatMap((entry, at) => {
    const [key = "", url = "", ...more] = entry.split(/\s+/u);
    const where = `${NAME}: witness ${at + 1}`;
    const found = readVerifierKeyOf(KEY_TYPES.cosignature, key);
    const address = addressIn(url);
    if ("wrong" in found) problems.push(`${where} ${found.wrong}`);
    if (address === undefined || more.length > 0)
      problems.push(
        `${where} must be a verifier key, a space, and an http or https URL without query and user`,
      );
    return "wrong" in found || address === undefined ? [] : [{ key: found, url: address }];
  });
  // A witness with two names would count twice: cosignatures do not say which name was meant.
  const keys = new Set(witnesses.map(({ key }) => key.publicKey));
  if (keys.size < witnesses.length) problems.push(`${NAME} must have each witness once`);
  if (entries.length > WITNESSES_MAX) problems.push(`${NAME} must be a list of at most ${WITNESSES_MAX}`);
  source.problems.push(...problems);
  return problems.length === 0 ? witnesses : [];
}

function addressIn(text: string): string | undefined {
  const url = URL.parse(text);
  const isFine =
    (url?.protocol === "https:" || url?.protocol === "http:") &&
    [url.username, url.password].every((part) => part === "") &&
    !/[?#]/u.test(url.href);
  return isFine ? url.href.replace(/\/$/u, "") : undefined;
}
