import type { StoredPromise } from "../durable/durable.ts";
import { type Cli, type Command, CommandFailure, EXIT, parseCommand, parseDuration } from "./command.ts";
import { describe, describeText, exitCodeOf } from "./describe.ts";

export const wait: Command = {
  help: `Usage: countersign wait ID [--timeout DURATION] [--json]

Waits until the promise is settled or times out, and shows it.

Options:
  --timeout DURATION  Wait at most this long: 60s, 5m, 12h, 1d or ISO 8601 (PT60S)
  --json              Print JSON, even on a terminal

Exits 0 when it is resolved; 1 when it is rejected, canceled or timed out; 3 when there is no promise with that id; 5 when
it is still pending after the timeout.

Example:
  countersign wait greeting-1 --timeout 60s
`,
  async run(args, cli) {
    const { id, values } = parseCommand(args, { timeout: { type: "string" } });
    const timeoutMs = values.timeout === undefined ? undefined : parseDuration("--timeout", values.timeout);
    const promise = await settled(cli, id, timeoutMs);
    if (promise === undefined) throw new CommandFailure(EXIT.notFound, `${id} not found`);
    cli.print(describe(promise), () => describeText(promise), values);
    return exitCodeOf(promise);
  },
};

/** The length of one wait: short enough to notice a clock that was set, or a machine that slept. */
const TURN_MS = 60_000;

/** The promise when it is settled, or when the time is up. Without a limit, its own deadline is one. */
export async function settled(
  cli: Cli,
  id: string,
  timeoutMs: number | undefined,
): Promise<StoredPromise | undefined> {
  const { clock } = cli;
  const durable = await cli.durable();
  const endAt = timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock() + timeoutMs;
  for (;;) {
    const leftMs = endAt - clock();
    const promise = await durable.waitFor(id, { timeoutMs: Math.min(leftMs, TURN_MS) });
    if (promise?.state !== "pending" || clock() >= endAt) return promise;
  }
}
