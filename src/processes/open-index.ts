/** The index of approvals in PostgreSQL, for a process on a Resonate Server. */
import type { Config } from "../config/config.ts";
import { engineEndpoint } from "../config/keys.ts";
import type { PostgresIndex } from "../ledger/postgres/open.ts";
import type { Logger } from "../lib/log.ts";
import { processId } from "../lib/process-id.ts";

/** Undefined: the settings name none. Whether PostgreSQL is there shows later, and keeps nothing from starting. */
export async function openIndexOf(config: Config, log: Logger): Promise<PostgresIndex | undefined> {
  if (config.indexUrl === undefined) return undefined;
  const [{ openIndex }, { createHttpNetwork }] = await Promise.all([
    import("../ledger/postgres/open.ts"),
    import("../durable/http-network.ts"),
  ]);
  const name = processId();
  return openIndex({
    url: config.indexUrl.reveal(),
    // Of its own, so that reading for the index does not stand in people's way.
    network: createHttpNetwork({ ...engineEndpoint(config), group: "index", pid: name }),
    name,
    log,
    isLasting: true,
  });
}
