import { existsSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { loadSigningKeys, ownSigningKeysFile } from "../config/signing-keys.ts";
import { auditLog, type LogAudit } from "../evidence/audit/audit.ts";
import { type Checkpoint, noteIn, readCheckpoint } from "../evidence/checkpoint.ts";
import { openNote, readVerifierKey, verifierKey } from "../evidence/note.ts";
import { readTextFile } from "../lib/text-file.ts";
import { witness } from "./audit-witness.ts";
import { type Cli, type Command, CommandFailure, EXIT, parseWords, UsageError } from "./command.ts";
import { checkWitnesses, quorumIn, WITNESS_HELP, WITNESS_OPTIONS, witnessLines } from "./witnesses.ts";

export const audit: Command = {
  help: `Usage: countersign audit verify [--head FILE [--key KEY] [--witness KEY… [--quorum N]]] [--json]
       countersign audit witness [--json]

Checks the log of events in the embedded engine's file, whether or not the service runs: that no event is changed, missing,
added, in another order or backdated, and that what is stored of each approval is what its events were made of. Names what it
finds. Says which approvals were deleted, and whether the log was off for a time. Changes nothing.

With --head it also checks that the log continues the one that the head was made of. Only this finds a log that was written again as
a whole, so keep heads where nobody can change them who can change DATA_DIR.

witness asks the witnesses of LOG_WITNESSES to cosign the head of now, and prints it with their cosignatures, to be kept.
The gateway asks them once a day by itself. The engine must run.

Options:
  --head FILE    A signed head of the log: what /log/checkpoint answered once, or the mail with the head has attached
  --key KEY      The verifier key that signed it, as /.well-known/countersign-keys.json had it. Default: the service's own keys
${WITNESS_HELP}
  --json         Print JSON, even on a terminal

verify exits 0 when there is nothing to find and enough witnesses have cosigned; 1 otherwise. witness exits 0 when all cosigned.
`,
  async run(args, cli) {
    const options = { head: { type: "string" }, key: { type: "string" }, ...WITNESS_OPTIONS } as const;
    const { positionals, values } = parseWords(args, options);
    const [what, ...more] = positionals;
    if (more.length > 0 || (what !== "verify" && what !== "witness"))
      throw new UsageError("Say verify or witness");
    for (const name of ["key", "witness"] as const) {
      if (values[name] !== undefined && values.head === undefined)
        throw new UsageError(`--${name} needs --head`);
    }
    const quorum = quorumIn(values);
    if (what === "witness") {
      if (values.head !== undefined)
        throw new UsageError("audit witness takes no --head: it asks for the head of now");
      return await witness(cli, values);
    }
    const given = values.head === undefined ? undefined : headIn(values.head, values.key, cli);
    const head = given?.head;
    const witnessed = given && quorum && checkWitnesses(quorum, given.note, cli.clock());
    const engine = await cli.engine();
    const found = readable(() => engine.look((file) => auditLog(file, head)));
    if (found === undefined) {
      throw new CommandFailure(
        EXIT.notFound,
        "There is no log of events: EVENT_LOG is off, or the service never ran",
      );
    }
    const said = witnessed === undefined ? found : { ...found, witnessed };
    cli.print(
      said,
      () => [report(found, head), ...(witnessed ? witnessLines(witnessed) : [])].join("\n"),
      values,
    );
    const isWitnessed = witnessed === undefined || witnessed.holding >= witnessed.needed;
    return found.count === 0 && isWitnessed ? EXIT.ok : EXIT.failed;
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
function headIn(
  path: string,
  given: string | undefined,
  { config }: Cli,
): { readonly head: Checkpoint; readonly note: string } {
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
  return { head, note };
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
