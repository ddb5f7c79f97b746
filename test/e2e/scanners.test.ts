/** Reading decides nothing: whatever a mail scanner sends to a link, the ballot is as it was, and the link works. */
import { Agent } from "node:http";
import { expect, test } from "vitest";
import type { PromiseRecord } from "../../src/protocol/records.ts";
import { Api } from "../support/api.ts";
import { type Called, call } from "../support/http.ts";
import { formIn, press } from "../support/press.ts";
import { decisionIn, recordsOf } from "../support/records.ts";
import { startRelay } from "../support/relay.ts";
import { type ScannerRequest, scannerRequests } from "../support/scanners.ts";
import { newId, openSite } from "../support/site.ts";

/** Of each method on each link. */
const REQUESTS = 200;

test("every GET, HEAD and bare POST on every link leaves the stored promises as they were, and the links work", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  const all = await site.start("all");
  const api = new Api(all.url);
  const approvers = ["ana@example.com", "bo@example.com"];
  const id = await api.ask({ id: newId("po"), approvers, require: "all" });
  const mails = await Promise.all(approvers.map((address) => relay.mailTo(address, id)));
  const links = mails.flatMap((mail) => [mail.links.approve, mail.links.reject]);
  const before = await restingRecords();
  const viewBefore = await api.approval(id);

  using agent = keptAlive();
  const startedAt = performance.now();
  let sent = 0;
  for (const link of links) {
    for (const method of ["GET", "HEAD", "POST"] as const) {
      const requests = scannerRequests(link, method, REQUESTS);
      const answers = await inBursts(requests, 40, (request) => call(request.url, { ...request, agent }));
      sent += answers.length;
      for (const [i, answer] of answers.entries()) {
        expect(answer, describe(requests[i])).toMatchObject({
          status: expect.toBeOneOf(STATUSES[method]) as number,
        });
        expect(answer.headers, describe(requests[i])).toMatchObject({ "cache-control": "no-store" });
        // Whoever sees a page sees the question, still open: with its one form, and no word of a recorded answer.
        if (method !== "HEAD" && answer.status !== 415) {
          expect(formIn(answer.text), describe(requests[i])).toBeDefined();
          expect(answer.text).not.toMatch(/data-decision|data-effective/u);
        } else if (method === "HEAD") expect(answer.text).toBe("");
      }
    }
  }
  console.log(`${sent} requests on ${links.length} links in ${Math.round(performance.now() - startedAt)} ms`);

  expect(await recordsOf(site, id)).toEqual(before);
  expect(await api.approval(id)).toEqual(viewBefore);
  expect(viewBefore.ballots.map(({ state }) => state)).toEqual(["open", "open"]);
  expect(all.log.filter(({ msg }) => msg === "pressed")).toEqual([]);

  // The same comparison sees a press, so it would have seen any of the above decide.
  expect(await press(mails[0]!.links.approve)).toMatchObject({ decision: "approved", effective: true });
  const after = await recordsOf(site, id);
  expect(after).not.toEqual(before);
  expect(decisionIn(after, `${id}:1`)).toMatchObject({ choice: "approve", by: "ana@example.com" });
  expect(await press(mails[1]!.links.reject)).toMatchObject({ decision: "rejected", effective: true });
  expect(await api.ended(id)).toMatchObject({ result: { outcome: "rejected" } });

  /** The records once the mails' steps are written down too. */
  async function restingRecords(): Promise<PromiseRecord[]> {
    await api.approvalWhen(id, "everybody's mail is noted as sent", ({ ballots }) =>
      ballots.every(({ mail }) => mail?.status === "sent"),
    );
    return recordsOf(site, id);
  }
});

test("a link that was scanned is pressed as well by a person as one that was not, also where a scanner read it first", async () => {
  await using site = await openSite();
  const all = await site.start("all");
  const api = new Api(all.url);
  const id = await api.ask({ id: newId("po"), title: "Scanned", approvers: ["ana@example.com"] });
  const { links } = await site.mailTo("ana@example.com", "Scanned");
  for (const request of scannerRequests(links.reject, "GET", 15)) await call(request.url, request);
  expect(await press(links.approve, { comment: "read by me" })).toMatchObject({ effective: true });
  expect(decisionIn(await recordsOf(site, id), `${id}:1`)).toMatchObject({ comment: "read by me" });
});

/** What each method may be told; 422: the page again, with the form; 415: a form in a script nobody reads. */
const STATUSES = { GET: [200], HEAD: [200], POST: [422, 415] } as const;

function describe(request: ScannerRequest | undefined): string {
  return JSON.stringify(request);
}

/** Connections are used again, as scanners do, and closed at the end. */
function keptAlive(): Agent & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 40 });
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}

async function inBursts<T>(
  items: readonly T[],
  size: number,
  send: (item: T) => Promise<Called>,
): Promise<Called[]> {
  const answers: Called[] = [];
  for (let at = 0; at < items.length; at += size) {
    answers.push(...(await Promise.all(items.slice(at, at + size).map(send))));
  }
  return answers;
}
