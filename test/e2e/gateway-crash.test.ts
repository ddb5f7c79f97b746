/** `kill -9` of the gateway while somebody waits for its answer: what was acknowledged stands, and a retry finds it. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-keys.ts";
import { Api } from "../support/api.ts";
import { ACTION, WANTED } from "../support/approved-action.ts";
import { Authenticator } from "../support/authenticator.ts";
import { type Asked, startEngineProxy } from "../support/engine-proxy.ts";
import { eventually } from "../support/eventually.ts";
import { call, post } from "../support/http.ts";
import { look, press } from "../support/press.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { needsEmbeddedEngine, needsIndex } from "../support/resonate-server.ts";
import { newId, openSite, type Site } from "../support/site.ts";
import { TestBrowser } from "../unit/gateway/inbox/browser.ts";

const ANA = "ana@example.com";

let relay: Relay;
let site: Site;
let api: Api;

beforeAll(async () => {
  relay = await startRelay();
  site = await openSite({ relay });
  await site.startParts({ gateways: 0, workers: 1 });
  api = new Api(site.publicUrl);
});

afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
});

test("between begin and wait: the next gateway tells the result", async () => {
  const first = await site.start("gateway");
  const id = await api.begin(newId("foo"), { n: 1 });
  await first.killHard();
  await using _second = await site.start("gateway");
  expect(await api.ended(id)).toMatchObject({ status: "resolved", result: { result: 'Processed: {"n":1}' } });
});

test("while somebody waits: they lose the connection, ask again, and are told", async () => {
  const first = await site.start("gateway");
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  const mail = await relay.mailTo(ANA, id);
  const waiting = api.waitRaw(id, 60).then(
    () => "answered",
    () => "cut off",
  );
  // Long enough under way to have reached the gateway: a later request has been answered.
  expect((await api.waitRaw(id)).status).toBe(200);
  await first.killHard();
  expect(await waiting).toBe("cut off");

  await using _second = await site.start("gateway");
  const again = api.ended(id);
  expect(await press(mail.links.reject)).toMatchObject({ decision: "rejected", effective: true });
  expect(await again).toMatchObject({ status: "resolved", result: { outcome: "rejected" } });
});

test("before the engine has heard of a request: nothing was started, and the retry starts it", async () => {
  const { service, proxy } = await site.startProxied("gateway");
  const held = proxy.hold("request", ({ kind }) => kind === "promise.create");
  const id = newId("po");
  const lost = api.askRaw({ id, approvers: [ANA] }).catch(() => "cut off");
  await held.reached;
  await service.killHard();
  held.release("cut");
  expect(await lost).toBe("cut off");

  await using _second = await site.start("gateway");
  expect((await api.approvalRaw(id)).status).toBe(404);
  await api.ask({ id, approvers: [ANA] });
  await relay.mailTo(ANA, id);
});

test("when the engine has started it and nobody was told: the retry finds it, and one mail went out", async () => {
  const { service, proxy } = await site.startProxied("gateway");
  const held = proxy.hold("reply", ({ kind }) => kind === "promise.create");
  const id = newId("po");
  const lost = api.askRaw({ id, approvers: [ANA] }).catch(() => "cut off");
  await held.reached;
  await service.killHard();
  held.release("cut");
  expect(await lost).toBe("cut off");

  await using _second = await site.start("gateway");
  await api.ask({ id, approvers: [ANA] });
  const mail = await relay.mailTo(ANA, id);
  expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
  await api.ended(id);
  expect(relay.mailsOf(id)).toHaveLength(1);
});

test("before a press reaches the engine: nothing is decided, and the next press counts", async () => {
  const { id, links, settling, press1 } = await pressHeld("request");
  await settling.kill();
  expect(await press1).toBe("cut off");

  await using _second = await site.start("gateway");
  expect(await look(links.approve)).toMatchObject({ status: 200, decision: undefined });
  expect(await press(links.reject)).toMatchObject({ status: 200, decision: "rejected", effective: true });
  expect(await api.ended(id)).toMatchObject({ result: { outcome: "rejected" } });
});

test("between the settle and its reply: the decision stands, and whoever presses again is told so", async () => {
  const { id, links, settling, press1 } = await pressHeld("reply");
  await settling.kill();
  expect(await press1).toBe("cut off");

  await using _second = await site.start("gateway");
  expect(await press(links.approve)).toMatchObject({ status: 200, decision: "approved" });
  expect(await press(links.reject)).toMatchObject({ decision: "approved" });
  expect(await api.ended(id)).toMatchObject({
    result: { outcome: "approved", decisions: [{ email: ANA, choice: "approve", comment: "Fine" }] },
  });
});

test("between a cancellation and its reply: it stands, and the retry is told so", async () => {
  const { service, proxy } = await site.startProxied("gateway");
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  const mail = await relay.mailTo(ANA, id);
  const held = proxy.hold("reply", isSettle);
  const lost = api.cancelRaw(id, "no longer needed").catch(() => "cut off");
  await held.reached;
  await service.killHard();
  held.release("cut");
  expect(await lost).toBe("cut off");

  await using _second = await site.start("gateway");
  expect(await api.cancelled(id)).toMatchObject({ id, status: "cancelled" });
  expect(await press(mail.links.approve)).toMatchObject({ decision: "cancelled" });
  expect(await api.ended(id)).toMatchObject({ result: { outcome: "cancelled" } });
});

test("around a new passkey: none without its mail, and no mail without it", async (ctx) => {
  needsEmbeddedEngine(ctx, "tried on the embedded engine only");
  // Browsers offer passkeys where the address has a name.
  const ORIGIN = "https://approvals.example.com";
  const named = { PUBLIC_URL: ORIGIN };
  const bo = "bo@example.com";
  const about = () => relay.notices.filter(({ to, text }) => to === bo && text.includes("/inbox/passkeys"));
  const isOfPasskey =
    (id: string) =>
    ({ kind, id: of }: Asked) =>
      kind === "promise.create" && of.startsWith(id);
  const browser = new TestBrowser({ call: (path, init) => opened(path, init) });
  const device = new Authenticator(ORIGIN);
  const add = async () => {
    const options = /data-options="([^"]+)"/u.exec((await browser.get(PAGE)).text)?.[1] ?? "";
    const credential = device.create(options.replaceAll(/&(?:quot|#34);/gu, '"').replaceAll("&amp;", "&"));
    return await browser.post(PAGE, { confirm: "yes", label: "My phone", credential });
  };

  await using proxies = new AsyncDisposableStack();
  const start = async () => {
    const proxy = proxies.use(await startEngineProxy(site.engineUrl));
    const { port } = new URL(proxy.url);
    // As on the embedded engine: a gateway that is told of a server has no inbox without an index in PostgreSQL.
    return { proxy, service: await site.start("gateway", { ...named, ENGINE_PORT: port }) };
  };

  const first = await start();
  // Who is asked nothing gets no code.
  await relay.mailTo(bo, await api.ask({ id: newId("po"), approvers: [bo] }));
  await browser.get("/inbox/sign-in");
  expect(await browser.post("/inbox/sign-in", { email: bo })).toMatchObject({
    status: 303,
    location: "/inbox/code",
  });
  const code = await eventually("the mail with the code", () =>
    relay.notices.flatMap(({ to, text }) => (to === bo ? (/\b\d{6}\b/u.exec(text)?.[0] ?? []) : [])).at(-1),
  );
  await browser.get("/inbox/code");
  expect(await browser.post("/inbox/code", { code })).toMatchObject({ status: 303, location: "/inbox" });

  // The mail is ordered, and the engine has not heard of the passkey.
  const ordered = first.proxy.hold("request", isOfPasskey("passkeys."));
  const lost = add().catch(() => "cut off");
  await ordered.reached;
  await first.service.killHard();
  ordered.release("cut");
  expect(await lost).toBe("cut off");

  const second = await start();
  expect((await browser.get(PAGE)).text).toContain("You have none");
  // Now it is on disk, and nobody was told.
  const stored = second.proxy.hold("reply", isOfPasskey("passkeys."));
  const again = add().catch(() => "cut off");
  await stored.reached;
  await second.service.killHard();
  stored.release("cut");
  expect(await again).toBe("cut off");

  await using _third = await site.start("gateway", named);
  expect((await browser.get(PAGE)).text).toContain("My phone");
  await eventually("the mail about the passkey", () => about().length > 0);
  expect(about()).toHaveLength(1);
});

const PAGE = "/inbox/passkeys";

/** A page, or the answer to a form, of the gateway that runs now. */
async function opened(path: string, { method = "GET", headers, body }: RequestInit = {}) {
  const fields = body instanceof URLSearchParams ? body.toString() : undefined;
  const form = fields === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" };
  const answer = await call(`${site.publicUrl}${path}`, {
    method,
    headers: { ...Object.fromEntries(new Headers(headers)), ...form },
    ...(fields === undefined ? {} : { body: fields }),
  });
  const answered = new Headers();
  for (const cookie of answer.headers["set-cookie"] ?? []) answered.append("set-cookie", cookie);
  if (answer.headers.location !== undefined) answered.set("location", answer.headers.location);
  return { ...answer, headers: answered, body: {}, result: "" };
}

