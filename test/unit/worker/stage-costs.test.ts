/**
 * What an approval of many people costs, in requests to the engine and bytes that they and their replies have. Counts, not
 * times: they are nearly the same on every machine. `docs/performance.md` has them as a table.
 */
import { expect, test } from "vitest";
import { type CountedRequest, startCountedService } from "../../support/counted-service.ts";
import { untilPasses } from "../../support/eventually.ts";
import { json } from "../../support/gateway.ts";

interface Shape {
  readonly name: string;
  readonly stages: number;
  readonly people: number;
  /** By how many bytes a vote gets dearer with each further one: counted, from the shape with five votes on. */
  readonly growth: number;
}

const SHAPES: readonly Shape[] = [
  { name: "one stage of five", stages: 1, people: 5, growth: 0 },
  { name: "three stages of five", stages: 3, people: 5, growth: 990 },
  { name: "ten stages of five", stages: 10, people: 5, growth: 1_190 },
  { name: "one stage of fifty", stages: 1, people: 50, growth: 1_330 },
];

/** How much more it may be: some texts differ in their length from run to run, by less than a hundredth in all. */
const MORE = 1.1;

test("costs no more requests for each vote where there are more votes, and sends what the approval has along with each", {
  timeout: 900_000,
}, async () => {
  const perVote: {
    readonly requests: number;
    readonly bytes: number;
    readonly votes: number;
    readonly shape: Shape;
  }[] = [];
  for (const shape of SHAPES) {
    const { name, stages, people } = shape;
    const votes = stages * people;
    const cpu = process.cpuUsage();
    const asked = await approved(stages, people);
    const { user, system } = process.cpuUsage(cpu);
    const bytes = asked.reduce((sum, request) => sum + request.bytes, 0);
    perVote.push({ requests: asked.length / votes, bytes: bytes / votes, votes, shape });
    console.log(
      `${name}: ${asked.length} requests, ${Math.round(bytes / 1024)} KiB, ${Math.round((user + system) / 1000)} ms of processor time, test included`,
    );
  }
  const [five] = perVote;
  if (five === undefined) throw new Error("Nothing was measured");
  for (const { requests, bytes, votes, shape } of perVote) {
    expect(requests * votes, shape.name).toBeLessThanOrEqual(6 * votes + 8 * shape.stages);
    if (votes === five.votes) continue;
    // The engine sends a workflow all of its promises when it wakes it.
    const growth = (bytes - five.bytes) / (votes - five.votes);
    console.log(`${shape.name}: each vote makes the others dearer by ${Math.round(growth)} bytes`);
    expect(growth, shape.name).toBeLessThanOrEqual(MORE * shape.growth);
  }
});

/** Asks so many people in so many stages, and has all of them approve, one after the other. */
async function approved(stages: number, people: number): Promise<readonly CountedRequest[]> {
  const { gateway, requests, mails, rests } = await startCountedService("all");
  const names = Array.from({ length: stages }, (_, stage) =>
    Array.from({ length: people }, (_, n) => `approver-${stage + 1}-${n + 1}@example.com`),
  );
  const body = {
    id: "po",
    title: "Order",
    stages: names.map((approvers) => ({ approvers, require: "all" })),
  };
  expect((await gateway.request("/approvals", json(body))).status).toBe(202);
  for (const [at, person] of names.flat().entries()) {
    await untilPasses(() => expect(rests()).toBe(at + 1));
    const link = mails.find(({ approver }) => approver.email === person)?.links["approve"] ?? "";
    const form = new URLSearchParams({ confirm: "yes", comment: "" });
    expect((await fetch(link, { method: "POST", body: form, redirect: "manual" })).status).toBe(303);
  }
  const waited = await gateway.request("/wait?id=po", { headers: { prefer: "wait=60" } });
  expect(waited.body).toMatchObject({ status: "resolved", result: { outcome: "approved" } });
  const end = requests.findIndex(({ kind, id }) => kind === "task.fulfill" && id === "po");
  return requests.slice(0, end + 1).filter((request) => !isBeside(request));
}

/** What tells people of the end, and what is asked because time passes, however many votes there are. */
function isBeside({ from, id }: CountedRequest): boolean {
  if (id.includes(":notice~")) return true;
  return from === "gateway" && (id === "countersign-time" || id.startsWith("absences:"));
}
