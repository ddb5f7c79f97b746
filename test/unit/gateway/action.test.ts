/** An action on its way through the service: asked for, stored, shown by the API, and told of with the outcome. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { digestOf } from "../../../src/approval/action.ts";
import { ACTION_VERSION, approvalCall } from "../../../src/approval/starting.ts";
import { callOf } from "../../../src/approval/stored.ts";
import { openRig, type Rig, until } from "./rig.ts";

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

const action = { tool: "payments.transfer", arguments: { amount: 4120, to: ["Ana", "Bo"] }, target: "ERP" };
const request = { title: "Pay invoice 7", approvers: ["ana@example.com"], action };
const ask = (id: string, more: object = {}) => rig.json("POST", "/approvals", { id, ...request, ...more });

test("an action is stored as it was given, shown, and told of with the outcome once it is approved", async () => {
  expect((await ask("act-1")).status).toBe(202);
  const shown = { ...action, reversible: "no", validFor: "P1D" };
  expect((await rig.json("GET", "/approvals/act-1")).body).toMatchObject({ action: shown });
  await rig.press(await rig.link("act-1", "approve"));
  const root = await rig.settled("act-1");
  const call = callOf(root);
  const digest = call && digestOf(call.request, { approval: "act-1", ...call.terms });
  expect(root.value).toMatchObject({ outcome: "approved", action: { digest, arguments: action.arguments } });
  const { body } = await rig.json("GET", "/approvals/act-1");
  expect(body["outcome"]).toMatchObject({ action: { digest, arguments: action.arguments } });
  const [ballot] = (await rig.durable.children("act-1")).filter(
    ({ tags }) => tags["countersign:kind"] === "ballot",
  );
  expect(ballot?.param).toMatchObject({ digest });
});

test("a rejected action has no arguments that could be run", async () => {
  await ask("act-2");
  await rig.press(await rig.link("act-2", "reject"));
  const { value } = await rig.settled("act-2");
  expect(value).toMatchObject({
    outcome: "rejected",
    action: { digest: expect.stringMatching(/^[0-9a-f]{64}$/u) },
  });
  expect(value).not.toHaveProperty("action.arguments");
});

test("the same call is the same approval, and another argument is a conflict", async () => {
  expect((await ask("act-3")).status).toBe(202);
  expect((await ask("act-3", { action: { ...action, validFor: "PT24H" } })).status).toBe(202);
  const other = await ask("act-3", { action: { ...action, arguments: { amount: 4121 } } });
  expect(other.status).toBe(409);
  expect(other.body["detail"]).toContain("(action)");
});

test("arguments that do not fit their schema are refused by JSON Pointer, and nobody is mailed", async () => {
  const before = rig.asks.length;
  const schema = { properties: { amount: { maximum: 1000 }, to: { items: { const: "Ana" } } } };
  const { status, body } = await ask("act-4", { action: { ...action, schema } });
  expect(status).toBe(422);
  const fields = (body["errors"] as { field: string }[]).map(({ field }) => field);
  expect(fields).toEqual(["/action/arguments/amount", "/action/arguments/to/1"]);
  const raw = await rig.call("/approvals", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id: "act-5", ...request }).replace("4120", "9007199254740993"),
  });
  expect(raw.status).toBe(422);
  expect(raw.text).toContain("/action/arguments/amount");
  expect((await rig.json("GET", "/approvals/act-4")).status).toBe(404);
  expect(rig.asks.length).toBe(before);
});

const items = [
  { tool: "mail.send", arguments: { to: "Ana" } },
  { tool: "mail.send", arguments: { to: "Bo" } },
  { tool: "mail.send", arguments: { to: "Cy" } },
];
const askItems = (id: string, more: object = {}) =>
  rig.json("POST", "/approvals", { id, title: "Send", approvers: ["ana@example.com"], items, ...more });

test("an approver strikes an item out on the page, without JavaScript, and the outcome tells what may be run", async () => {
  expect((await askItems("items-1")).status).toBe(202);
  const link = await rig.link("items-1", "approve");
  const { text } = await rig.call(link);
  const form = /<form method="post" id="(\w+)">/u.exec(text)?.[1];
  const boxes = [...text.matchAll(/<input type="checkbox" [^>]*form="(\w+)" name="([\w.]+)" value="yes">/gu)];
  expect(boxes.map(([, ...found]) => found)).toEqual([1, 2, 3].map((n) => [form, `except.${n}`]));

  const all = await rig.press(link, {
    confirm: "yes",
    "except.1": "yes",
    "except.2": "yes",
    "except.3": "yes",
  });
  expect(all.status).toBe(422);
  expect(all.text).toContain("You have left out every action.");
  expect(all.text.match(/name="except\.\d" value="yes" checked/gu)).toHaveLength(3);

  const pressed = await rig.press(link, { confirm: "yes", "except.2": "yes" });
  const receipt = await rig.call(pressed.headers.get("location") ?? "");
  expect(receipt.text).toContain("<dt>Left out</dt><dd>Action 2 of 3</dd>");
  expect(receipt.text).toContain("What will be run: 2 actions");
  const shown = receipt.text.split(/<h4 class="item">Action \d of 3<\/h4>/u).slice(1);
  expect(shown.map((text) => text.includes("Left out: this is not run."))).toEqual([false, true, false]);
  expect(shown.map((text) => text.includes("This cannot be undone"))).toEqual([true, false, true]);
  const { value } = await rig.settled("items-1");
  expect(value).toMatchObject({
    outcome: "approved",
    decisions: [{ choice: "approve", except: [2] }],
    action: {
      items: [
        { n: 1, arguments: { to: "Ana" } },
        { n: 3, arguments: { to: "Cy" } },
      ],
    },
  });
  const { body } = await rig.json("GET", "/approvals/items-1");
  expect(body).toMatchObject({ items, ballots: [{ except: [2] }] });
  const history = (await rig.json("GET", "/approvals/items-1/history")).body["events"];
  expect(history).toContainEqual(expect.objectContaining({ type: "decided", except: [2] }));
});

test("once it is approved, every page says which items are not run, whoever left them out", async () => {
  const approvers = ["ana@example.com", "bo@example.com"];
  await askItems("items-5", { approvers, require: "all", requester: "kim@example.com" });
  const links = [await rig.link("items-5", "approve", 1), await rig.link("items-5", "approve", 2)];
  await rig.press(links[0] ?? "", { confirm: "yes", "except.2": "yes" });
  await rig.press(links[1] ?? "", { confirm: "yes", "except.3": "yes" });
  await rig.settled("items-5");
  const toRequester = await until(async () =>
    rig.told.find((mail) => mail.kind === "requester-outcome" && mail.approval === "items-5"),
  );
  const page = "link" in toRequester ? new URL(toRequester.link ?? "").pathname : "";
  for (const link of [...links, page]) {
    const { text } = await rig.call(link);
    expect(text).toContain("What will be run: 1 action<");
    expect(text.match(/Left out: this is not run\./gu)).toHaveLength(2);
  }
});

test("a program strikes items out by their numbers, and what is wrong is refused", async () => {
  await askItems("items-2");
  await rig.link("items-2", "approve");
  const decide = (body: object) => rig.json("POST", "/approvals/items-2/ballots/1/decide", body);
  const wrong = await decide({ choice: "approve", except: [4] });
  expect(wrong.status).toBe(422);
  expect(wrong.body["errors"]).toEqual([
    { field: "except", message: "must have numbers of items, from 1 to 3" },
  ]);
  const done = await decide({ choice: "approve", except: [3, 1] });
  expect(done.body).toMatchObject({ effective: true, stands: { except: [1, 3] } });
  const repeated = [
    { body: { except: [1, 3] }, status: 200 },
    { body: { except: [3] }, status: 409 },
    { body: { except: [1, 2, 3] }, status: 409 },
    { body: {}, status: 409 },
  ];
  for (const { body, status } of repeated) {
    const answer = await decide({ choice: "approve", ...body });
    expect(answer, JSON.stringify(body)).toMatchObject({
      status,
      body: { effective: false, stands: { except: [1, 3] } },
    });
  }
  expect((await rig.settled("items-2")).value).toMatchObject({ action: { items: [{ n: 2 }] } });
});

test("atomic items have no choice of their own, and a plain request takes no strikes", async () => {
  await askItems("items-3", { atomic: true });
  const link = await rig.link("items-3", "approve");
  const { text } = await rig.call(link);
  expect(text).not.toContain('type="checkbox"');
  expect(text).toContain("They are approved or rejected as one.");
  await rig.press(link, { confirm: "yes", "except.1": "yes" });
  expect((await rig.settled("items-3")).value).toMatchObject({
    action: { items: [{ n: 1 }, { n: 2 }, { n: 3 }] },
  });
  await ask("act-6");
  await rig.link("act-6", "approve");
  const plain = await rig.json("POST", "/approvals/act-6/ballots/1/decide", {
    choice: "approve",
    except: [1],
  });
  expect(plain.status).toBe(422);
});

test("a rejection needs no strikes, and those that were ticked say nothing", async () => {
  await askItems("items-4");
  await rig.press(await rig.link("items-4", "reject"), {
    confirm: "yes",
    "except.1": "yes",
    choice: "reject",
  });
  const { value } = await rig.settled("items-4");
  expect(value).toMatchObject({ outcome: "rejected" });
  expect(JSON.stringify(value)).not.toContain("except");
});

/** As text, because `JSON.stringify` writes no name twice. */
const post = (path: string, body: string) =>
  rig.call(path, { method: "POST", headers: { "content-type": "application/json" }, body });
