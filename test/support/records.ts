import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Decision } from "../../src/approval/approval.ts";
import { PROTOCOL_VERSION, type PromiseRecord } from "../../src/protocol/records.ts";
import { post } from "./http.ts";
import { RESONATE_TOKEN, RESONATE_URL } from "./resonate-server.ts";
import type { Site } from "./site.ts";

/** A workflow's promise and all below it as the engine has them, in order of their ids: the whole truth about it. */
export async function recordsOf(site: Site, workflowId: string): Promise<PromiseRecord[]> {
  const token = RESONATE_URL === undefined ? await engineToken(site) : RESONATE_TOKEN;
  const records: PromiseRecord[] = [];
  let cursor: string | undefined;
  do {
    const answer = await post(
      site.engineUrl,
      {
        kind: "promise.search",
        head: { corrId: "records", version: PROTOCOL_VERSION },
        data: { tags: { "resonate:origin": workflowId }, limit: 100, ...(cursor && { cursor }) },
      },
      token === undefined ? {} : { authorization: `Bearer ${token}` },
    );
    if (answer.status !== 200) throw new Error(`Cannot read ${workflowId}: ${answer.text}`);
    const { data } = JSON.parse(answer.text) as { data: { promises: PromiseRecord[]; cursor?: string } };
    records.push(...data.promises);
    cursor = data.cursor;
  } while (cursor !== undefined);
  return records.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The decision that is stored on a ballot; throws if none is. */
export function decisionIn(records: readonly PromiseRecord[], ballotId: string): Decision {
  const record = records.find(({ id }) => id === ballotId);
  const value = JSON.parse(Buffer.from(record?.value.data ?? "", "base64").toString("utf8")) as Decision;
  if (record?.state !== "resolved" || value.kind !== "decision")
    throw new Error(`${ballotId} is not decided`);
  return value;
}

async function engineToken(site: Site): Promise<string> {
  return (await readFile(join(site.dataDir, "engine.token"), "utf8")).trim();
}
