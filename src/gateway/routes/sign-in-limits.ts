/** How many mails people can ask for by which they sign in: counted by each gateway, in windows of ten minutes. */
import { createRateLimit } from "../http/rate-limit.ts";

export interface SignInLimits {
  /** Counts one more who asks. Returns how many seconds to wait, if that is too many. */
  ask(network: string): number | undefined;
  /** The same for those who try a passkey. */
  tryPasskey(network: string): number | undefined;
  /** Whether a mail may go to the person, and counts it then. Nobody is told: the answer is the same. */
  mail(network: string, person: string): boolean;
}

const WINDOW_MS = 10 * 60_000;
/** Enough for the people behind one address of a company's network. */
const ASKS_OF_NETWORK = 60;
/** Of all networks together: each attempt is stored, and this is 3 of them a second. */
const ASKS_OF_ALL = 2_000;
/** Mails that one network has sent to one person, and that all of them together have. */
const MAILS_OF_NETWORK = 5;
const MAILS_OF_PERSON = 20;

export function createSignInLimits({ clock }: { readonly clock: () => number }): SignInLimits {
  const limit = (most: number) => createRateLimit({ clock, windowMs: WINDOW_MS, most });
  const asksOfNetwork = limit(ASKS_OF_NETWORK);
  const asksOfAll = limit(ASKS_OF_ALL);
  const passkeysOfNetwork = limit(ASKS_OF_NETWORK);
  const mailsOfNetwork = limit(MAILS_OF_NETWORK);
  const mailsOfPerson = limit(MAILS_OF_PERSON);
  // What the narrow limit refuses does not count towards the wide one: a single network could else use up everybody's share.
  return {
    ask: (network) => asksOfNetwork.count([network]) ?? asksOfAll.count([""]),
    tryPasskey: (network) => passkeysOfNetwork.count([network]),
    mail: (network, person) =>
      mailsOfNetwork.count([`${person} ${network}`]) === undefined &&
      mailsOfPerson.count([person]) === undefined,
  };
}
