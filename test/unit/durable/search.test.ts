import type { Network, PromiseSearchReq, Response } from "@resonatehq/sdk";
import { expect, test } from "vitest";
import { searchByTags } from "../../../src/durable/family.ts";

const IDS = [
  ..."webhook.slack.a webhook.stripe webhook.stripe-2.a webhook.stripe.-x webhook.stripe._ webhook.stripe.A".split(
    " ",
  ),
  ..."webhook.stripe.Z9 webhook.stripe.a webhook.Stripe.q WEBHOOK.stripe.c webhook.stripe.b webhook.zed.a".split(
    " ",
  ),
];

/** A server that answers in this order, two a page, and counts the pages. */
function server(compare: (a: string, b: string) => number): Network & { pages: number } {
  const network = {
    pages: 0,
    send: async ({ head, data }: PromiseSearchReq) => {
      network.pages += 1;
      const { cursor } = data;
      const rest = IDS.toSorted(compare).filter((id) => cursor === undefined || compare(id, cursor) > 0);
      const promises = rest.slice(0, 2).map((id) => ({
        id,
        state: "pending",
        param: {},
        value: {},
        tags: {},
        timeoutAt: 1,
        createdAt: 0,
      }));
      return {
        kind: "promise.search",
        head: { ...head, status: 200 },
        data: { promises, ...(rest.length > 2 ? { cursor: promises.at(-1)?.id } : {}) },
      } as unknown as Response;
    },
  };
  return network as unknown as Network & { pages: number };
}

const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const ORDERS: [string, (a: string, b: string) => number][] = [
  ["the order of bytes, as SQLite has it", bytes],
  ["a collation that puts case last, as PostgreSQL's ICU does", new Intl.Collator("en-US").compare],
  [
    "a collation that ignores punctuation at first",
    (a, b) => new Intl.Collator("en-US", { ignorePunctuation: true }).compare(a, b) || bytes(a, b),
  ],
];

test.each(ORDERS)("searchByTags() finds every id with the prefix, in %s", async (_, compare) => {
  const found = await searchByTags(server(compare), {}, 100, "webhook.stripe.");
  expect(found?.promises.map(({ id }) => id).toSorted()).toEqual(
    IDS.filter((id) => id.startsWith("webhook.stripe.")).toSorted(),
  );
});

test("searchByTags() looks at little behind the prefix", async () => {
  const network = server(bytes);
  await searchByTags(network, {}, 100, "webhook.slack.");
  expect(network.pages).toBe(1);
});