const twice = (field: string) => ({
  status: 422,
  body: {
    errors: [{ field, message: "must stand once: programs read a name that stands twice in different ways" }],
  },
});

test("what programs would read in different ways, a name that stands twice, is refused where it is", async () => {
  const before = rig.asks.length;
  const people = '"title":"t","approvers":["ana@example.com"]';
  const one = '{"tool":"t","arguments":{"a":1,"\\u0061":2}}';
  expect(await post("/approvals", `{${people},"action":${one}}`)).toMatchObject(twice("/action/arguments/a"));
  expect(await post("/approvals", `{${people},"items":[${one}]}`)).toMatchObject(
    twice("/items/0/arguments/a"),
  );
  expect(await post("/approvals", `{${people},"action":${one},"action":null}`)).toMatchObject({
    status: 422,
  });
  const schema = '{"type":"object","type":"object"}';
  expect(
    await post("/approvals", `{${people},"action":{"tool":"t","arguments":{},"schema":${schema}}}`),
  ).toMatchObject(twice("/action/schema/type"));
  expect(
    await post("/approvals/act-1/ballots/1/edit", '{"arguments":{"amount":1,"amount":2}}'),
  ).toMatchObject(twice("/arguments/amount"));
  expect(rig.asks).toHaveLength(before);
  // What has no action is read as ever.
  expect((await post("/approvals", `{${people},"metadata":{"a":"1","a":"2"}}`)).status).toBe(202);
  expect((await post("/begin?func=f", '{"a":1,"a":2}')).status).toBe(200);
});

