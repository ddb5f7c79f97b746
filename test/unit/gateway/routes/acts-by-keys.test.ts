/** What a program does to an open approval is told as done by its API key: in mails, on pages, and in what programs read. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createComposer } from "../../../../src/channels/mail/compose.ts";
import type { Mail } from "../../../../src/channels/mail/message.ts";
import { sender } from "../../channels/mail/fixture.ts";
import { openAdminRig } from "../admin/rig.ts";
import { type Rig, until } from "../rig.ts";

const ANA = { email: "ana@example.com", name: "Ana" };
const BO = { email: "bo@example.com", name: "Bo" };
const ERP = { kind: "key", name: "erp" };
const BY_KEY = "A program did this, with the API key erp.";

let rig: Rig;
let bearer: { readonly authorization: string };

beforeEach(async () => {
  const made = await openAdminRig();
  rig = made.rig;
  bearer = { authorization: `Bearer ${made.keys.make("erp", ["admin"])}` };
});
afterEach(() => rig[Symbol.asyncDispose]());

const call = (method: string, path: string, body?: unknown) =>
  rig.json(method, `/approvals/po-1${path}`, body, bearer);

async function act(path: string, body?: unknown): Promise<void> {
  expect(await call("POST", path, body)).toMatchObject({ status: 200 });
}

async function ask(more: Record<string, unknown> = {}): Promise<void> {
  const body = { id: "po-1", title: "Order", approvers: [ANA, BO], requester: "kim@example.com", ...more };
  expect(await rig.json("POST", "/approvals", { require: "all", ...body }, bearer)).toMatchObject({
    status: 202,
  });
  await mailed();
}

/** Waits until everybody who is asked has their mail. */
async function mailed(): Promise<void> {
  await until(async () => {
    const { ballots } = (await call("GET", "")).body as { ballots?: { mail: { status: string } }[] };
    return ballots?.every(({ mail }) => mail.status === "sent") ? true : undefined;
  });
}

interface Ballot {
  readonly n: number;
  readonly act?: object;
}

const ballot = async (n: number) =>
  ((await call("GET", "")).body["ballots"] as Ballot[]).find((each) => each.n === n);
const event = async (type: string) =>
  ((await call("GET", "/history")).body["events"] as { type: string }[]).find((each) => each.type === type);

/** The last mail of this kind. */
const mail = (kind: Mail["kind"]) =>
  until(async () => [...rig.told, ...rig.asks].findLast((each) => each.kind === kind));

/** The text part, as one line. */
function textOf(sent: Mail): string {
  const { text } = createComposer({ from: sender, publicUrl: rig.url }).compose(sent);
  return text.replaceAll(/\s+/gu, " ");
}

const KEY = { caller: expect.stringMatching(/^key:\w{8}$/u), client: "erp" };

