/**
 * How many requests to the engine an approval takes, from `POST /approvals` to the outcome that a held `GET /wait`
 * answers. Counts, not times: they are the same on every machine. `docs/engine.md` has them as a table.
 */
import { describe, expect, test } from "vitest";
import { type CountedRequest, type Layout, startCountedService } from "../../support/counted-service.ts";
import { untilPasses } from "../../support/eventually.ts";
import { json } from "../../support/gateway.ts";

type Rule = "any" | "all";

/** With `any` one approver presses, with `all` each of them, one after the other. */
const EXPECTED: Readonly<Record<Rule, readonly (readonly [approvers: number, requests: number])[]>> = {
  any: [
    [1, 12],
    [2, 15],
    [5, 24],
    [50, 159],
  ],
  all: [
    [1, 12],
    [2, 18],
    [5, 36],
    [50, 306],
  ],
};

const LAYOUTS: readonly Layout[] = ["all", "parts"];

describe.each(LAYOUTS)("requests of an approval, layout %s", (layout) => {
  test.each(EXPECTED.any)("one of %i approvers decides: %i", async (approvers, count) => {
    const asked = await approved(layout, "any", approvers);
    expect(asked.length, listOf(asked)).toBe(count);
  });

  test.each(EXPECTED.all)("%i approvers must all decide: %i", async (approvers, count) => {
    const asked = await approved(layout, "all", approvers);
    expect(asked.length, listOf(asked)).toBe(count);
  });
});

test.each(LAYOUTS)("the requester's mail about the outcome takes three more, layout %s", async (layout) => {
  const { gateway, requests, mails, rests } = await startCountedService(layout);
  const requester = { email: "kim@example.com" };
  const body = { id: "po", title: "Order", approvers: ["ana@example.com"], requester };
  await gateway.request("/approvals", json(body));
  await untilPasses(() => expect(rests()).toBe(1));
  const form = new URLSearchParams({ confirm: "yes", comment: "" });
  await fetch(mails[0]?.links["approve"] ?? "", { method: "POST", body: form, redirect: "manual" });
  const ofMail = () => requests.filter(isOfNotice);
  await untilPasses(() => expect(ofMail().at(-1)?.kind).toBe("task.fulfill"));
  expect(ofMail().map(({ kind }) => kind)).toEqual(["promise.create", "task.acquire", "task.fulfill"]);
  const counted = requests.filter((request) => !isOfTime(request) && !isOfAbsences(request));
  // Without the caller who waits.
  expect(counted.length, listOf(counted)).toBe(12 - 1 + 3);
});

/** Asks so many people, and has as many of them approve as the rule needs. Answers what was asked of the engine. */
async function approved(layout: Layout, rule: Rule, approvers: number): Promise<readonly CountedRequest[]> {
  const { gateway, requests, mails, rests } = await startCountedService(layout);
  const people = Array.from({ length: approvers }, (_, i) => `approver-${i + 1}@example.com`);
  await gateway.request("/approvals", json({ id: "po", title: "Order", approvers: people, require: rule }));
  const waiting = gateway.request("/wait?id=po", { headers: { prefer: "wait=60" } });
  const pressing = rule === "all" ? people : people.slice(0, 1);
  for (const [at, person] of pressing.entries()) {
    await untilPasses(() => expect(rests()).toBe(at + 1));
    const link = mails.find(({ approver }) => approver.email === person)?.links.approve ?? "";
    const form = new URLSearchParams({ confirm: "yes", comment: "" });
    const answer = await fetch(link, { method: "POST", body: form, redirect: "manual" });
    expect(answer.status).toBe(303);
  }
  expect((await waiting).body).toMatchObject({ status: "resolved", result: { outcome: "approved" } });
  const end = requests.findIndex(({ kind, id }) => kind === "task.fulfill" && id === "po");
  const told = requests.findIndex(isOfNotice);
  return requests.slice(0, end + 1).filter((request, index) => {
    // What tells people of the end reads what it tells, in workflows of its own for which nobody waits.
    const isTelling =
      told !== -1 && index > told && request.from === "worker" && request.kind === "promise.get";
    return !isOfTime(request) && !isOfAbsences(request) && !isOfNotice(request) && !isTelling;
  });
}

function isOfNotice({ id }: CountedRequest): boolean {
  return id.includes(":notice~");
}

/** What is asked because of the time that has passed: for the engine's clock, and for a root that somebody waits for. */
function isOfTime({ from, kind, id }: CountedRequest): boolean {
  return from === "gateway" && kind === "promise.get" && (id === "countersign-time" || id === "po");
}

/** The list of those who are away is read once, and then looked at every ten seconds, however many approvals there are. */
function isOfAbsences({ from, id }: CountedRequest): boolean {
  return from === "gateway" && id.startsWith("absences:");
}

function listOf(asked: readonly CountedRequest[]): string {
  return asked.map(({ from, kind, id }) => `${from}: ${kind} ${id}`).join("\n");
}
