/** What a history costs, and what it says of links that were opened. Over the real gateway, engine and worker. */
import type { Network } from "@resonatehq/sdk";
import { expect, test } from "vitest";
import { openingId } from "../../../../src/approval/opening.ts";
import { createDurable } from "../../../../src/durable/resonate.ts";
import { readHistory } from "../../../../src/service/ledger/history.ts";
import { call } from "../../../support/http.ts";
import { openRig, type Rig, until } from "../../gateway/rig.ts";

const PERSON = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  accept: "text/html,application/xhtml+xml",
  "accept-language": "de",
};

async function asked(rig: Rig, id: string, people: number): Promise<void> {
  const approvers = Array.from({ length: people }, (_, n) => `person-${n + 1}@example.com`);
  expect(await rig.json("POST", "/approvals", { id, title: "Order", approvers })).toMatchObject({
    status: 202,
  });
  await rig.link(id, "approve", people);
}

/** Requests to the engine, by kind, for the history of an approval whose promises are known. */
async function requestsFor(rig: Rig, id: string): Promise<Readonly<Record<string, number>>> {
  const [root, children] = [await rig.durable.read(id), await rig.durable.children(id)];
  const asked: Record<string, number> = {};
  const network = rig.engine.network({ group: "history" });
  const counting: Network = {
    ...network,
    send: async (request) => {
      asked[request.kind] = (asked[request.kind] ?? 0) + 1;
      return await network.send(request);
    },
  };
  expect(root && (await readHistory(createDurable(counting), root, children))?.truncated).toBe(false);
  return asked;
}

test("a history takes one search, and one read for each ballot", async () => {
  await using rig = await openRig();
  for (const people of [1, 50]) {
    await asked(rig, `po-${people}`, people);
    expect(await requestsFor(rig, `po-${people}`)).toEqual({ "promise.search": 1, "promise.get": people });
  }
});

test("the first opening by a person and by a scanner is told, whichever comes first, and no later one", async () => {
  await using rig = await openRig();
  await asked(rig, "po-1", 2);
  const orders = [
    [1, [PERSON, {}], ["person", "scanner"]],
    [2, [{}, PERSON], ["scanner", "person"]],
  ] as const;
  for (const [n, visitors, openers] of orders) {
    const link = await rig.link("po-1", "approve", n);
    const ballot = await rig.durable.read(`po-1:${n}`);
    const id = openingId(`po-1:${n}`, ballot?.createdAt ?? 0);
    // Not by `fetch`, which says that a script asks.
    const open = (headers: object) => call(new URL(link, rig.url).href, { headers: { ...headers } });
    await open(visitors[0]);
    await until(() => rig.durable.read(id));
    await open(visitors[1]);
    await until(async () => ((await rig.durable.read(id))?.state === "resolved" ? true : undefined));
    for (const headers of visitors) await open(headers);
    const { body } = await rig.json("GET", "/approvals/po-1/history");
    const events = body["events"] as {
      readonly type: string;
      readonly ballot: number;
      readonly opener: string;
    }[];
    const opened = events.filter(({ type, ballot: of }) => type === "opened" && of === n);
    expect(opened.map(({ opener }) => opener)).toEqual(openers);
  }
});
