import { join } from "node:path";
import { ServiceError } from "../../lib/errors.ts";
import { openEngine } from "../engine.ts";
import { backUp } from "./backup.ts";
import { examine } from "./doctor.ts";
import { type Walk, walk } from "./walk.ts";

export interface EngineFolder {
  readonly dataDir: string;
  /** Where the engine listens while it runs; its token may be missing as long as it never ran. */
  readonly url: string;
  readonly token: string | undefined;
}

/** What the command line does to the embedded engine of a folder, running or not. */
export function operateEngine({ dataDir, url, token }: EngineFolder) {
  const file = join(dataDir, "engine.db");
  return {
    backUp: (target: string) => backUp(file, target),
    examine: () => examine(file, Date.now()),
    walk: <T>(visit: (promises: Walk) => T) => walk(file, visit),
    /** A running engine does it, because it is the only writer of its file. Otherwise this opens one. */
    collect: async (olderThanMs: number): Promise<{ promises: number }> => {
      let engine: ReturnType<typeof openEngine>;
      try {
        engine = openEngine({ dataDir });
      } catch {
        return collectThere(url, token, olderThanMs);
      }
      try {
        return await engine.collect(olderThanMs);
      } finally {
        await engine.close();
      }
    },
  };
}

async function collectThere(
  url: string,
  token: string | undefined,
  olderThanMs: number,
): Promise<{ promises: number }> {
  let response: Response;
  try {
    response = await fetch(`${url}/collect`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token ?? ""}` },
      body: JSON.stringify({ olderThanMs }),
    });
  } catch (cause) {
    throw new ServiceError("ENGINE_UNAVAILABLE", `An engine uses the folder, but does not listen at ${url}`, {
      cause,
    });
  }
  const text = await response.text();
  if (!response.ok)
    throw new ServiceError(
      "ENGINE_UNAVAILABLE",
      `The engine at ${url} answered ${response.status}: ${text.trim()}`,
    );
  return JSON.parse(text) as { promises: number };
}