const schema = {
  properties: { amount: { type: "number", maximum: 5000, "x-countersign-editable": true } },
};
const editable = { ...action, schema };
const edit = (id: string, n: number, amount: unknown, more: object = {}) =>
  rig.json("POST", `/approvals/${id}/ballots/${n}/edit`, {
    arguments: { ...action.arguments, amount },
    ...more,
  });

test("an edit begins a new round, in which those who had agreed are asked about what it changed", async () => {
  const approvers = ["ana@example.com", "bo@example.com"];
  await ask("edit-1", { action: editable, approvers, require: "all", requester: "kim@example.com" });
  const old = await rig.link("edit-1", "approve", 2);
  await rig.press(await rig.link("edit-1", "approve", 1));
  const before = (await rig.json("GET", "/approvals/edit-1")).body;

  expect((await edit("edit-1", 2, 5001)).body["errors"]).toEqual([
    { field: "/arguments/amount", message: expect.stringContaining("must fit the schema") },
  ]);
  // The approval is open, but this answer is given.
  expect(await edit("edit-1", 1, 4000)).toMatchObject({
    status: 409,
    body: { detail: "Cannot edit: the ballot is open no more: it is answered or closed" },
  });
  const same = await edit("edit-1", 2, 4120);
  expect(same.status).toBe(422);
  const done = await edit("edit-1", 2, 4000, { note: "The invoice says 4000" });
  expect(done).toMatchObject({ status: 200, body: { round: 2 } });

  const { body } = await rig.json("GET", "/approvals/edit-1");
  expect(body).toMatchObject({
    status: "pending",
    round: 2,
    action: { arguments: { amount: 4000 } },
    proposed: { action: { arguments: { amount: 4120 } } },
    waitingFor: approvers,
  });
  expect(before).not.toHaveProperty("proposed");
  const history = (await rig.json("GET", "/approvals/edit-1/history")).body["events"];
  expect(history).toContainEqual(
    expect.objectContaining({
      type: "changed",
      by: "bo@example.com",
      comment: "The invoice says 4000",
      edited: [{ pointer: "/amount", before: 4120, after: 4000 }],
    }),
  );

  // A press of the round before counts no more.
  const late = await rig.press(old);
  const told = await rig.call(late.headers.get("location") ?? "");
  expect(told.text).toContain('data-decision="round-over" data-effective="false"');
  const ballots = body["ballots"] as { n: number; round?: number }[];
  const [first, second] = ballots.filter(({ round }) => round === 2).map(({ n }) => n);
  const page = await rig.call(await rig.link("edit-1", "approve", first));
  for (const text of [">amount<", ">4120<", ">4000<", "The invoice says 4000"])
    expect(page.text).toContain(text);
  await rig.press(await rig.link("edit-1", "approve", first));
  await rig.press(await rig.link("edit-1", "approve", second));
  const { value } = await rig.settled("edit-1");
  expect(value).toMatchObject({
    outcome: "approved",
    round: 2,
    action: { arguments: { ...action.arguments, amount: 4000 }, proposed: action.arguments },
  });
  const digests = (await rig.durable.children("edit-1")).flatMap(({ param }) =>
    typeof param === "object" && param !== null && "digest" in param ? [param.digest] : [],
  );
  expect(new Set(digests).size).toBe(2);
  expect(value).toHaveProperty("action.digest", digests.at(-1));
});

