/** What holds in advance, found: by programs, by operators, and not any more once it is revoked or used up. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { enters, openAdminRig } from "./admin/rig.ts";

type Opened = Awaited<ReturnType<typeof openAdminRig>>;
let opened: Opened;
let headers: Record<string, string>;

beforeAll(async () => {
  opened = await openAdminRig();
  headers = { authorization: `Bearer ${opened.keys.make("agent", ["admin"])}` };
});
afterAll(() => opened.rig[Symbol.asyncDispose]());

async function settles(id: string, action: object, answer: object): Promise<void> {
  const { rig } = opened;
  const asked = { id, title: `Run ${id}`, approvers: ["ana@example.com"], action };
  expect(await rig.json("POST", "/approvals", asked, headers)).toMatchObject({ status: 202 });
  await rig.link(id, "reject");
  const path = `/approvals/${id}/ballots/1/decide`;
  expect(await rig.json("POST", path, answer, headers)).toMatchObject({ status: 200 });
  await rig.settled(id);
}

const grants = (id: string, { uses = 2, validFor = "P30D" } = {}) =>
  settles(
    id,
    { tool: `tool-${id}`, standing: { limits: { "/n": { max: 5 } }, uses }, reversible: "yes", validFor },
    { choice: "approve" },
  );
const refuses = (id: string, time = "P7D") =>
  settles(id, { tool: `tool-${id}`, arguments: {} }, { choice: "reject", doNotAsk: { for: time } });

const use = (id: string, attempt: string) =>
  opened.rig.json("POST", `/approvals/${id}/consume`, { arguments: { n: 1 }, attempt }, headers);
/** With a key of another program: none takes back what refuses itself. */
const revoke = (id: string) => {
  const operator = { authorization: `Bearer ${opened.keys.make(`operator-${id}`, ["admin"])}` };
  return opened.rig.json("POST", `/approvals/${id}/revoke`, {}, operator);
};

async function found(query: string): Promise<readonly string[]> {
  const { status, body, text } = await opened.rig.json("GET", `/approvals?${query}`, undefined, headers);
  expect([status, text]).toEqual([200, expect.anything()]);
  return (body["items"] as { readonly id: string }[]).map(({ id }) => id);
}

test("lists what stands, what ends the soonest first, and nothing that was revoked or used up", async () => {
  await grants("month");
  await grants("day", { validFor: "P1D" });
  await grants("once", { uses: 1 });
  await grants("taken-back");
  await refuses("no-week");
  await refuses("no-hour", "PT1H");
  await refuses("no-more");
  await settles("plain", { tool: "plain", arguments: {} }, { choice: "approve" });
  await settles("plain-no", { tool: "plain-no", arguments: {} }, { choice: "reject" });

  expect(await found("stands=approval")).toEqual(["day", "month", "once", "taken-back"]);
  expect(await found("stands=refusal")).toEqual(["no-hour", "no-week", "no-more"]);
  const { body } = await opened.rig.json(
    "GET",
    "/approvals?stands=refusal&total=true&limit=1",
    undefined,
    headers,
  );
  expect(body).toMatchObject({
    items: [{ id: "no-hour", status: "rejected", stands: { kind: "refusal", until: expect.any(String) } }],
    total: { count: 3, isExact: true },
  });

  expect((await use("month", "a")).status).toBe(200);
  expect((await use("once", "a")).status).toBe(200);
  for (const id of ["taken-back", "no-more"]) expect((await revoke(id)).status).toBe(200);
  expect(await found("stands=approval")).toEqual(["day", "month"]);
  expect(await found("stands=refusal")).toEqual(["no-hour", "no-week"]);
  expect(await found("stands=approval&q=month")).toEqual(["month"]);
  expect(await found("stands=refusal&status=approved")).toEqual([]);

  const pages = await enters(opened.rig, opened.keys.make("auditor", ["admin"]));
  const list = await pages.get("/admin?stands=refusal");
  expect(list.text).toContain("2 approvals");
  expect(list.text).toContain("Not to be asked again until");
  expect(list.text).toMatch(/admin\/approvals\/no-hour[^]*admin\/approvals\/no-week/u);
  expect(list.text).not.toContain("admin/approvals/month");
  const overview = await pages.get("/admin/overview");
  expect(overview.text).toContain('<a href="/admin?stands=approval">2 standing approvals</a>');
  expect(overview.text).toContain('<a href="/admin?stands=refusal">2 refusals in advance</a>');
});

test("refuses an order by deadline: nothing that stands is open", async () => {
  const { status, body } = await opened.rig.json(
    "GET",
    "/approvals?stands=refusal&sort=due",
    undefined,
    headers,
  );
  expect(status).toBe(422);
  expect(body).toMatchObject({ errors: [{ field: "sort" }] });
});
