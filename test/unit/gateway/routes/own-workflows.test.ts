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

test("target names the worker group of a program with a worker of its own, and the schemas here are not its", async () => {
  const gateway = await openGateway();
  const begin = (query: string, body: unknown = 1) => gateway.request(`/begin?${query}`, json(body));
  const groupOf = async (id: string) => (await gateway.durable.read(id))?.tags["resonate:target"];

  const wrong = { lines: "none" };
  const path = "id=p-1&func=purchase&version=2&target=shop";
  expect(await begin(path, wrong)).toMatchObject({ status: 200 });
  expect(await groupOf("p-1")).toBe("poll://any@shop");
  expect(await begin(path, wrong)).toMatchObject({ status: 200, body: { promise: "p-1" } });
  // The group that the settings name has the schemas of this gateway.
  const named = await begin("id=p-2&func=purchase&version=2&target=worker", wrong);
  expect(named).toMatchObject({ status: 422 });
  expect(await begin("id=p-2&func=other")).toMatchObject({ status: 200 });
  expect(await groupOf("p-2")).toBe("poll://any@worker");
});

test("the same call for another group is another call; one that names none finds what was begun", async () => {
  const gateway = await openGateway();
  const begin = (query: string) => gateway.request(`/begin?id=p-1&func=other${query}`, json(1));
  expect(await begin("&target=shop")).toMatchObject({ status: 200 });
  const other = await begin("&target=hands");
  expect(other).toMatchObject({ status: 409, body: { error: expect.stringContaining("version or target") } });
  expect(await begin("")).toMatchObject({ status: 200 });
});

test("a target that is no group is refused, and a call for another group must name its function", async () => {
  const gateway = await openGateway();
  for (const target of ["", "a%20b", "-shop", "poll://any@shop", "x".repeat(65)]) {
    const refused = await gateway.request(`/begin?func=any&target=${target}`, json(1));
    expect(refused, target).toMatchObject({ status: 400, body: { errors: [{ field: "target" }] } });
  }
  const unnamed = await gateway.request("/begin?target=shop", json(1));
  expect(unnamed).toMatchObject({ status: 400, body: { errors: [{ field: "func" }] } });
});

test("an example that is switched off is refused, unless it is the name of another group's workflow", async () => {
  const examplesOff = ["greet", "foo"];
  const gateway = await startTestGateway({ catalogue: createCatalogue([], { examplesOff }) });
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const refused = await gateway.request("/begin?func=greet", json(1));
  expect(refused).toMatchObject({
    status: 400,
    body: {
      errors: [
        {
          field: "func",
          message: expect.stringContaining("greet is an example, and EXAMPLE_WORKFLOWS is off"),
        },
      ],
    },
  });
  expect(await gateway.request("/begin", json(1))).toMatchObject({
    status: 400,
    body: { errors: [{ field: "func", message: expect.stringContaining("must name a workflow") }] },
  });
  expect(await gateway.request("/begin?func=greet&target=shop", json(1))).toMatchObject({ status: 200 });
});