test("at every request that stores something of an action: one grant, never two, and none is lost", async () => {
  const first = await site.start("gateway");
  const approved = async () => {
    const id = await api.ask({ id: newId("pay"), approvers: [ANA], action: ACTION });
    await press((await relay.mailTo(ANA, id)).links.approve);
    await api.ended(id);
    return id;
  };
  const ids = { consume: await approved(), revoke: await approved() };
  await first.killHard();
  const body = { ...WANTED, attempt: "job-1" };
  const calls = {
    consume: (id: string) => post(`${site.publicUrl}/approvals/${id}/consume`, body),
    revoke: (id: string) => post(`${site.publicUrl}/approvals/${id}/revoke`, {}),
  };

  // What is read before leaves nothing behind: `test/unit/service/approvals/consume.test.ts` counts the requests.
  for (const moment of ["request", "reply"] as const) {
    const { service, proxy } = await site.startProxied("gateway");
    // Not after the death at the request; and at first of course.
    expect(await usesOf(ids)).toEqual([[], []]);
    const waiting = { consume: 0, revoke: 0 };
    const both = Promise.withResolvers<void>();
    const death = both.promise.then(() => service.killHard());
    // Both are on their way when it dies, and each has come just as far.
    proxy.watcher = async (now, { kind, id }) => {
      if (kind !== "promise.create" || now !== moment) return undefined;
      waiting[id.startsWith(ids.consume) ? "consume" : "revoke"] += 1;
      if (waiting.consume > 0 && waiting.revoke > 0) both.resolve();
      await death;
      return "cut";
    };
    const lost = [calls.consume(ids.consume), calls.revoke(ids.revoke)].map((call) =>
      call.catch(() => "cut off"),
    );
    expect(await Promise.all(lost)).toEqual(["cut off", "cut off"]);
    await death;
  }

  await using _last = await site.start("gateway");
  expect(await usesOf(ids)).toEqual([["consumed"], ["revoked"]]);
  const granted = await calls.consume(ids.consume);
  expect(granted.status).toBe(200);
  expect((await calls.consume(ids.consume)).json()).toEqual(granted.json());
  const other = await post(`${site.publicUrl}/approvals/${ids.consume}/consume`, {
    ...body,
    attempt: "job-2",
  });
  expect(other.status).toBe(409);
  expect((await calls.revoke(ids.consume)).status).toBe(409);
  expect((await calls.consume(ids.revoke)).status).toBe(410);
  expect((await calls.revoke(ids.revoke)).status).toBe(200);
});

