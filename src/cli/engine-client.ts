/** The engine of the settings, over HTTP, for commands that ask it. */
import type { Config } from "../config/config.ts";
import { engineEndpoint } from "../config/keys.ts";
import { type Administration, createAdministration } from "../durable/administration.ts";
import type { Durable } from "../durable/durable.ts";
import { createHttpNetwork } from "../durable/http-network.ts";
import { createDurable } from "../durable/resonate.ts";
import { type EventLog, embeddedEventLog, NO_EVENT_LOG } from "../evidence/event-log.ts";
import { embeddedLedger, NO_LEDGER } from "../ledger/embedded.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { PostgresIndex } from "../ledger/postgres/open.ts";
import { ConfigError } from "../lib/config-error.ts";
import { processId } from "../lib/process-id.ts";
import { CommandFailure, EXIT } from "./command.ts";

/**
 * @param index what the requests feed
 * @throws CommandFailure if the settings lead to no engine
 */
export function connect(config: Config, index: Pick<PostgresIndex, "watch"> | undefined): Durable {
  const network = connection(config);
  return createDurable(index?.watch(network) ?? network, config.worker);
}

/** @throws CommandFailure if the settings lead to no engine */
export function administer(config: Config): Administration {
  return createAdministration(connection(config), { isEmbedded: config.engine.kind === "embedded" });
}

/** @throws CommandFailure if the settings lead to no engine */
export function ledgerOf(config: Config): Ledger {
  return config.engine.kind === "embedded" ? embeddedLedger(connection(config)) : NO_LEDGER;
}

/** @throws CommandFailure if the settings lead to no engine */
export function eventLogOf(config: Config): EventLog {
  return config.engine.kind === "embedded" ? embeddedEventLog(connection(config)) : NO_EVENT_LOG;
}

/** @throws CommandFailure if the settings lead to no engine */
export function connection(config: Config): ReturnType<typeof createHttpNetwork> {
  return createHttpNetwork({ ...endpointOf(config), group: "cli", pid: processId() });
}

function endpointOf(config: Config): ReturnType<typeof engineEndpoint> {
  try {
    return engineEndpoint(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandFailure(EXIT.engineUnavailable, `Cannot find the engine: ${error.problems.join("; ")}`);
  }
}
