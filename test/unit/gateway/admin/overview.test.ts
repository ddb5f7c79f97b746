/** The figures, and what is stuck, over the real gateway, engine and worker. */
import { expect, test, vi } from "vitest";
import { createAdministration } from "../../../../src/durable/administration.ts";
import { NO_LEDGER } from "../../../../src/ledger/embedded.ts";
import type { Ledger, ListQuery } from "../../../../src/ledger/ledger.ts";
import { createOverview } from "../../../../src/service/admin/overview.ts";
import { entry, ledgerOf } from "../../../support/ledger.ts";
import { openRig, type Rig, until } from "../rig.ts";
import { enters, OPERATOR, openAdminRig, VIEWER } from "./rig.ts";

const read = (html: string) => html.replaceAll(/<[^>]*>/gu, " ").replaceAll(/\s+/gu, " ");

async function ask(rig: Rig, id: string, headers: Record<string, string>): Promise<void> {
  const body = {
    id,
    title: `Order ${id}`,
    approvers: ["ana@example.com"],
    callbackUrl: "https://ops.example.com/",
  };
  expect(await rig.json("POST", "/approvals", body, headers)).toMatchObject({ status: 202 });
  await until(() => rig.durable.read(`${id}:1`));
}

test("tells the age of open approvals, how long decisions took, and what became of mails", async () => {
  const { rig, keys } = await openAdminRig({
    deliver: ({ approval }) =>
      approval === "po-3"
        ? { status: "undeliverable", reason: "550 no such mailbox" }
        : { status: "sent", messageId: "<1@test>" },
  });
  await using _ = rig;
  const headers = { authorization: `Bearer ${keys.make("root", ["admin"])}` };
  for (const id of ["po-1", "po-2", "po-3"]) await ask(rig, id, headers);
  await rig.press(await rig.link("po-1", "approve"));
  await rig.settled("po-1");
  await until(async () => {
    const { text } = await rig.json("GET", "/approvals/po-3", undefined, headers);
    return text.includes("undeliverable") || undefined;
  });
  const browser = await enters(rig, keys.make("auditor", VIEWER));
  const { status, text } = await browser.get("/admin/overview");
  expect(status).toBe(200);
  const page = read(text);
  expect(page).toContain("under 1 hour 2 1 hour to 1 day 0");
  expect(page).toContain("under 5 minutes 1 5 minutes to 1 hour 0");
  expect(page).toContain("Of the newest 1 that were approved or rejected by somebody’s answer.");
  expect(page).toContain("accepted by the relay 2 not sent yet 0 tried again later 0 cannot be delivered 1");
  expect(page).toContain("No workflow is halted.");
});

test("names halted workflows", async () => {
  const { rig, keys } = await openAdminRig({ work: false });
  await using _ = rig;
  const root = keys.make("root", ["admin"]);
  const asked = { id: "po-1", title: "T", approvers: ["ana@example.com"] };
  await rig.json("POST", "/approvals", asked, { authorization: `Bearer ${root}` });
  const network = rig.engine.network({ group: "operator" });
  network.start();
  expect(await createAdministration(network, { isEmbedded: true }).haltTask("po-1")).toBe(true);
  const { text } = await (await enters(rig, keys.make("ops", OPERATOR))).get("/admin/overview");
  expect(text).toContain('<a href="/admin/approvals/po-1"><code>po-1</code></a>');
});

test("says so where not all that is halted was looked at", async () => {
  for (const [tasks, said] of [
    [[], "No halted workflow was found among the first tasks that were looked at. There may be more."],
    [[{ id: "po-1", state: "halted", version: 1 } as const], "At least 1: there may be more."],
  ] as const) {
    const halted = async () => ({ tasks, truncated: true });
    await using rig = await openRig({ admin: { byKey: true, halted }, ledger: NO_LEDGER, work: false });
    expect(read((await (await enters(rig, "")).get("/admin/overview")).text)).toContain(said);
  }
});

test("looks for callbacks that failed when it is asked to", async () => {
  const { rig, keys } = await openAdminRig();
  await using _ = rig;
  const browser = await enters(rig, keys.make("ops", OPERATOR));
  expect(read((await browser.get("/admin/callbacks")).text)).toContain(
    "No callback that is kept has failed.",
  );
});

test("says how many callbacks were looked at, if there are more", async () => {
  const { rig, keys } = await openAdminRig();
  await using _ = rig;
  const browser = await enters(rig, keys.make("ops", OPERATOR));
  vi.spyOn(rig.durable, "search").mockResolvedValue({ promises: [], truncated: true });
  const page = read((await browser.get("/admin/callbacks")).text);
  expect(page).toContain("Only 1,000 callbacks were looked at. There are more");
  expect(page).toContain("None of these has failed.");
  expect(page).not.toContain("No callback that is kept has failed.");
});

test("counts no approval that nobody answered among the decided", async () => {
  const ended = { status: "approved", endedAt: "2026-11-24T13:00:00.000Z" } as const;
  const ballot = { n: 1, approver: { email: "ana@example.com" } } as const;
  const decidedAt = "2026-11-24T13:00:00.000Z";
  const ledger = ledgerOf([
    entry({ id: "po-1", ...ended, ballots: [{ ...ballot, state: "approved", decidedAt }] }),
    entry({ id: "po-2", ...ended, ballots: [{ ...ballot, state: "withdrawn" }] }),
  ]);
  const durable = { read: async () => undefined } as never;
  const { decided, timeToDecide } = await createOverview({ ledger, durable, clock: Date.now })();
  expect(decided).toBe(1);
  expect(timeToDecide.map(({ count }) => count)).toEqual([0, 0, 1, 0, 0, 0, 0]);
});

test("says so where there is no index, and tells the rest", async () => {
  await using rig = await openRig({ ledger: NO_LEDGER, work: false });
  const { status, text } = await (await enters(rig, "")).get("/admin/overview");
  expect(status).toBe(503);
  expect(read(text)).toContain("this installation keeps no index");
  expect(read(text)).toContain("No workflow is halted.");
});

test("asks for a bounded number of entries, once for all who look within some seconds", async () => {
  const queries: ListQuery[] = [];
  const ledger: Pick<Ledger, "list"> = {
    async list(query) {
      queries.push(query);
      const items = Array.from({ length: query.limit }, (_, i) => entry({ id: `po-${i}` }));
      return {
        items,
        nextCursor: "more",
        ...(query.total === true ? { total: { count: 1_000, isExact: false } } : {}),
      };
    },
  };
  let reads = 0;
  const durable = {
    read: async () => {
      reads += 1;
      return undefined;
    },
  } as never;
  let nowMs = Date.parse("2026-12-01T12:00:00Z");
  const overview = createOverview({ ledger, durable, clock: () => nowMs });
  const [one, other] = await Promise.all([overview(), overview()]);
  expect(one).toBe(other);
  expect(queries).toHaveLength(11);
  expect(queries.reduce((sum, { limit }) => sum + limit, 0)).toBe(8 + 100 + 100 + 50);
  expect(reads).toBe(50);
  expect(one.openByAge[0]).toEqual({ label: "under 1 hour", count: 1_000, isLeast: true });
  // Every age is in one bar, and in one only.
  const ranges = queries.flatMap(({ created }) => created ?? []);
  for (const [i, range] of ranges.entries()) expect(range.from).toBe(ranges[i + 1]?.before);
  nowMs += 15_000;
  await overview();
  expect(queries).toHaveLength(22);
});
