/** The engine's own thread, with nothing else in it. */
import { runEngineThread } from "./thread-run.ts";

await runEngineThread();
