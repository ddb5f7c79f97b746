import * as fc from "fast-check";
import { expect, test } from "vitest";
import { startRig } from "../webhooks/rig.ts";
import { SENDERS, type Sender, sourcesOf } from "../webhooks/senders.ts";

/** Deep enough to overflow readers that recurse without a limit. */
const deep = fc.integer({ min: 60, max: 20_000 }).map((depth) => "[".repeat(depth) + "]".repeat(depth));
const content = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
  fc
    .string({ unit: "binary" })
    .map((text) => Buffer.from(`payload=${encodeURIComponent(text.toWellFormed())}`)),
  fc
    .record({
      id: fc.oneof(fc.string(), fc.constant("__INF__"), fc.jsonValue()),
      a: fc.oneof(
        fc.string({ unit: "binary" }),
        fc.constantFrom("p", "__proto__", "x:0", "p:0.1"),
        fc.jsonValue(),
      ),
      __type: fc.constantFrom("error", "aggregate_error"),
    })
    .map((event) => Buffer.from(JSON.stringify(event))),
  deep.map((text) => Buffer.from(text)),
);

test("POST /webhooks/:source never fails by what was sent, whoever signed it, and settles only what it names", async () => {
  const mappings = [{ promise: { path: "a" } }, { promise: "p-${a}" }, { match: { a: "a" } }] as const;
  const named = SENDERS.flatMap((sender, i) =>
    mappings.map((mapping, j) => ({ name: `s${i}-${j}`, sender, mapping })),
  );
  const sources = new Map(
    named.flatMap(({ name, sender, mapping }) => [
      ...sourcesOf({ [name]: { ...sender.config, ...mapping } }, sender.env),
    ]),
  );
  await using rig = await startRig({ sources });
  await rig.latent("other");
  const send = (sender: Sender, name: string, body: Buffer) => {
    const seconds = String(Math.floor(Date.now() / 1000));
    return rig.send(sender.send(body, { seconds, id: "m1", url: `${rig.url}/webhooks/${name}` }));
  };
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...named), content, async ({ name, sender }, body) => {
      const { status } = await send(sender, name, body);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // Twilio's sender here cannot sign bytes that are no text.
      const expected = [200, 400, 404, 409, 422, ...(sender.name.startsWith("twilio") ? [401] : [])];
      expect(expected, `${sender.name} ${body.toString("base64").slice(0, 200)}`).toContain(status);
    }),
    { numRuns: 1_000 },
  );
  console.log(Object.fromEntries(statuses));
  expect(rig.lines.filter(({ msg }) => msg === "fault")).toEqual([]);
  expect(await rig.read("other")).toMatchObject({ state: "pending" });
});