/** Ends the gateway at its `n`th request that stores something whose id begins so, before the engine has it or before the reply. */
async function dyingAt(n: number, moment: "request" | "reply", id: string, of = site) {
  const { service, proxy } = await of.startProxied("gateway");
  const died = Promise.withResolvers<void>();
  let stored = 0;
  proxy.watcher = async (now, about) => {
    if (!STORES.test(about.kind) || !about.id.startsWith(id)) return undefined;
    if (now === "request") stored += 1;
    if (stored < n || now !== moment) return undefined;
    await service.killHard();
    died.resolve();
    return "cut";
  };
  return { died: died.promise };
}

const STORES = /^(?:promise\.(?:create|settle)|task\.create)$/u;

test("at every request that stores something of a standing approval's use: one use, never two, and one mail about it", async () => {
  const first = await site.start("gateway");
  const standing = { limits: { "/amount": { max: 500 } }, uses: 10 };
  const action = { tool: "refunds.pay", reversible: "costly", standing };
  const id = await api.ask({ id: newId("refunds"), approvers: [ANA], action });
  await press((await relay.mailTo(ANA, id)).links.approve);
  await api.ended(id);
  await first.killHard();
  const use = (attempt: string) =>
    post(`${site.publicUrl}/approvals/${id}/consume`, { arguments: { amount: 5 }, attempt });

  // The attempt, the slot, and what came of the attempt.
  for (const n of [1, 2, 3]) {
    for (const moment of ["request", "reply"] as const) {
      const { died } = await dyingAt(n, moment, id);
      expect(await use("job-1").catch(() => "cut off"), `${moment} ${n}`).toBe("cut off");
      await died;
    }
  }
  await using _last = await site.start("gateway");
  const used = [];
  for (const attempt of ["job-1", "job-2", "job-1"]) used.push((await use(attempt)).json());
  expect(used).toMatchObject([{ use: 1 }, { use: 2 }, { use: 1 }]);
  const about = () => relay.notices.filter(({ to, subject }) => to === ANA && subject.includes("first time"));
  await eventually("the mail about the first use", () => about().length > 0);
  expect(about()).toHaveLength(1);
});

