/**
 * A process that does one thing to one approval and feeds the index with it, for tests that kill it. Sends "ready", waits for
 * any message, does it, and ends when that is written.
 */
import { flushCompileCache } from "node:module";
import { createHttpNetwork } from "../../src/durable/http-network.ts";
import { openIndex } from "../../src/ledger/postgres/open.ts";
import type { Envelope } from "./engine-requests.ts";

const [engineUrl = "", url = "", name = "", envelope = ""] = process.argv.slice(2);
const network = () => createHttpNetwork({ url: engineUrl, token: "token", group: "feeding", pid: name });
const say = () => {};
const index = openIndex({
  url,
  network: network(),
  name,
  log: { info: say, warn: say, error: say },
  isLasting: false,
});
const watched = index.watch(network());
// The tables are looked at, and nothing is written yet.
await index.ledger.list({ sort: "created", limit: 1 });
// Nearly all of them are killed, which keeps nothing of what Node made of the sources: kept for the next one at once.
flushCompileCache();
process.send?.("ready");
process.once("message", () => {
  void (async () => {
    await watched.send(JSON.parse(envelope) as Envelope as never);
    await index.stop();
    process.exit(0);
  })();
});
