/** The conversation of test/e2e/generated-clients.test.ts, by openapi-fetch with types that openapi-typescript made. */
import createClient from "openapi-fetch";
import type { paths } from "./schema.d.ts";

const { SERVICE_URL = "", CLIENT_NAME: name = "", WEBHOOK_BODY = "", WEBHOOK_HEADERS = "{}" } = process.env;
const client = createClient<paths>({ baseUrl: SERVICE_URL });

/** What the call answers; a refusal ends the conversation. */
async function answer<T, E>(call: Promise<{ data?: T; error?: E }>): Promise<T> {
  const { data, error } = await call;
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

const ready = await answer(client.GET("/readyz"));
const begun = await answer(
  client.POST("/begin", { params: { query: { id: `${name}-greeting`, func: "greet" } }, body: "World" }),
);
const outcomeOf = (id: string) =>
  answer(client.GET("/wait", { params: { query: { id }, header: { Prefer: "wait=30" } } }));
const greeted = await outcomeOf(begun.promise);
if (greeted.status !== "resolved") throw new Error(JSON.stringify(greeted));

const asked = await answer(
  client.POST("/approvals", {
    params: { header: { "Idempotency-Key": `${name}-pens` } },
    body: { title: "Pens", approvers: ["ana@example.com", { email: "bo@example.com", name: "Bo" }] },
  }),
);
const path = { id: asked.id };
const pending = await answer(client.GET("/approvals/{id}", { params: { path } }));
const decided = await answer(
  client.POST("/approvals/{id}/ballots/{n}/decide", {
    params: { path: { ...path, n: 1 } },
    body: { choice: "approve", comment: "Fine" },
  }),
);
if (decided.stands.kind !== "decided") throw new Error(JSON.stringify(decided));
const ended = await outcomeOf(asked.id);
const approval = await answer(client.GET("/approvals/{id}", { params: { path } }));

const unwanted = await answer(
  client.POST("/approvals", { body: { title: "Ink", approvers: ["ana@example.com"] } }),
);
await answer(
  client.POST("/approvals/{id}/cancel", {
    params: { path: { id: unwanted.id } },
    body: { reason: "No budget" },
  }),
);
// That call waits for two seconds at most.
await outcomeOf(unwanted.id);
const cancelled = await answer(client.GET("/approvals/{id}", { params: { path: { id: unwanted.id } } }));

const { error: refused } = await client.POST("/approvals", { body: { title: "Ink", approvers: ["nobody"] } });
const { error: unknown } = await client.POST("/promises/{id}/resolve", {
  params: { path: { id: "nobody" } },
  body: { ok: true },
});
if (unknown === undefined || !("type" in unknown)) throw new Error(JSON.stringify(unknown));
const taken = await answer(
  client.POST("/webhooks/{source}", {
    params: { path: { source: "acme" } },
    headers: { "content-type": "application/octet-stream", ...(JSON.parse(WEBHOOK_HEADERS) as object) },
    body: WEBHOOK_BODY,
    bodySerializer: (body) => body,
  }),
);
if (!("result" in taken)) throw new Error(JSON.stringify(taken));

const { createdAt, deadline, endedAt = "" } = approval;
console.log(
  JSON.stringify({
    ready: ready.status,
    greeting: greeted.result,
    require: pending.require,
    days: Math.round((Date.parse(deadline) - Date.parse(createdAt)) / 86_400_000),
    waitingFor: pending.waitingFor,
    decided: [decided.effective, decided.stands.kind, decided.stands.by, Date.parse(decided.stands.at) > 0],
    ended: ended.status,
    outcome: [approval.status, approval.outcome?.decisions[0]?.comment, endedAt >= createdAt],
    cancelled: cancelled.status,
    refused: [refused?.status, refused?.errors?.map(({ field }) => field)],
    unknown: unknown.type,
    callbacks: (await answer(client.GET("/callback-deliveries"))).callbacks.length,
    webhook: [taken.source, taken.result],
  }),
);