describe("the API key erp is named where it", () => {
  test("asks in nobody's name", async () => {
    const asked = "<dt>Asked by</dt><dd>A program, with the API key erp</dd>";
    await ask({ requester: undefined });
    expect((await rig.call(await rig.link("po-1", "approve"))).text).toContain(asked);
    const named = { id: "po-2", title: "Order", approvers: [ANA], requester: "kim@example.com" };
    await rig.json("POST", "/approvals", named, bearer);
    const { text } = await rig.call(await rig.link("po-2", "approve"));
    expect(text).toContain("kim@example.com");
    expect(text).not.toContain(asked);
  });

  test("hands a question on", async () => {
    await ask();
    const link = await rig.link("po-1", "approve");
    await act("/ballots/1/reassign", { to: "dee@example.com", reason: "Away" });
    await mailed();
    const [told, asked] = [await mail("handed-on"), await mail("reassigned")];
    expect([told, asked]).toEqual([
      expect.objectContaining({ doer: ERP }),
      expect.objectContaining({ doer: ERP }),
    ]);
    for (const each of [told, asked]) expect(textOf(each)).toContain("By the API key: | erp");
    // Ana has not passed it on herself.
    expect(textOf(asked)).toContain("Asked before: | Ana");
    expect(textOf(asked)).not.toContain("Passed on by");
    expect((await rig.call(link)).text).toContain(BY_KEY);
    expect(await ballot(1)).toMatchObject({
      state: "reassigned",
      act: { ...KEY, to: { email: "dee@example.com" }, reason: "Away" },
    });
    expect(await event("reassigned")).toMatchObject(KEY);
  });

  test("takes somebody out", async () => {
    await ask();
    const link = await rig.link("po-1", "approve", 2);
    await act("/ballots/2/recuse", { reason: "Not theirs" });
    expect((await rig.call(link)).text).toContain(BY_KEY);
    expect(await ballot(2)).toMatchObject({ state: "recused", act: { ...KEY, reason: "Not theirs" } });
    expect(await event("recused")).toMatchObject(KEY);
  });

  test("takes an answer back", async () => {
    await ask({ undo: "PT1H" });
    const link = await rig.link("po-1", "approve");
    await rig.press(link);
    await act("/ballots/1/undo");
    const asked = await mail("undone");
    expect(asked).toMatchObject({ doer: ERP });
    expect(textOf(asked)).toContain("Your answer was taken back, so your decision is needed again");
    expect(textOf(asked)).toContain("By the API key: | erp");
    expect((await rig.call(link)).text).toContain(BY_KEY);
    expect(await ballot(1)).toMatchObject({ state: "undone", act: KEY });
    expect(await event("undone")).toMatchObject(KEY);
  });

  test("reminds somebody, and sends links again", async () => {
    await ask();
    await act("/ballots/1/remind");
    expect(await mail("reminder")).toMatchObject({ doer: ERP });
    await act("/ballots/2/resend", { newLinks: true });
    await mailed();
    expect(rig.asks.at(-1)).toMatchObject({ kind: "request", doer: ERP });
    expect(await ballot(2)).toMatchObject({ state: "reissued", act: KEY });
  });

  test("moves the deadline so far that links are mailed again", async () => {
    await ask({ deadline: "P2D" });
    await act("/extend", { deadline: "P60D", reason: "Holidays" });
    const sent = await until(async () => rig.asks.slice(2).find(({ kind }) => kind === "request"));
    expect(sent).toMatchObject({ doer: ERP });
    expect(textOf(sent)).toContain("By the API key: | erp");
    expect(await event("extended")).toMatchObject(KEY);
  });

  test("changes the question", async () => {
    await ask({ rounds: 2 });
    await act("/change", { title: "Order 20", note: "Fewer" });
    const asked = await mail("next-round");
    expect(asked).toMatchObject({ doer: ERP });
    expect(textOf(asked)).toContain("By the API key: | erp");
    expect(await event("changed")).toMatchObject(KEY);
  });

  test("cancels", async () => {
    await ask();
    await rig.press(await rig.link("po-1", "approve"));
    const open = await rig.link("po-1", "approve", 2);
    await act("/cancel", { reason: "Leased" });
    for (const kind of ["no-longer-needed", "outcome", "requester-outcome"] as const) {
      const told = await mail(kind);
      expect(told).toMatchObject({ doer: ERP });
      expect(textOf(told)).toContain("By the API key: | erp");
    }
    expect((await rig.call(open)).text).toContain("A program cancelled it, with the API key erp.");
    const { body } = await call("GET", "");
    expect(body["cancellation"]).toMatchObject({ ...KEY, reason: "Leased" });
    expect(body["outcome"]).toMatchObject({ why: { because: "cancelled", reason: "Leased", ...KEY } });
    expect(await event("cancel-requested")).toMatchObject(KEY);
  });

  test("answers", async () => {
    await ask();
    expect(await call("POST", "/ballots/1/decide", { choice: "approve" })).toMatchObject({
      status: 200,
      body: { stands: { ...KEY } },
    });
    expect(await ballot(1)).toMatchObject({ state: "approved", ...KEY });
    const { text } = await rig.call(await rig.link("po-1", "approve", 2));
    expect(text).toContain("Recorded for Ana by the API key erp");
    expect(await event("decided")).toMatchObject(KEY);
  });
});
