import type { EngineConfig } from "./engine.ts";
import * as read from "./read.ts";
import { Secret } from "./secret.ts";

/** The PostgreSQL database of the index that lists of approvals are read from; undefined: there is none. */
export function indexUrl(source: read.Source, engine: EngineConfig): Secret | undefined {
  const url = read.url(source, "INDEX_URL", ["postgres:", "postgresql:"]);
  if (url === undefined) return undefined;
  if (url.pathname.length < 2) {
    source.problems.push(
      "INDEX_URL must end with the name of a database: postgres://user:password@host/name",
    );
  }
  if (engine.kind === "embedded") {
    source.problems.push(
      "INDEX_URL is for a Resonate Server, so it needs RESONATE_URL: the embedded engine keeps its index in its own file",
    );
  }
  return new Secret(url.href);
}
