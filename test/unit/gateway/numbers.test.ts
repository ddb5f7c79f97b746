import { afterEach, describe, expect, test } from "vitest";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";

let gateway: TestGateway | undefined;
afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]();
  gateway = undefined;
});

async function start(): Promise<TestGateway> {
  gateway = await startTestGateway();
  return gateway;
}

/** As text, because `JSON.stringify` cannot write these numbers. */
function raw(body: string): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body };
}

async function latent(g: TestGateway, id: string): Promise<void> {
  await g.durable.create({ id, param: undefined, timeoutAt: Date.now() + 60_000, tags: {} });
}

/** Every door that stores what it is sent: where, and the body around the number, and the number's field. */
const DOORS: readonly (readonly [string, (number: string) => string, string])[] = [
  ["/begin?func=f", (number) => number, "body"],
  ["/begin?func=f", (number) => `{"rows":[{"account":${number}}]}`, "body.rows[0].account"],
  [
    "/approvals",
    (number) => `{"title":"t","approvers":["a@example.com"],"metadata":{"ids":[${number}]}}`,
    "metadata.ids[0]",
  ],
  ["/promises/p/resolve", (number) => `{"account":${number}}`, "body.account"],
  ["/promises/p/reject", (number) => `[${number}]`, "body[0]"],
  ["/callbacks/:token", (number) => `{"account":${number}}`, "body.account"],
];

async function send(g: TestGateway, door: string, body: string) {
  await latent(g, "p");
  const tokens = createLinkTokens({
    keys: [{ kid: "test", secret: Buffer.alloc(32, 7) }],
    issuer: g.publicUrl,
  });
  const workflowEndsAtMs = (await g.durable.read("p"))?.timeoutAt ?? 0;
  const token = tokens.issueCallbackUrl({ pid: "p", workflow: "p", workflowEndsAtMs });
  return await g.request(door.replace(":token", token), raw(body));
}

describe("a number that storage would change", () => {
  const CHANGED = [
    "8202522731445525542",
    "-9007199254740993",
    // A double holds it, and the next whole number too.
    "9007199254740994",
    "10000000000000000",
    "1e16",
    "9007199254740994.0",
    "1000000000000000000000000000000",
    "0.1000000000000000055511151231257827",
    "3.14159265358979323846",
    "1e-400",
  ];

  test.each(DOORS)("%s refuses it with the field and what to send", async (door, body, field) => {
    const g = await start();
    for (const number of CHANGED) {
      const answer = await send(g, door, body(number));
      expect(answer, number).toMatchObject({
        status: 422,
        body: {
          type: "/problems/invalid-fields",
          errors: [
            {
              field,
              message: `must be a number that JSON readers keep as it is (whole numbers to 9007199254740992, decimals of 15 digits): send "${number}", as text`,
            },
          ],
        },
      });
    }
    expect(await send(g, door, body("1e400"))).toMatchObject({
      status: 422,
      body: { errors: [{ field, message: "must be a finite number" }] },
    });
    expect(await g.durable.read("p")).toMatchObject({ state: "pending" });
  });

  test("two that a double takes for one are not stored under one id", async () => {
    const g = await start();
    for (const account of ["8202522731445525542", "8202522731445525001"]) {
      const answer = await g.request("/begin?id=pay&func=f", raw(`{"account":${account}}`));
      expect(answer.status).toBe(422);
    }
    expect(await g.durable.read("pay")).toBeUndefined();
  });

  test("what comes back as it was is taken, however it is written, and means the same as its other forms", async () => {
    const g = await start();
    const groups = [
      ["9007199254740992", "9007199254740992.0", "9.007199254740992e15"],
      ["-9007199254740991"],
      ["1", "1.0", "1e0", "10E-1", "1.000000000000000000000"],
      ["0.1", "0.10", "1e-1"],
      ["0", "-0", "0.0", "0e5", "0.0000000000000000000000"],
      ["1e21", "1000E+18"],
      ["1.7976931348623157e308"],
      ["5e-324"],
      ["0.30000000000000004"],
    ];
    for (const [at, forms] of groups.entries()) {
      for (const number of forms) {
        const answer = await g.request(`/begin?id=n${at}&func=f`, raw(`{"n":${number}}`));
        expect(answer, number).toMatchObject({ status: 200 });
      }
    }
  });

  test("digits within text are text", async () => {
    const g = await start();
    const value = { "8202522731445525542": "[8202522731445525542,0.12345678901234567890]" };
    await g.request("/begin?id=t&func=f", raw(JSON.stringify(value)));
    expect(await g.durable.read("t")).toMatchObject({ param: { args: [value] } });
  });

  test("where no number belongs, the field says so", async () => {
    const g = await start();
    const approval = `{"title":9007199254740993,"require":9007199254740993,"approvers":["a@example.com"]}`;
    const answer = await g.request("/approvals", raw(approval));
    expect(answer).toMatchObject({
      status: 422,
      body: {
        errors: [
          { field: "title", message: "must be a string" },
          { field: "require", message: 'must be "any" or "all" or a whole number' },
        ],
      },
    });
    const decided = await g.request("/approvals/a/ballots/1/decide", raw('{"choice":9007199254740993}'));
    expect(decided.status).toBe(422);
    const cancelled = await g.request("/approvals/a/cancel", raw('{"reason":9007199254740993}'));
    expect(cancelled.status).toBe(422);
  });
});
