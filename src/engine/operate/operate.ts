import { existsSync } from "node:fs";
import { join } from "node:path";
import { ServiceError } from "../../lib/errors.ts";
import { type Engine, type Erased, openEngine } from "../engine.ts";
import { isTaken } from "../store/database.ts";
import type { Projection } from "../store/projection.ts";
import type { Trail } from "../store/trail.ts";
import { backUp } from "./backup.ts";
import { examine } from "./doctor.ts";
import { type FileState, look, type Walk, walk } from "./walk.ts";

export interface EngineFolder {
  readonly dataDir: string;
  /** Where the engine listens while it runs; its token may be missing as long as it never ran. */
  readonly url: string;
  readonly token: string | undefined;
  /** What the engine keeps beside the promises. */
  readonly projection?: Projection | undefined;
  readonly trail?: Trail | undefined;
}

/** What the command line does to the embedded engine of a folder, running or not. */
export function operateEngine({ dataDir, url, token, projection, trail }: EngineFolder) {
  const file = join(dataDir, "engine.db");
  return {
    backUp: (target: string) => backUp(file, target, { projection, trail }),
    examine: () => examine(file, Date.now()),
    look: <T>(visit: (state: FileState) => T) => look(file, visit),
    walk: <T>(visit: (promises: Walk) => T) => walk(file, visit),
    /** A running engine does it, because it is the only writer of its file. Otherwise this opens one. */
    collect: async (olderThanMs: number): Promise<{ promises: number }> =>
      await (here((engine) => engine.collect(olderThanMs)) ?? there(url, token, "collect", { olderThanMs })),
    /** Deletes the tree of a promise, if nothing of it is open. */
    erase: async (id: string): Promise<Erased> =>
      await (here((engine) => engine.erase(id)) ?? there(url, token, "erase", { id })),
    /** What `erase` would answer, without its deletions. */
    erasable: async (id: string): Promise<Erased> =>
      await (here((engine) => engine.erasable(id)) ?? there(url, token, "erasable", { id })),
    /**
     * Writes the file again, without what was deleted from it. `false`: an engine runs, which would have to stop answering.
     */
    compact: async (): Promise<boolean> => {
      const done = here((engine) => engine.compact());
      await done;
      return done !== undefined;
    },
    /** Makes the rows of the projection again. */
    rebuild: async (): Promise<void> => {
      await (here((engine) => engine.rebuild()) ?? there(url, token, "rebuild", {}));
    },
  };

  /**
   * With an engine of this process; undefined if another process has the folder.
   * @throws ServiceError ENGINE_UNAVAILABLE if there is no engine, or it cannot do it
   */
  function here<T>(work: (engine: Engine) => Promise<T>): Promise<T> | undefined {
    // To open one would make it, in a folder that is perhaps a wrong one.
    if (!existsSync(file)) throw unavailable(`Cannot open the engine: there is no file ${file}`);
    let engine: Engine;
    try {
      engine = openEngine({ dataDir, projection, trail });
    } catch (error) {
      if (error instanceof Error && isTaken(error.cause)) return undefined;
      throw unavailable(messageOf(error), error);
    }
    return work(engine)
      .catch((error: unknown) => {
        throw unavailable(messageOf(error), error);
      })
      .finally(() => engine.close());
  }
}

function unavailable(message: string, cause?: unknown): ServiceError {
  return new ServiceError("ENGINE_UNAVAILABLE", message, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function there<T>(url: string, token: string | undefined, what: string, body: object): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`${url}/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token ?? ""}` },
      body: JSON.stringify(body),
    });
  } catch (cause) {
    throw unavailable(`An engine uses the folder, but does not listen at ${url}`, cause);
  }
  const text = await response.text();
  if (!response.ok) throw unavailable(`The engine at ${url} answered ${response.status}: ${text.trim()}`);
  return JSON.parse(text) as T;
}
