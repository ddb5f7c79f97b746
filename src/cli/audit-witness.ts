/** `countersign audit witness`. */

import { existsSync } from "node:fs";
import { loadSigningKeys, ownSigningKeysFile } from "../config/signing-keys.ts";
import { readCheckpoint } from "../evidence/checkpoint.ts";
import { partsOf } from "../evidence/note.ts";
import { signedHead } from "../evidence/signed-head.ts";
import { withLines } from "../evidence/witness/cosignature.ts";
import { keepWitnessed } from "../evidence/witness/kept.ts";
import { askWitness, type Witness, WitnessError } from "../evidence/witness/submit.ts";
import { type Cli, CommandFailure, EXIT, type ExitCode, UsageError } from "./command.ts";

interface Answered {
  readonly name: string;
  readonly result: "cosigned" | "failed";
  readonly size?: number;
  readonly at?: string;
  readonly why?: string;
}

/** Asks all witnesses for the head of now, and prints it with what they answer. */
export async function witness(cli: Cli, options: { readonly json?: boolean | undefined }): Promise<ExitCode> {
  const { engine, publicUrl } = cli.config;
  if (engine.kind === "server") throw new UsageError("There is no log of events with RESONATE_URL");
  if (engine.logWitnesses.length === 0)
    throw new UsageError("LOG_WITNESSES names no witness: set it as for the gateway");
  if (publicUrl === undefined)
    throw new UsageError("PUBLIC_URL must be set: the name of the log is made of it");
  const eventLog = await cli.eventLog();
  const durable = await cli.durable();
  const logKeys = keysOf(cli);
  const signHead = () => signedHead({ eventLog, logKeys, publicUrl });
  const note = await signHead();
  if (readCheckpoint(note)?.size === 0)
    throw new CommandFailure(EXIT.notFound, "There is nothing to cosign: the log has no events yet");
  const ask = async (each: Witness): Promise<{ readonly said: Answered; readonly note?: string }> => {
    const { name } = each.key;
    try {
      const found = await askWitness({
        witness: each,
        eventLog,
        note,
        newer: signHead,
        known: 0,
        clock: cli.clock,
      });
      await keepWitnessed(durable, each, found, cli.clock());
      const at = new Date(found.atMs).toISOString();
      return { said: { name, result: "cosigned", size: found.size, at }, note: found.note };
    } catch (error) {
      if (!(error instanceof WitnessError)) throw error;
      return { said: { name, result: "failed", why: error.message } };
    }
  };
  const answers = await Promise.all(engine.logWitnesses.map(ask));
  const text = partsOf(note)?.text;
  const lines = answers.flatMap(({ note: cosigned = "" }) => {
    const parts = partsOf(cosigned);
    return parts !== undefined && parts.text === text ? parts.lines.map(({ line }) => line) : [];
  });
  const head = withLines(note, lines);
  const witnesses = answers.map(({ said }) => said);
  cli.print({ head, witnesses }, () => [head, ...witnesses.map(lineOf)].join("\n"), options);
  return witnesses.every(({ result }) => result === "cosigned") ? EXIT.ok : EXIT.failed;
}

/** @throws CommandFailure where the gateway's keys are not at hand */
function keysOf({ config }: Cli): readonly Uint8Array[] {
  const { list, file } = config.signingKeys;
  const isThere = list !== undefined || file !== undefined || existsSync(ownSigningKeysFile(config));
  const keys = isThere ? loadSigningKeys(config).log : [];
  if (keys.length > 0) return keys;
  throw new CommandFailure(
    EXIT.usage,
    "No key here signs the log of events: set SIGNING_KEYS or SIGNING_KEYS_FILE as for the gateway, or use its DATA_DIR",
  );
}

function lineOf({ name, result, at = "", why = "" }: Answered): string {
  return result === "cosigned" ? `${name} cosigned it at ${at}` : `${name} did NOT cosign it: ${why}`;
}
