/**
 * The engine's thread in a process that is more than the engine. A worker for the built-in workflows runs beside the
 * engine: they are short and compute little, so they cannot hold up a commit for long, and what they ask of the engine
 * crosses no thread.
 */
import { runEngineThread } from "../engine/serve/thread-run.ts";

// The engine opens first; the worker's modules are read while the process's first thread reads those of the gateway.
await runEngineThread(async (engine, what, say) => (await builtIns).startBuiltIns(engine, what, say));
const builtIns = import("./built-ins.ts");