test("the requester cannot edit, nor anybody what no mark allows, nor after an answer", async () => {
  await ask("edit-2", { action: editable });
  await rig.link("edit-2", "approve");
  expect((await rig.json("POST", "/approvals/edit-2/change", { action: editable })).status).toBe(422);
  expect((await rig.json("POST", "/approvals/edit-2/change", { title: "Pay invoice 8" })).status).toBe(200);
  const { body } = await rig.json("GET", "/approvals/edit-2");
  expect(body).toMatchObject({ title: "Pay invoice 8", action: { arguments: action.arguments } });
  expect(body).not.toHaveProperty("proposed");
  expect((await edit("edit-2", 1, 4000)).status).toBe(409);
  expect((await edit("edit-2", 999, 4000)).status).toBe(404);
  const named = await rig.json("POST", "/approvals/edit-2/ballots/1/edit", {
    arguments: { ...action.arguments, to: ["Cy"] },
  });
  expect(named.body["errors"]).toEqual([
    { field: "/arguments/to/0", message: expect.stringContaining("must stay as it was proposed") },
    { field: "/arguments/to/1", message: expect.stringContaining("must stay as it was proposed") },
  ]);
});

test("an approver changes arguments on their page, without JavaScript, and what does not fit is shown beside its value", async () => {
  const marked = { "x-countersign-editable": true };
  const given = {
    amount: 4120,
    note: "a\nb",
    number: "0012345",
    code: "5",
    fixed: { to: "Ana" },
    list: [1, 2],
  };
  const asked = {
    tool: "pay",
    arguments: given,
    schema: {
      properties: {
        amount: { type: "number", maximum: 5000, ...marked },
        note: marked,
        number: marked,
        code: marked,
        list: marked,
      },
    },
  };
  await ask("edit-3", { action: asked });
  const link = await rig.link("edit-3", "approve");
  expect((await rig.call(link)).text).toContain(`href="${link}/edit">Change arguments</a>`);
  const page = (await rig.call(`${link}/edit`)).text;
  const names = [...page.matchAll(/name="(argument\.[\d.]+)"/gu)].map(([, name = ""]) => name);
  expect(names).toEqual(["argument.0.0", "argument.0.1", "argument.0.2", "argument.0.3", "argument.0.5"]);
  const press = /name="press" value="([\w-]{22})"/u.exec(page)?.[1] ?? "";
  // As a browser posts what it was given: a text of several lines comes back with other line breaks.
  const unchanged = {
    confirm: "yes",
    press,
    note: "",
    "argument.0.0": "4120",
    "argument.0.1": "a\r\nb",
    "argument.0.2": "0012345",
    "argument.0.3": '"5"',
    "argument.0.5": "[1,2]",
  };
  const send = (more: Record<string, string>) => rig.press(`${link}/edit`, { ...unchanged, ...more });

  const same = await send({});
  expect([same.status, same.text.includes("Change at least one value.")]).toEqual([422, true]);
  for (const [name, value] of [
    ["argument.0.0", "5001"],
    ["argument.0.0", "four"],
    ["argument.0.3", "5 five"],
  ] as const) {
    const wrong = await send({ [name]: value });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toContain(`id="edit-${name.replaceAll(".", "-")}-fault"`);
    expect(wrong.text).toContain(`value="${value}"`);
  }
  // What has no control cannot be sent.
  expect((await send({ "argument.0.4": "Bo" })).status).toBe(422);
  expect((await rig.json("GET", "/approvals/edit-3")).body).not.toHaveProperty("proposed");

  const done = await send({
    "argument.0.0": "4000",
    "argument.0.2": "12345",
    "argument.0.5": "[3]",
    note: "As agreed",
  });
  expect([done.status, done.headers.get("location")]).toEqual([303, link]);
  const { body } = await rig.json("GET", "/approvals/edit-3");
  expect(body).toMatchObject({
    round: 2,
    action: { arguments: { ...given, amount: 4000, number: "12345", list: [3] } },
    proposed: { action: { arguments: given } },
  });
  // The same form again does nothing more, and tells what stands.
  await send({ "argument.0.0": "4000", "argument.0.2": "12345", "argument.0.5": "[3]", note: "As agreed" });
  expect((await rig.json("GET", "/approvals/edit-3")).body).toMatchObject({ round: 2 });
  const late = await send({ "argument.0.0": "3000" });
  expect(late.text).not.toContain("argument.0.0");
});