test("at every request that stores something of an edit: one new round, and one mail about it", async () => {
  const first = await site.start("gateway");
  const schema = { properties: { amount: { type: "number", "x-countersign-editable": true } } };
  const action = { tool: "payments.transfer", arguments: { amount: 5 }, schema };
  const id = await api.ask({ id: newId("edit"), approvers: [ANA], action });
  await relay.mailTo(ANA, id);
  await first.killHard();
  const edit = () => post(`${site.publicUrl}/approvals/${id}/ballots/1/edit`, { arguments: { amount: 4 } });

  for (const moment of ["request", "reply"] as const) {
    const { died } = await dyingAt(1, moment, id);
    expect(await edit().catch(() => "cut off"), moment).toBe("cut off");
    await died;
  }
  await using _last = await site.start("gateway");
  const asked = await eventually("the second round", async () => {
    const approval = (await api.approvalRaw(id)).json() as {
      round?: number;
      ballots: { mail: { status: string } }[];
    };
    return approval.round === 2 && approval.ballots.at(-1)?.mail.status === "sent" ? approval : undefined;
  });
  expect(asked).toMatchObject({
    action: { arguments: { amount: 4 } },
    proposed: { action: { arguments: { amount: 5 } } },
  });
  expect(asked.ballots).toHaveLength(2);
  expect(relay.mailsOf(id)).toHaveLength(2);
});

