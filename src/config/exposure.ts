/** Settings that are sound one by one and must not be together: who would reach this process, and what is forgotten too soon. */
import { isLoopback } from "../lib/loopback.ts";
import type { Config } from "./config.ts";

/** A gateway without keys lets everyone in who reaches it: then nobody may, and nobody may believe otherwise. */
export function keylessProblems(config: Config, isNamed: boolean): string[] {
  const problems: string[] = [];
  if (isNamed) {
    problems.push(
      `API_KEYS_FILE is set, but the file is not there: make the first key with countersign keys create`,
    );
  }
  if (!isLoopback(config.host) && config.oidc === undefined) {
    problems.push(
      `HOST is ${config.host}: without API keys the API is open to everyone who reaches it, so HOST must be a loopback address such as 127.0.0.1, or a key be made with countersign keys create`,
    );
  }
  return problems;
}

/** What may not be reachable from other machines, or run in production at all. */
export function exposureProblems(config: Config, usesMailbox: boolean): string[] {
  const problems: string[] = [];
  if (usesMailbox && config.production) {
    problems.push(
      "SMTP_URL is not set: the mailbox is for development and does not run with NODE_ENV=production",
    );
  }
  if (usesMailbox && !isLoopback(config.host)) {
    problems.push(
      "SMTP_URL is not set: the mailbox shows every mail and does not run on an address other machines reach",
    );
  }
  return problems;
}
