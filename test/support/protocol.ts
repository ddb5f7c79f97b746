import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { post } from "./http.ts";
import { RESONATE_TOKEN, RESONATE_URL } from "./resonate-server.ts";
import type { Site } from "./site.ts";

export interface ProtocolAnswer {
  readonly status: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One request of the protocol, as any program with the token may send it: nothing of ours checks what it stores. */
async function protocol(
  site: Site,
  kind: string,
  data: Readonly<Record<string, unknown>>,
): Promise<ProtocolAnswer> {
  const auth = RESONATE_TOKEN ?? (RESONATE_URL === undefined ? await tokenOf(site) : undefined);
  const head = { corrId: randomUUID(), version: "2026-04-01", ...(auth === undefined ? {} : { auth }) };
  const answer = (await post(site.engineUrl, { kind, head, data })).json();
  return {
    status: (answer["head"] as { status: number }).status,
    data: answer["data"] as ProtocolAnswer["data"],
  };
}

/** Creates a workflow's promise with any bytes as its call. */
export function createRaw(site: Site, id: string, data: string): Promise<ProtocolAnswer> {
  return protocol(site, "promise.create", {
    id,
    timeoutAt: Date.now() + 3_600_000,
    param: { headers: {}, data },
    tags: {
      "resonate:origin": id,
      "resonate:branch": id,
      "resonate:parent": id,
      "resonate:scope": "global",
      "resonate:target": `poll://any@${site.workerGroup}`,
    },
  });
}

/** Settles a promise with any bytes as its value. */
export function settleRaw(
  site: Site,
  id: string,
  state: "resolved" | "rejected",
  data: string,
): Promise<ProtocolAnswer> {
  return protocol(site, "promise.settle", { id, state, value: { headers: {}, data } });
}

async function tokenOf(site: Site): Promise<string> {
  return (await readFile(join(site.dataDir, "engine.token"), "utf8")).trim();
}
