/** The port that takes reports about mails which could not be delivered (`src/bounces`), put together with what they change. */
import { type BounceListener, startBounceListener } from "../bounces/listener.ts";
import { readReport } from "../bounces/report.ts";
import type { Durable } from "../durable/durable.ts";
import { knownTime } from "../durable/engine-time.ts";
import type { Logger } from "../lib/log.ts";
import type { Measures } from "../lib/measures.ts";
import { takeBounce } from "../service/approvals/take-bounce.ts";
import type { TokenKey } from "../tokens/jws.ts";
import { createReturnPathTokens, tagIn } from "../tokens/return-path.ts";

export interface BounceParts {
  readonly host: string;
  readonly port: number;
  /** Host of `PUBLIC_URL`. */
  readonly name: string;
  readonly durable: Durable;
  readonly keys: readonly TokenKey[];
  readonly log: Logger;
  readonly measures?: Measures | undefined;
  /** Milliseconds since 1970. Default: this process's clock. */
  readonly clock?: () => number;
  /** As of the listener. */
  readonly sessionMs?: number | undefined;
}

/** @throws when the port is taken */
export function openBounceListener(parts: BounceParts): Promise<BounceListener> {
  const { host, port, name, durable, log, clock = Date.now } = parts;
  const tokens = createReturnPathTokens(parts.keys);
  const named = (address: string) => {
    const tag = tagIn(address);
    const verified = tag === undefined ? undefined : tokens.verify(tag, knownTime({ durable, clock }));
    return verified?.ok === true ? verified.value.name : undefined;
  };
  return startBounceListener({
    host,
    port,
    name,
    sessionMs: parts.sessionMs,
    isOurs: (address) => named(address) !== undefined,
    onFault: (err) => log.error({ err }, "A report about a mail could not be stored: its sender tries again"),
    async take({ to, raw }) {
      const read = await readReport(raw);
      if (!read.ok) {
        log.info({ why: read.why }, "A mail to a return path is no report about a mail: it is left alone");
        return;
      }
      const { report } = read;
      for (const path of new Set(to.map(named))) {
        if (path === undefined) continue;
        const nowMs = knownTime({ durable, clock });
        const taken = await takeBounce(durable, { name: path, nowMs }, report);
        parts.measures?.count("countersign.mail.reports", { report: report.kind, result: taken.kind });
        const about = taken.kind === "unknown" ? {} : { approval: taken.approval, ballot: taken.n };
        log.info(
          { ...about, report: report.kind, status: report.status, outcome: taken.kind },
          "A mail came back",
        );
      }
    },
  });
}