test("items are edited each by itself, and a page without a mark has nothing to change", async () => {
  const one = { tool: "pay", arguments: { amount: 1 }, schema };
  await rig.json("POST", "/approvals", {
    id: "edit-4",
    title: "Pay",
    approvers: ["ana@example.com"],
    items: [one, { ...one, arguments: { amount: 2 } }, { ...one, schema: {} }],
  });
  const link = await rig.link("edit-4", "approve");
  const page = (await rig.call(`${link}/edit`)).text;
  expect(page).toContain("2: amount");
  expect(page).not.toContain("3: amount");
  await rig.press(`${link}/edit`, { confirm: "yes", "argument.0.0": "1", "argument.1.0": "7" });
  expect((await rig.json("GET", "/approvals/edit-4")).body).toMatchObject({
    round: 2,
    items: [{ arguments: { amount: 1 } }, { arguments: { amount: 7 } }, { arguments: { amount: 1 } }],
  });
  expect((await rig.json("GET", "/approvals/edit-4/history")).body["events"]).toContainEqual(
    expect.objectContaining({ edited: [{ item: 2, pointer: "/amount", before: 2, after: 7 }] }),
  );
  await ask("edit-5");
  const plain = await rig.link("edit-5", "approve");
  expect((await rig.call(plain)).text).not.toContain("Change arguments");
  expect((await rig.press(`${plain}/edit`, { confirm: "yes", "argument.0.0": "1" })).status).toBe(303);
  expect((await rig.json("GET", "/approvals/edit-5")).body).not.toHaveProperty("proposed");
});

test("of an edit and a press that meet, one comes first: never is anything approved that the press had not seen", async () => {
  const came = await Promise.all(
    Array.from({ length: 12 }, async (_, i) => {
      const id = `race-${i}`;
      await ask(id, { action: editable });
      const link = await rig.link(id, "approve");
      const calls = [() => edit(id, 1, 4000), () => rig.press(link)];
      const answers = await Promise.all((i % 2 === 0 ? calls : calls.toReversed()).map((call) => call()));
      const isEdited = answers.some(({ body, status }) => status === 200 && body["round"] === 2);
      if (!isEdited) {
        expect((await rig.settled(id)).value).toMatchObject({ action: { arguments: action.arguments } });
        return "pressed";
      }
      const { body } = await rig.json("GET", `/approvals/${id}`);
      expect(body).toMatchObject({ status: "pending", round: 2, action: { arguments: { amount: 4000 } } });
      return "edited";
    }),
  );
  expect(came).toHaveLength(12);
});

test("a worker that knows no actions is not given such an approval", () => {
  const people = [{ email: "ana@example.com" }];
  const stored = callOf({
    id: "x",
    state: "pending",
    param: { func: "approval", version: 2, args: [{ ...request, approvers: people }] },
    value: undefined,
    tags: { "countersign:kind": "approval" },
    createdAt: 0,
    timeoutAt: 9,
  });
  if (stored === undefined) throw new Error("not read");
  const { action: asked, ...plain } = stored.request;
  expect(asked).toBeDefined();
  const terms = { startedAtMs: 0, deadlineAtMs: 1 };
  expect(approvalCall(stored.request, terms).version).toBe(ACTION_VERSION);
  expect(approvalCall(plain, terms).version).toBeLessThan(ACTION_VERSION);
});
