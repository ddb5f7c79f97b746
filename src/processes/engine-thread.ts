/**
 * The engine's thread in a process that is more than the engine. A worker for the built-in workflows runs beside the
 * engine: they are short and compute little, so they cannot hold up a commit for long, and what they ask of the engine
 * crosses no thread.
 */
import { runEngineThread } from "../engine/serve/thread-run.ts";
import { evidenceTrail } from "../evidence/trail.ts";
import { ledgerProjection } from "../ledger/projection.ts";

// The worker's modules are read when it is asked for: see start-built-ins.ts.
await runEngineThread(
  async (engine, what, say) => {
    const { startBuiltIns } = await import("./built-ins.ts");
    return startBuiltIns(engine, what, say);
  },
  { projection: ledgerProjection(), trail: evidenceTrail() },
);
