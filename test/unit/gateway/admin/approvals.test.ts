/** The list, the page of an approval, and the acts of operators, over the real gateway, engine and worker. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NO_LEDGER } from "../../../../src/ledger/embedded.ts";
import type { RelayState } from "../../../../src/lib/relay-state.ts";
import { call } from "../../../support/http.ts";
import { entry, ledgerOf } from "../../../support/ledger.ts";
import type { TestBrowser } from "../inbox/browser.ts";
import { openRig, type Rig, until } from "../rig.ts";
import { enters, OPERATOR, openAdminRig } from "./rig.ts";

const ANA = { email: "ana@example.com", name: "Ana Souza" };
const BO = { email: "bo@example.com" };
const KIM = { kind: "operator", name: "Kim Novak" };

let rig: Rig;
let browser: TestBrowser;
let key: string;

beforeEach(async () => {
  const made = await openAdminRig();
  rig = made.rig;
  key = made.keys.make("root", ["admin"]);
  browser = await enters(rig, made.keys.make("Kim Novak", OPERATOR));
});
afterEach(() => rig[Symbol.asyncDispose]());

const bearer = () => ({ authorization: `Bearer ${key}` });

async function ask(id: string, more: Record<string, unknown> = {}): Promise<void> {
  const body = { id, title: `Order ${id}`, approvers: [ANA, BO], require: "all", ...more };
  expect(await rig.json("POST", "/approvals", body, bearer())).toMatchObject({ status: 202 });
  await until(() => rig.durable.read(`${id}:1`));
  await until(async () =>
    (await view(id)).ballots.every(({ mail }) => mail.status === "sent") ? true : undefined,
  );
}

interface View {
  readonly status: string;
  readonly deadline: string;
  readonly title: string;
  readonly cancellation?: { readonly caller: string };
  readonly ballots: readonly {
    readonly n: number;
    readonly state: string;
    readonly mail: { readonly status: string };
  }[];
}

const view = async (id: string) =>
  (await rig.json("GET", `/approvals/${id}`, undefined, bearer())).body as unknown as View;
const history = async (id: string) =>
  (await rig.json("GET", `/approvals/${id}/history`, undefined, bearer())).body["events"] as Record<
    string,
    unknown
  >[];
const pageOf = (id: string) => `/admin/approvals/${id}`;
/** Text as people read it. */
const read = (html: string) =>
  html
    .replaceAll(/<[^>]*>/gu, " ")
    .replaceAll("&#39;", "'")
    .replaceAll(/\s+/gu, " ");

/** The newest mail that asks this person. */
const asked = (email: string) =>
  rig.asks.findLast((mail) => "approver" in mail && mail.approver.email === email);

/** Opens a form, and sends it as it is with what was filled in. */
async function act(path: string, fields: Record<string, string> = {}) {
  const form = await browser.get(path);
  expect(form.status, path).toBe(200);
  const press = /name="press" value="([^"]+)"/u.exec(form.text)?.[1] ?? "";
  return await browser.post(path, { confirm: "yes", press, ...fields });
}

