import { existsSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { loadSigningKeys, ownSigningKeysFile } from "../config/signing-keys.ts";
import { auditLog, type LogAudit } from "../evidence/audit/audit.ts";
import { type Checkpoint, noteIn, readCheckpoint } from "../evidence/checkpoint.ts";
import { openNote, readVerifierKey, verifierKey } from "../evidence/note.ts";
import { readTextFile } from "../lib/text-file.ts";
import { type Cli, type Command, CommandFailure, EXIT, parseWords, UsageError } from "./command.ts";

export const audit: Command = {
  help: `Usage: countersign audit verify [--head FILE [--key KEY]] [--json]

Checks the log of events in the embedded engine's file, whether or not the service runs: that no event is changed, missing,
added, in another order or backdated, and that what is stored of each approval is what its events were made of. Names what it
finds. Says which approvals were deleted, and whether the log was off for a time. Changes nothing.

With --head it also checks that the log continues the one that the head was made of. Only this finds a log that was written again as
a whole, so keep heads where nobody can change them who can change DATA_DIR.

Options:
  --head FILE   A signed head of the log: what /log/checkpoint answered once, or the mail with the head has attached
  --key KEY     The verifier key that signed it, as /.well-known/countersign-keys.json had it. Default: the service's own keys
  --json        Print JSON, even on a terminal

Exits 0 when there is nothing to find; 1 otherwise.
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, { head: { type: "string" }, key: { type: "string" } });
    if (positionals.join(" ") !== "verify") throw new UsageError("Say verify");
    if (values.key !== undefined && values.head === undefined) throw new UsageError("--key needs --head");
    const head = values.head === undefined ? undefined : headIn(values.head, values.key, cli);
    const engine = await cli.engine();
    const found = readable(() => engine.look((file) => auditLog(file, head)));
    if (found === undefined) {
      throw new CommandFailure(
        EXIT.notFound,
        "There is no log of events: EVENT_LOG is off, or the service never ran",
      );
    }
    cli.print(found, () => report(found, head), values);
    return found.count === 0 ? EXIT.ok : EXIT.failed;
  },
};

function readable<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw new CommandFailure(EXIT.engineUnavailable, error instanceof Error ? error.message : String(error));
  }
}

/** The checkpoint in a file. The signature shows that it is a head of this log at all, and not that it was outside. */
function headIn(path: string, given: string | undefined, { config }: Cli): Checkpoint {
  const note = noteIn(textOf(path));
  const head = note === undefined ? undefined : readCheckpoint(note);
  if (note === undefined || head === undefined)
    throw new UsageError(
      `${path} has no head of a log: origin, size and hash, an empty line, and signatures`,
    );
  const keys = given === undefined ? ownKeys(config).map((seed) => verifierKey(head.origin, seed)) : [given];
  const read = keys.map(readVerifierKey).filter((key) => key !== undefined);
  if (given !== undefined && read.length === 0)
    throw new UsageError("--key must be a verifier key: name+id+key");
  const opened = openNote(note, read);
  if (opened === undefined || opened.signatures === 0) {
    throw new CommandFailure(
      EXIT.failed,
      `${path} is signed by no key of ${given === undefined ? "this service: --key names another" : "that name"}, or was changed`,
    );
  }
  return head;
}

function textOf(path: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new UsageError(`--head cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Those that there are: an audit makes none. */
function ownKeys(config: Config): readonly Uint8Array[] {
  const { list, file } = config.signingKeys;
  const isThere = list !== undefined || file !== undefined || existsSync(ownSigningKeysFile(config));
  return isThere ? loadSigningKeys(config).log : [];
}

function report(
  { size, root, unsealed, approvals, erased, deleting, gaps, unlogged, count, findings }: LogAudit,
  head: Checkpoint | undefined,
): string {
  const rest = count - findings.length;
  return [
    `${size} events, head ${root}; ${unsealed} of them are in no stored tile of the tree yet`,
    `${approvals} approvals were compared with their events; of ${erased} the data is deleted, and the events are still there`,
    ...(deleting === 0
      ? []
      : [`${deleting} of these are deleted in part, which an engine that runs soon completes`]),
    ...(gaps === 0
      ? []
      : [
          `The log was off, or did not exist yet, ${gaps} times: ${unlogged} events of approvals are not in it`,
        ]),
    head === undefined
      ? "No outside head was given (--head), so a log that was written again as a whole would not be found"
      : `It was compared with the head of ${head.size} events`,
    ...(count === 0 ? ["Nothing is wrong"] : [`${count} findings:`]),
    ...findings.map(({ kind, what }) => `  ${kind}: ${what}`),
    ...(rest === 0 ? [] : [`  and ${rest} more`]),
  ].join("\n");
}
