/** What a gateway knows of workflows of one's own: `GET /workflows`, and arguments checked at `POST /begin`. */
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createCatalogue } from "../../../../src/workflows/catalogue.ts";
import { json, startTestGateway } from "../../../support/gateway.ts";

const purchase = z.strictObject({ item: z.string().min(1), lines: z.array(z.object({ price: z.number() })) });

async function openGateway(input: z.ZodType = purchase) {
  const gateway = await startTestGateway({
    catalogue: createCatalogue([
      { name: "purchase", version: 2, input },
      { name: "any", version: 1 },
    ]),
  });
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  return gateway;
}

test("GET /workflows lists what can be started, with the schema of the argument", async () => {
  const gateway = await openGateway();
  const listed = await gateway.request("/workflows");
  expect(listed).toMatchObject({
    status: 200,
    body: {
      workflows: [
        { name: "any", version: 1, argument: null },
        { name: "purchase", version: 2, argument: { type: "object", required: ["item", "lines"] } },
      ],
    },
  });
});

test("an argument that the schema refuses is 422 by field, and nothing is started", async () => {
  const gateway = await openGateway();
  const wrong = { item: "", lines: [{ price: "1" }], more: 1 };
  const refused = await gateway.request("/begin?id=p-1&func=purchase&version=2", json(wrong));
  expect(refused).toMatchObject({
    status: 422,
    body: {
      type: "/problems/invalid-fields",
      errors: [{ field: "body.item" }, { field: "body.lines[0].price" }, { field: "body" }],
    },
  });
  const none = await gateway.request("/begin?id=p-1&func=purchase&version=2", { method: "POST" });
  expect(none).toMatchObject({ status: 422, body: { errors: [{ field: "body" }] } });
  expect(await gateway.durable.read("p-1")).toBeUndefined();
});

test("an argument that it takes is stored as it was sent, also where the schema would change it", async () => {
  const gateway = await openGateway(
    z.object({ item: z.string().trim(), lines: z.array(z.number()).default([]) }),
  );
  const path = "/begin?id=p-1&func=purchase&version=2";
  expect(await gateway.request(path, json({ item: " x " }))).toMatchObject({ status: 200 });
  expect((await gateway.durable.read("p-1"))?.param).toMatchObject({ args: [{ item: " x " }] });
});

test("a version or function that the gateway does not know is begun all the same: a worker may know it", async () => {
  const gateway = await openGateway();
  for (const query of ["func=purchase&version=3", "func=purchase", "func=other", "func=any&version=1"])
    expect(await gateway.request(`/begin?${query}`, json(1)), query).toMatchObject({ status: 200 });
});

test("what was begun is found again when the schema has become stricter, and nothing else is", async () => {
  const gateway = await openGateway();
  const args = [{ item: "x" }];
  const timeoutAt = Date.now() + 60_000;
  await gateway.durable.start({ id: "old-1", func: "purchase", version: 2, args, timeoutAt });
  const path = "/begin?id=old-1&func=purchase&version=2";
  expect(await gateway.request(path, json(args[0]))).toMatchObject({
    status: 200,
    body: { promise: "old-1" },
  });
  expect(await gateway.request(path, json({ item: "y" }))).toMatchObject({ status: 422 });
});

test("without foo, a call that names no function is refused", async () => {
  const gateway = await openGateway();
  expect(await gateway.request("/begin", json(1))).toMatchObject({
    status: 400,
    body: { errors: [{ field: "func", message: expect.stringContaining("GET /workflows") }] },
  });
});