test("at every request that stores something of a refusal in advance: it is refused as a whole, and asked again as a whole", async () => {
  await using own = await openSite({ relay });
  await own.startParts({ gateways: 0, workers: 1 });
  const store = { file: join(own.dataDir, "api-keys.json"), clock: Date.now };
  const { text: key } = await createKey(store, {
    client: "agent",
    scopes: ["approvals:create", "approvals:read"],
  });
  const ask = async () => {
    const request = { title: "Run it", approvers: [ANA], action: { tool: "shell", arguments: { n: 1 } } };
    const answer = await post(`${own.publicUrl}/approvals`, request, { authorization: `Bearer ${key}` });
    return { status: answer.status, id: String((answer.json() as { id?: string }).id) };
  };
  const send = (path: string, fields: Record<string, string>) =>
    call(path, {
      method: "POST",
      body: new URLSearchParams({ confirm: "yes", ...fields }).toString(),
      headers: FORM,
    });
  const dies = async (
    n: number,
    moment: "request" | "reply",
    path: string,
    fields: Record<string, string>,
  ) => {
    const { died } = await dyingAt(n, moment, "", own);
    expect(await send(path, fields).catch(() => "cut off"), `${moment} ${n}`).toBe("cut off");
    await died;
  };

  const first = await own.start("gateway");
  const { id } = await ask();
  const link = (await relay.mailTo(ANA, id)).links.reject;
  await first.killHard();
  const refusing = { doNotAsk: "P7D", "doNotAsk.which": "any" };
  // The place by which requests find it, and the answer.
  await dies(1, "request", link, refusing);
  await dies(1, "reply", link, refusing);
  await dies(2, "request", link, refusing);
  const second = await own.start("gateway");
  expect((await ask()).status, "nothing is refused before the answer is stored").toBe(202);
  await second.killHard();
  await dies(2, "reply", link, refusing);

  const third = await own.start("gateway");
  await eventually(
    "it is refused, though nobody has pressed again",
    async () => (await ask()).status === 403,
  );
  expect(await press(link)).toMatchObject({ decision: "rejected" });
  await third.killHard();
  await dies(1, "request", `${link}/refusal`, {});
  const fourth = await own.start("gateway");
  expect((await ask()).status).toBe(403);
  await fourth.killHard();
  await dies(1, "reply", `${link}/refusal`, {});
  await using _last = await own.start("gateway");
  expect((await ask()).status).toBe(202);
  expect((await look(`${link}/refusal`)).page).toContain("It is revoked.");
});

const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** What became of the actions of the approvals. */
function usesOf(ids: Readonly<Record<string, string>>): Promise<string[][]> {
  return Promise.all(
    Object.values(ids).map(async (id) => {
      const { uses = [] } = (await api.approvalRaw(id)).json() as { uses?: { readonly state: string }[] };
      return uses.map(({ state }) => state);
    }),
  );
}

const isSettle = ({ kind }: Asked) => kind === "promise.settle";

/** A press whose settle has got as far as `moment` and no further, at a gateway that can be killed there. */
async function pressHeld(moment: "request" | "reply") {
  const { service, proxy } = await site.startProxied("gateway");
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  const { links } = await relay.mailTo(ANA, id);
  const held = proxy.hold(moment, isSettle);
  const press1 = press(links.approve, { comment: "Fine" }).catch(() => "cut off");
  await held.reached;
  const settling = {
    async kill() {
      await service.killHard();
      held.release("cut");
      await eventually("the gateway is gone", () => !service.isRunning);
    },
  };
  return { id, links, settling, press1 };
}

test("between the mail and the sign-in, and after it: the next gateway takes the code, and the session after it", async (ctx) => {
  needsIndex(ctx);
  const first = await site.start("gateway");
  const id = newId("po");
  await api.ask({ id, title: `Order ${id}`, approvers: [ANA] });
  await relay.mailTo(ANA, id);
  const cookies = new Map<string, string>();
  const call = async (path: string, fields?: Readonly<Record<string, string>>) => {
    const response = await fetch(`${site.publicUrl}${path}`, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(fields && { method: "POST", body: new URLSearchParams(fields) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/u.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    return { status: response.status, text: await response.text() };
  };
  expect((await call("/inbox/sign-in", { email: ANA })).status).toBe(303);
  const code = await eventually("the mail with the code", () => {
    const mail = relay.notices.find(({ to, subject }) => to === ANA && subject.includes("Sign in"));
    return mail && /\b\d{6}\b/u.exec(mail.text)?.[0];
  });
  const form = /name="form" value="([^"]+)"/u.exec((await call("/inbox/code")).text)?.[1] ?? "";
  await first.killHard();

  const second = await site.start("gateway");
  expect((await call("/inbox/code", { form, code })).status).toBe(303);
  expect((await call("/inbox")).text).toContain(`Order ${id}`);
  await second.killHard();

  await using _third = await site.start("gateway");
  expect((await call("/inbox")).text).toContain(`Order ${id}`);
  // The code is used up, whichever gateway took it.
  expect((await call("/inbox/code", { form, code })).status).toBe(410);
});
