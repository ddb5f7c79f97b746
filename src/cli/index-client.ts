/** The index of the settings in PostgreSQL, for commands. */
import type { Config } from "../config/config.ts";
import { openIndex, type PostgresIndex } from "../ledger/postgres/open.ts";
import { type IndexOperator, operateIndex } from "../ledger/postgres/operate.ts";
import { processId } from "../lib/process-id.ts";
import { connection } from "./engine-client.ts";

/** What a command does feeds the index, and lists are read from it. Undefined: the settings name none. */
export function indexOf(config: Config, tell: (text: string) => void): PostgresIndex | undefined {
  if (config.indexUrl === undefined) return undefined;
  const note = (_: unknown, text?: string) => tell(`${text ?? ""}\n`);
  return openIndex({
    url: config.indexUrl.reveal(),
    network: connection(config),
    name: processId(),
    // Nobody was told that it was away, so nobody needs to be told that it is back.
    log: { info: () => {}, warn: note, error: note },
    isLasting: false,
  });
}

export function operatorOf(config: Config): IndexOperator | undefined {
  if (config.indexUrl === undefined) return undefined;
  return operateIndex({ url: config.indexUrl.reveal(), network: connection(config), name: processId() });
}