describe("the list", () => {
  const titles = async (query: string) => {
    const { text, status } = await browser.get(`/admin${query}`);
    expect(status).toBe(200);
    return [...text.matchAll(/<h2 dir="auto"><a href="[^"]*">([^<]*)/gu)].map(([, title]) => title);
  };

  test("is filtered by everything that programs filter by", async () => {
    await ask("po-1", { requester: "dee@example.com", metadata: { team: "ops" }, deadline: "P2D" });
    await ask("po-2", { title: "Buy chairs", approvers: ["zoe@example.com"], deadline: "P1D" });
    await rig.json("POST", "/approvals/po-2/cancel", {}, bearer());
    const today = new Date().toISOString().slice(0, 10);
    expect(await titles("")).toEqual(["Buy chairs", "Order po-1"]);
    expect(await titles("?status=pending")).toEqual(["Order po-1"]);
    expect(await titles("?status=cancelled")).toEqual(["Buy chairs"]);
    expect(await titles("?approver=zoe@example.com")).toEqual(["Buy chairs"]);
    expect(await titles("?requester=DEE@example.com")).toEqual(["Order po-1"]);
    expect(await titles("?tag=team:ops&tag=")).toEqual(["Order po-1"]);
    expect(await titles("?q=chairs")).toEqual(["Buy chairs"]);
    expect(await titles("?sort=due")).toEqual(["Order po-1"]);
    expect(await titles(`?createdFrom=${today}&createdTo=${today}`)).toEqual(["Buy chairs", "Order po-1"]);
    expect(await titles(`?createdTo=2020-01-01`)).toEqual([]);
    expect(await titles(`?dueFrom=${today}&status=pending&approver=&q=`)).toEqual(["Order po-1"]);
    expect(await titles(`?dueTo=${today}`)).toEqual([]);
    expect(read((await browser.get("/admin")).text)).toContain("2 approvals");
  });

  test.each([
    ["status=lost", "Status"],
    ["approver=nobody", "Approver must be one plain mail address"],
    ["tag=team", "Tag, as name:value must be name:value"],
    ["q=...", "Words of the title or id must have a letter or a digit"],
    ["createdFrom=1.12.2026", "Created from must be a date such as 2026-12-01"],
    ["dueTo=2026-02-30", "Deadline to must be a date"],
    ["createdFrom=2026-12-02&createdTo=2026-12-01", "Created to must not be before the first day"],
    ["sort=due&status=approved", "Order must be created with this status"],
    ["cursor=x", "cursor must be"],
  ])("says what is wrong with %s", async (query, problem) => {
    const { status, text } = await browser.get(`/admin?${query}`);
    expect(status).toBe(422);
    expect(read(text)).toContain(problem);
  });

  test("has pages of 25, with a way on and a way back that keep the filter", async () => {
    const list = Array.from({ length: 60 }, (_, i) => entry({ id: `po-${i}`, title: `Order ${i}` }));
    await using other = await openRig({ ledger: ledgerOf(list) });
    const there = await enters(other, "");
    const seen: (string | undefined)[] = [];
    let path: string | undefined = "/admin?q=order";
    const backs: (string | undefined)[] = [];
    while (path !== undefined) {
      const { text } = await there.get(path);
      seen.push(...[...text.matchAll(/<h2 dir="auto"><a href="([^"]*)"/gu)].map(([, href]) => href));
      const link = (rel: string) =>
        new RegExp(`rel="${rel}" href="([^"]+)"`, "u").exec(text)?.[1]?.replaceAll("&amp;", "&");
      backs.push(link("prev"));
      path = link("next");
      if (path !== undefined) expect(path).toContain("q=order");
    }
    expect(new Set(seen).size).toBe(60);
    expect(seen).toHaveLength(60);
    expect(backs).toEqual([undefined, "/admin?q=order", expect.stringContaining("cursor=")]);
  });

  test("says whether the relay takes mails, since when, why not, and how many wait", async () => {
    let state: RelayState = { kind: "unknown", sinceMs: 0, waiting: 0 };
    await using other = await openRig({ ledger: ledgerOf([]), relay: () => state });
    const there = await enters(other, "");
    const told = async () => {
      const { status, text } = await there.get("/admin");
      expect(status).toBe(200);
      return /<p class="(problem|relay)">([^<]*)/u.exec(text)?.slice(1);
    };
    expect(await told()).toBeUndefined();
    const lastError = { reason: "The mail server could not be reached", atMs: 0 };
    state = { kind: "away", sinceMs: Date.UTC(2026, 10, 30, 9), lastError, waiting: 3 };
    expect(await told()).toEqual([
      "problem",
      expect.stringMatching(
        /^The mail relay is away, since .*09:00.*: The mail server could not be reached\. 3 mails wait\.$/u,
      ),
    ]);
    expect((await other.call("/readyz")).status).toBe(200);
    state = { ...state, kind: "barred", waiting: 1 };
    expect(await told()).toEqual([
      "problem",
      expect.stringMatching(/does not let us send.* 1 mail waits\.$/u),
    ]);
    state = { ...state, kind: "up", waiting: 0 };
    expect(await told()).toEqual([
      "relay",
      expect.stringMatching(/^The mail relay takes mails, since [^:]*:\d\d[^:]*\.$/u),
    ]);
  });

  test.each([
    [0, "None among"],
    [1, "At least 1 approval "],
    [1_000, "At least 1,000 approvals "],
  ])("sends on to the next page where none of those looked at fits, of at least %s", async (count, said) => {
    const page = { items: [], nextCursor: "more", total: { count, isExact: false } };
    await using other = await openRig({ ledger: { list: async () => page } });
    const text = read((await (await enters(other, "")).get("/admin?q=order")).text);
    expect(text).toContain("None among the newest that were looked at. Go on with Next.");
    expect(text).toContain(said);
    expect(text).not.toContain("More than");
    expect(text).not.toContain("There is no such approval");
  });

  test("says so where there is no index", async () => {
    await using other = await openRig({ ledger: NO_LEDGER });
    const there = await enters(other, "");
    const { status, text } = await there.get("/admin");
    expect(status).toBe(503);
    expect(read(text)).toContain("this installation keeps no index");
  });
});

describe("the page of an approval", () => {
  test("tells the rule, where it stands, who was mailed when, and what it waits for", async () => {
    await ask("po-1", {
      summary: "The **old** ones",
      details: [{ label: "Amount", value: "41 200 €" }],
      metadata: { team: "ops" },
      requester: { email: "dee@example.com", name: "Dee" },
      reminders: { after: ["PT1H"] },
      rejection: "veto",
    });
    await rig.press(await rig.link("po-1", "approve"), { confirm: "yes", comment: "Fine" });
    await until(async () => ((await view("po-1")).ballots[0]?.state === "approved" ? true : undefined));
    const { text, status } = await browser.get(pageOf("po-1"));
    expect(status).toBe(200);
    const page = read(text);
    for (const part of [
      "Open Waiting for bo@example.com.",
      "Requested for Dee dee@example.com",
      "Ana Souza ana@example.com approved",
      "through the link in a mail",
      "bo@example.com no answer yet",
      "Mail accepted by the relay",
      "Requested for Dee",
      "Ana Souza was asked",
      "Mail to Ana Souza: the question – accepted by the relay",
      "Ana Souza answered: approve, by the link of ana@example.com",
      "The deadline",
      "A reminder, an escalation, or another look",
      "Who must approve All 2 approvals (Ana Souza, bo@example.com)",
      "Reminders after PT1H",
      "Amount 41 200 €",
    ]) {
      expect(page).toContain(part);
    }
    expect(text).toContain("<strong>old</strong>");
    expect((await browser.get(pageOf("po-2"))).status).toBe(404);
    expect((await browser.get(pageOf("%00"))).status).toBe(404);
  });

  test("tells when links were first opened, and by what it looked like, and settles nothing by that", async () => {
    await ask("po-1");
    const link = await rig.link("po-1", "approve");
    const tree = async () => (await rig.durable.family("po-1")).promises;
    const before = await tree();
    for (let i = 0; i < 3; i += 1) await rig.call(link, { headers: { "user-agent": "Proofpoint" } });
    const opened = async () => read((await browser.get(pageOf("po-1"))).text);
    await until(async () => (await opened()).includes("what looks like a scanner") || undefined);
    expect(await opened()).not.toContain("what looks like a person");
    const headers = { "user-agent": "Mozilla/5.0", accept: "text/html", "accept-language": "de" };
    // Not by `fetch`, which says that a script asks.
    expect((await call(new URL(link, rig.url).href, { headers })).status).toBe(200);
    await until(async () => (await opened()).includes("what looks like a person") || undefined);
    expect(
      (await opened()).match(/The link of Ana Souza was first opened by what looks like a \w+/gu),
    ).toHaveLength(2);
    expect(await tree()).toEqual(before);
    const events = (await history("po-1")).filter(({ type }) => type === "opened");
    expect(events.map(({ ballot, person, opener }) => [ballot, person, opener])).toEqual(
      expect.arrayContaining([
        [1, ANA, "scanner"],
        [1, ANA, "person"],
      ]),
    );
    expect(events).toHaveLength(2);
  });

  test("shows text that wants to be markup as text", async () => {
    await ask("po-1", {
      title: "<script>alert(1)</script>",
      metadata: { "<b>": "</pre><script>" },
      approvers: [{ email: "ana@example.com", name: "<img src=x>" }],
    });
    const { text } = await browser.get(pageOf("po-1"));
    expect(text).not.toContain("<script>");
    expect(text).not.toContain("<img");
    expect(text).toContain("&lt;script&gt;alert(1)");
  });
});

describe("an act", () => {
  const told = () =>
    rig.told.map((mail) => [mail.kind, mail.doer?.kind === "operator" ? mail.doer.name : undefined] as const);

  test("happens by the form's POST alone, and once, however often it is sent", async () => {
    await ask("po-1");
    await browser.get(`${pageOf("po-1")}/cancel`);
    expect((await browser.post(`${pageOf("po-1")}/cancel`)).status).toBe(422);
    expect((await view("po-1")).status).toBe("pending");
    const path = `${pageOf("po-1")}/ballots/1/remind`;
    const form = await browser.get(path);
    const press = /name="press" value="([^"]+)"/u.exec(form.text)?.[1] ?? "";
    for (const _ of [1, 2]) {
      expect(await browser.post(path, { confirm: "yes", press })).toMatchObject({
        status: 303,
        location: pageOf("po-1"),
      });
    }
    expect(rig.asks.filter(({ kind }) => kind === "reminder")).toEqual([
      expect.objectContaining({ doer: KIM }),
    ]);
    const again = await act(path);
    expect(again.status).toBe(409);
    expect(read(again.text)).toContain("another mail was ordered for the same person less than an hour ago");
    expect(rig.audit.filter(({ what }) => what === "remind")).toEqual([
      expect.objectContaining({ who: "operator:Kim Novak", about: "po-1:1", outcome: "stored" }),
      expect.objectContaining({ outcome: "stored" }),
      expect.objectContaining({ outcome: "too-soon" }),
    ]);
    expect(read((await browser.get(pageOf("po-1"))).text)).toContain(
      "Mail to Ana Souza: a reminder – accepted by the relay, by the operator Kim Novak",
    );
  });

  test("resends the links, the same or new ones", async () => {
    await ask("po-1");
    const link = await rig.link("po-1", "approve");
    expect((await act(`${pageOf("po-1")}/ballots/2/resend`)).status).toBe(303);
    expect(asked("bo@example.com")).toMatchObject({ kind: "request", doer: KIM });
    expect((await act(`${pageOf("po-1")}/ballots/1/renew`)).status).toBe(303);
    const old = await rig.call(link);
    expect(read(old.text)).toContain("The operator Kim Novak did this.");
    expect(await history("po-1")).toContainEqual(
      expect.objectContaining({ type: "reissued", caller: "operator:Kim Novak" }),
    );
    await until(async () => asked("ana@example.com")?.doer);
  });

  test("hands the question on, and tells both and the requester who did it", async () => {
    await ask("po-1", { requester: "dee@example.com", approvers: [ANA], require: "any" });
    const link = await rig.link("po-1", "approve");
    const path = `${pageOf("po-1")}/ballots/1/reassign`;
    const wrong = await act(path, { email: "zoe" });
    expect(wrong.status).toBe(422);
    const refused = await act(path, { email: "dee@example.com", reason: "Away" });
    expect(refused.status).toBe(422);
    expect(read(refused.text)).toContain("must not be the requester");
    expect((await act(path, { email: "zoe@example.com", reason: "Away" })).status).toBe(303);
    expect(read((await rig.call(link)).text)).toContain(
      "Somebody else answers it now. The operator Kim Novak did this.",
    );
    await until(async () => told().find(([kind]) => kind === "handed-on"));
    expect(told()).toContainEqual(["handed-on", "Kim Novak"]);
    await until(async () =>
      (await view("po-1")).ballots.every(({ mail }) => mail.status === "sent") ? true : undefined,
    );
    expect(asked("zoe@example.com")).toMatchObject({ kind: "reassigned", doer: KIM });
    expect(read((await browser.get(pageOf("po-1"))).text)).toContain(
      "The question of Ana Souza was passed on to zoe@example.com, by the operator Kim Novak",
    );
  });

  test("takes somebody out, and takes an answer back, and says to them who did it", async () => {
    await ask("po-1", { undo: "PT10M" });
    const [ana, bo] = [await rig.link("po-1", "approve"), await rig.link("po-1", "approve", 3)];
    await rig.press(ana);
    expect((await act(`${pageOf("po-1")}/ballots/1/undo`)).status).toBe(303);
    expect(read((await rig.call(ana)).text)).toContain("The operator Kim Novak did this.");
    await until(async () => asked("ana@example.com")?.kind === "undone" || undefined);
    expect(asked("ana@example.com")).toMatchObject({ kind: "undone", doer: KIM });
    expect((await act(`${pageOf("po-1")}/ballots/3/recuse`, { reason: "Not theirs" })).status).toBe(303);
    const page = read((await rig.call(bo)).text);
    expect(page).toContain("You take no part in this request The operator Kim Novak did this.");
    expect(page).not.toContain("You said that you do not answer it.");
    const late = await act(`${pageOf("po-1")}/ballots/1/undo`);
    expect(late.status).toBe(409);
  });

  test("moves the deadline", async () => {
    await ask("po-1");
    const path = `${pageOf("po-1")}/extend`;
    for (const [deadline, problem] of [
      ["", "Some entries are missing or wrong"],
      ["soon", "The deadline must be"],
      ["PT2M", "must be at least a minute later than the present one"],
    ] as const) {
      const wrong = await act(path, { deadline });
      expect(wrong.status, deadline).toBe(422);
      if (deadline !== "") expect(read(wrong.text)).toContain(problem);
    }
    const before = (await view("po-1")).deadline;
    expect((await act(path, { deadline: "P30D", reason: "Holidays" })).status).toBe(303);
    expect((await view("po-1")).deadline > before).toBe(true);
    expect(read((await browser.get(pageOf("po-1"))).text)).toMatch(
      /The deadline was moved to [^<]*? UTC, by the operator Kim Novak .* Holidays/u,
    );
  });

  test("changes the question, after it was shown", async () => {
    await ask("po-1", { rounds: 2 });
    const path = `${pageOf("po-1")}/change`;
    const same = await act(path, { title: "Order po-1", step: "send" });
    expect(same.status).toBe(422);
    const preview = await act(path, { title: "Order 20 laptops", note: "Fewer", step: "preview" });
    expect(preview.status).toBe(200);
    expect((await view("po-1")).title).toBe("Order po-1");
    expect((await act(path, { title: "Order 20 laptops", note: "Fewer", step: "send" })).status).toBe(303);
    await until(async () => ((await view("po-1")).title === "Order 20 laptops" ? true : undefined));
    expect(await history("po-1")).toContainEqual(
      expect.objectContaining({ type: "changed", caller: "operator:Kim Novak", comment: "Fewer" }),
    );
  });

  test("that cancels says so if somebody else's cancellation came first", async () => {
    await ask("po-1");
    const path = `${pageOf("po-1")}/cancel`;
    const form = await browser.get(path);
    const press = /name="press" value="([^"]+)"/u.exec(form.text)?.[1] ?? "";
    const posted = { confirm: "yes", press };
    for (const _ of [1, 2]) expect((await browser.post(path, posted)).status).toBe(303);
    const late = await browser.post(path, { confirm: "yes", press: "B".repeat(22) });
    expect(late.status).toBe(409);
    expect(read(late.text)).toContain("Cannot cancel: another call, an answer or the end came first");
    const outcomes = rig.audit.filter(({ what }) => what === "cancel").map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["stored", "stored", "too late"]);
  });

  test("that cancels counts before any worker has begun", async () => {
    await using idle = await openRig({ work: false, outcomeWaitMs: 0 });
    await idle.json("POST", "/approvals", { id: "po-1", title: "T", approvers: [ANA] });
    const there = await enters(idle, "");
    const path = `${pageOf("po-1")}/cancel`;
    const press = /name="press" value="([^"]+)"/u.exec((await there.get(path)).text)?.[1] ?? "";
    for (const _ of [1, 2]) {
      expect(await there.post(path, { confirm: "yes", press })).toMatchObject({ status: 303 });
    }
    const outcomes = idle.audit.filter(({ what }) => what === "cancel").map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["stored", "stored"]);
    const late = await there.post(path, { confirm: "yes", press: "B".repeat(22) });
    expect(late.status).toBe(409);
  });

  test("sent again with something else in it is another act, and is refused in words of the page", async () => {
    await ask("po-1");
    const path = `${pageOf("po-1")}/ballots/1/reassign`;
    const press = /name="press" value="([^"]+)"/u.exec((await browser.get(path)).text)?.[1] ?? "";
    const posted = { confirm: "yes", press, email: "zoe@example.com", reason: "Away" };
    for (const _ of [1, 2]) expect((await browser.post(path, posted)).status).toBe(303);
    const other = await browser.post(path, { ...posted, email: "dan@example.com" });
    expect(other.status).toBe(409);
    expect(read(other.text)).toContain(
      "Cannot pass the question on: the question was passed on to somebody else",
    );
    expect(other.text).not.toMatch(/Idempotency|ballot is closed/u);

    const extend = `${pageOf("po-1")}/extend`;
    const twice = /name="press" value="([^"]+)"/u.exec((await browser.get(extend)).text)?.[1] ?? "";
    for (const deadline of ["P20D", "P20D", "P30D"]) {
      expect((await browser.post(extend, { confirm: "yes", press: twice, deadline })).status).toBe(303);
    }
    const extended = (await history("po-1")).filter(({ type }) => type === "extended");
    expect(extended).toHaveLength(2);
    const mails = `${pageOf("po-1")}/ballots/2/remind`;
    expect((await act(mails, {})).status).toBe(303);
    const soon = read((await act(mails, {})).text);
    expect(soon).toMatch(/less than an hour ago\. It is possible again at \w+, \d+ \w+ \d{4}/u);
  });

  test("names who must not get the question", async () => {
    await ask("po-1", { requester: "dee@example.com" });
    const posted = { email: ANA.email, reason: "Away" };
    const { status, text } = await act(`${pageOf("po-1")}/ballots/1/reassign`, posted);
    expect(status).toBe(422);
    expect(read(text)).toContain("The other person must be somebody else: it is their ballot already.");
    expect(rig.audit.at(-1)).toMatchObject({ what: "reassign", outcome: "to-same" });
  });

  test("cancels, and everybody is told by whom", async () => {
    await ask("po-1", { requester: "dee@example.com" });
    const [ana, bo] = [await rig.link("po-1", "approve"), await rig.link("po-1", "approve", 2)];
    await rig.press(ana);
    expect((await act(`${pageOf("po-1")}/cancel`, { reason: "Not needed" })).status).toBe(303);
    expect(await view("po-1")).toMatchObject({
      status: "cancelled",
      cancellation: { caller: "operator:Kim Novak", reason: "Not needed" },
    });
    expect(read((await rig.call(bo)).text)).toContain("The operator Kim Novak did this.");
    expect(read((await rig.call(ana)).text)).toContain("The operator Kim Novak did this.");
    await until(async () => (told().length >= 3 ? true : undefined));
    expect(new Map(told())).toEqual(
      new Map([
        ["no-longer-needed", "Kim Novak"],
        ["outcome", "Kim Novak"],
        ["requester-outcome", "Kim Novak"],
      ]),
    );
    expect(await history("po-1")).toContainEqual(
      expect.objectContaining({ type: "cancel-requested", caller: "operator:Kim Novak", door: "api" }),
    );
    const { text } = await browser.get(pageOf("po-1"));
    expect(read(text)).toContain("by the operator Kim Novak");
    expect(text).not.toContain(`${pageOf("po-1")}/cancel`);
    const late = await act(`${pageOf("po-1")}/extend`, { deadline: "P30D" });
    expect(late.status).toBe(409);
    expect(read(late.text)).toContain("the approval has ended");
  });

  test("revokes an approved action, until a program has taken it", async () => {
    const action = { tool: "pay", arguments: { invoice: 7 }, reversible: "no" };
    const consume = (id: string) =>
      rig.json("POST", `/approvals/${id}/consume`, { arguments: { invoice: 7 }, attempt: "one" }, bearer());
    for (const id of ["pay-1", "pay-2"]) {
      await ask(id, { action, require: "any" });
      expect((await browser.get(pageOf(id))).text).not.toContain(`${pageOf(id)}/revoke`);
      await rig.press(await rig.link(id, "approve"));
      await rig.settled(id);
      expect((await browser.get(pageOf(id))).text).toContain(`href="${pageOf(id)}/revoke"`);
    }
    expect((await act(`${pageOf("pay-1")}/revoke`, { reason: "Wrong invoice" })).status).toBe(303);
    expect(await consume("pay-1")).toMatchObject({ status: 410, body: { approvalStatus: "revoked" } });
    const page = await browser.get(pageOf("pay-1"));
    expect(page.text).not.toContain(`${pageOf("pay-1")}/revoke`);
    expect(read(page.text)).toMatch(/was revoked.*Kim Novak.*Wrong invoice/u);
    expect(rig.audit).toContainEqual(
      expect.objectContaining({ what: "revoke", about: "pay-1", outcome: "stored" }),
    );

    const form = await browser.get(`${pageOf("pay-2")}/revoke`);
    expect((await consume("pay-2")).status).toBe(200);
    const press = /name="press" value="([^"]+)"/u.exec(form.text)?.[1] ?? "";
    const late = await browser.post(`${pageOf("pay-2")}/revoke`, { confirm: "yes", press });
    expect(late.status).toBe(409);
    expect(read(late.text)).toContain("Cannot revoke: it was consumed at");
    expect((await browser.get(pageOf("pay-2"))).text).not.toContain(`${pageOf("pay-2")}/revoke`);
  });

  test("lets a program ask again that people have refused in advance", async () => {
    const action = { tool: "wipe", arguments: { disk: 7 }, reversible: "no" };
    await ask("wipe-1", { action, require: "any" });
    await rig.press(await rig.link("wipe-1", "reject"), { confirm: "yes", doNotAsk: "P7D" });
    await rig.settled("wipe-1");
    const again = () =>
      rig.json("POST", "/approvals", { title: "Wipe it", approvers: [ANA], action }, bearer());
    expect((await again()).status).toBe(403);
    const { text } = await browser.get(pageOf("wipe-1"));
    expect(text).toContain(`href="${pageOf("wipe-1")}/ask-again"`);
    // The form of an approval does not take a refusal back.
    expect((await act(`${pageOf("wipe-1")}/revoke`, {})).status).toBe(409);
    expect((await again()).status).toBe(403);
    expect((await act(`${pageOf("wipe-1")}/ask-again`, { reason: "The disk is the right one" })).status).toBe(
      303,
    );
    expect((await again()).status).toBe(202);
    const page = await browser.get(pageOf("wipe-1"));
    expect(page.text).not.toContain(`${pageOf("wipe-1")}/ask-again`);
    expect(read(page.text)).toMatch(
      /The refusal in advance was revoked.*Kim Novak.*The disk is the right one/u,
    );
    expect(rig.audit).toContainEqual(
      expect.objectContaining({ what: "revoke", about: "wipe-1", outcome: "stored" }),
    );
  });

  test("does not revoke an approval by the form that lets a program ask again", async () => {
    await ask("pay-3", { action: { tool: "pay", arguments: { invoice: 7 } }, require: "any" });
    await rig.press(await rig.link("pay-3", "approve"));
    await rig.settled("pay-3");
    const wrong = await act(`${pageOf("pay-3")}/ask-again`, {});
    expect(wrong.status).toBe(409);
    expect(read(wrong.text)).toContain("nobody has refused this in advance");
    const consumed = await rig.json(
      "POST",
      "/approvals/pay-3/consume",
      { arguments: { invoice: 7 }, attempt: "one" },
      bearer(),
    );
    expect(consumed.status).toBe(200);
  });
});
