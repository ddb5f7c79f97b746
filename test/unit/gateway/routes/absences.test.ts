import { expect, test } from "vitest";
import { addAbsence, removeAbsence } from "../../../../src/service/absences/absences.ts";
import { openAbsenceBook } from "../../../../src/service/absences/book.ts";
import { openRig, type Rig, until } from "../rig.ts";

const RULE = { person: "ana@example.com", to: "bo@example.com", until: "P10D" };

/** Beside the rule above, which is about somebody else. */
const CY = { ...RULE, person: "cy@example.com" };

const post = (rig: Rig, body: object, key?: string) =>
  rig.json("POST", "/absences", body, key === undefined ? {} : { "idempotency-key": key });

async function askedFor(rig: Rig, id: string): Promise<unknown> {
  await rig.json("POST", "/approvals", { id, title: "Order", approvers: ["ana@example.com"] });
  return await until(async () => {
    const { ballots } = (await rig.json("GET", `/approvals/${id}`)).body as {
      ballots?: { mail: { status: string } }[];
    };
    return ballots?.[0]?.mail.status === "sent" ? ballots[0] : undefined;
  });
}

test("a rule is made once for one key, counts at once, is listed and removed", async () => {
  await using rig = await openRig();
  const made = await post(rig, { ...RULE, note: "Leave" }, "k1");
  expect(made).toMatchObject({
    status: 201,
    body: { person: { email: "ana@example.com" }, to: { email: "bo@example.com" }, note: "Leave" },
  });
  expect((await post(rig, { ...RULE, note: "Leave" }, "k1")).body).toEqual(made.body);
  expect((await post(rig, { ...RULE, to: "cy@example.com" }, "k1")).status).toBe(409);
  const id = String(made.body["id"]);

  expect(await askedFor(rig, "po-1")).toMatchObject({
    approver: { email: "bo@example.com" },
    via: { kind: "absence" },
    inPlaceOf: [{ person: { email: "ana@example.com" }, until: made.body["until"], note: "Leave" }],
  });
  const page = await rig.call(await rig.link("po-1", "approve"));
  expect(page.text).toContain("ana@example.com");
  expect(page.text).toContain("away until");

  expect((await rig.json("GET", "/absences")).body).toEqual({ absences: [made.body] });
  expect((await rig.json("GET", "/absences?person=ANA@example.com")).body).toEqual({ absences: [made.body] });
  expect((await rig.json("GET", "/absences?person=bo@example.com")).body).toEqual({ absences: [] });
  expect(await rig.json("GET", "/absences?person=bo")).toMatchObject({
    status: 422,
    body: { errors: [{ field: "person" }] },
  });

  for (const _ of [1, 2]) {
    const gone = await rig.json("POST", `/absences/${id}/remove`, undefined, { "idempotency-key": "k2" });
    expect(gone).toMatchObject({ status: 200, body: { id, removed: true } });
  }
  for (const unknown of [id, "202611-99", "x"])
    expect((await rig.json("POST", `/absences/${unknown}/remove`)).status, unknown).toBe(404);
  expect(await askedFor(rig, "po-2")).toMatchObject({ approver: { email: "ana@example.com" } });
  const recorded = rig.audit.filter(({ what }) => what.startsWith("absence"));
  expect(recorded.map(({ what, about }) => `${what} ${about}`)).toEqual([
    `absence.add ${id}`,
    `absence.add ${id}`,
    `absence.remove ${id}`,
    `absence.remove ${id}`,
  ]);
  expect(JSON.stringify(recorded)).not.toMatch(/@|Leave/u);
});

test("new links of a stand-in's ballot are still in place of the other", async () => {
  await using rig = await openRig();
  await post(rig, RULE);
  await askedFor(rig, "po-1");
  await rig.json("POST", "/approvals/po-1/ballots/1/resend", { newLinks: true });
  const { ballots } = (await rig.json("GET", "/approvals/po-1")).body as { ballots: unknown[] };
  expect(ballots[1]).toMatchObject({
    approver: { email: "bo@example.com" },
    via: { kind: "reissued" },
    inPlaceOf: [{ person: { email: "ana@example.com" } }],
  });
});

test.each([
  [{ ...RULE, until: undefined }, "until"],
  [{ ...RULE, to: "ana@example.com", from: "P20D", until: "P30D" }, "to"],
  [{ ...RULE, until: "P2Y" }, "until"],
  [{ ...RULE, until: "2027-01-06" }, "timeZone"],
  [{ ...RULE, who: "ana" }, "who"],
  [{ ...RULE, from: "P2D", until: "P3D", note: "a\nb" }, "note"],
  [{ ...RULE, from: "P5D" }, "from"],
  [{ ...CY, from: "1969-12-31T23:59:59Z" }, "from"],
  [{ ...CY, from: "0001-01-01", timeZone: "Europe/Vienna" }, "from"],
  [{ ...CY, from: "-000001-01-01T00:00:00Z" }, "from"],
  [{ ...CY, from: "2020-01-01", timeZone: "UTC" }, "from"],
])("%j names the field %s", async (body, field) => {
  await using rig = await openRig({ work: false });
  await post(rig, RULE);
  expect(await post(rig, body)).toMatchObject({ status: 422, body: { errors: [{ field }] } });
});

test("one person has at most ten rules, and dates go by the person's zone", async () => {
  await using rig = await openRig({ work: false });
  for (let i = 0; i < 10; i += 1) {
    const made = await post(rig, { ...RULE, from: `P${20 * i + 1}D`, until: `P${20 * i + 2}D` });
    expect(made.status).toBe(201);
  }
  expect(await post(rig, { ...RULE, from: "P300D", until: "P310D" })).toMatchObject({
    status: 422,
    body: { errors: [{ field: "person" }] },
  });
  const day = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
  const person = { email: "cy@example.com", timeZone: "Asia/Kolkata" };
  const made = await post(rig, { ...RULE, person, from: day, until: day });
  expect(made.body).toMatchObject({ until: `${day}T18:30:00.000Z` });
  expect(Date.parse(String(made.body["until"])) - Date.parse(String(made.body["from"]))).toBe(86_400_000);
});

test("writers at the same moment do not contradict each other", async () => {
  await using rig = await openRig({ work: false });
  const { durable } = rig;
  const writers = Array.from({ length: 4 }, () => ({
    durable,
    absences: openAbsenceBook((id) => durable.read(id)),
    clock: Date.now,
  }));
  const rules = [
    ["ana", "bo"],
    ["bo", "ana"],
    ["ana", "cy"],
    ["cy", "di"],
  ];
  const results = await Promise.allSettled(
    writers.map((options, i) => {
      const [person, to] = (rules[i] ?? []).map((name) => `${name}@example.com`);
      return addAbsence(options, { person, to, until: "P9D" }, { door: "api", nonce: `n${i}` });
    }),
  );
  // Either ana's or bo's is first, and makes the other a circle; ana has one rule alone.
  const made = results.filter(({ status }) => status === "fulfilled");
  expect(made).toHaveLength(2);
  for (const result of results) {
    if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "INVALID_FIELDS" });
  }
  const listed = (await rig.json("GET", "/absences")).body["absences"] as { id: string }[];
  expect(new Set(listed.map(({ id }) => id)).size).toBe(2);
});

test("forty people who enter their absence at the same moment all do", async () => {
  await using rig = await openRig();
  const people = Array.from({ length: 40 }, (_, n) => `p${n}@example.com`);
  const answers = await Promise.all(people.map((person) => post(rig, { ...RULE, person })));
  expect(answers.map(({ status }) => status)).toEqual(people.map(() => 201));
  const { absences } = (await rig.json("GET", "/absences?limit=100")).body as {
    absences: { person: { email: string } }[];
  };
  expect(absences.map(({ person }) => person.email).sort()).toEqual([...people].sort());
});

test("people change what is theirs alone", async () => {
  await using rig = await openRig({ work: false });
  const { durable } = rig;
  const options = { durable, absences: openAbsenceBook((id) => durable.read(id)), clock: Date.now };
  const by = (email: string, nonce: string) => ({ door: "mail", nonce, by: email }) as const;
  await expect(addAbsence(options, RULE, by("bo@example.com", "1"))).rejects.toMatchObject({
    code: "FORBIDDEN",
  });
  const { id } = await addAbsence(options, RULE, by("Ana@example.com", "2"));
  await expect(removeAbsence(options, id, by("bo@example.com", "3"))).rejects.toMatchObject({
    code: "FORBIDDEN",
  });
  await removeAbsence(options, id, by("ana@example.com", "4"));
  await expect(removeAbsence(options, id, by("ana@example.com", "5"))).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});

test("a key that is used again is the same call only if all of it is the same", async () => {
  await using rig = await openRig({ work: false });
  const body = { ...RULE, from: "P1D", note: "Leave" };
  const made = await post(rig, body, "k1");
  expect((await post(rig, { ...body, person: { email: "ana@example.com" } }, "k1")).body).toEqual(made.body);
  for (const other of [
    { ...body, until: "P11D" },
    { ...body, from: "P2D" },
    { ...RULE, note: "Leave" },
    { ...body, note: "Other" },
    { ...RULE, from: "P1D" },
    { ...body, timeZone: "Europe/Vienna" },
    { ...body, to: { email: "bo@example.com", name: "Bo" } },
  ]) {
    expect(await post(rig, other, "k1"), JSON.stringify(other)).toMatchObject({
      status: 409,
      body: { detail: "The Idempotency-Key belongs to another call" },
    });
  }
  const gone = await rig.json("POST", `/absences/${String(made.body["id"])}/remove`, undefined, {
    "idempotency-key": "k1",
  });
  expect(gone.status).toBe(409);
});

test("a list comes in pages, which a removal between two of them does not shift", async () => {
  await using rig = await openRig({ work: false });
  const ids: string[] = [];
  for (const name of ["a", "b", "c", "d", "e"])
    ids.push(String((await post(rig, { ...RULE, person: `${name}@example.com` })).body["id"]));
  const page = async (query: string) => {
    const { status, body } = await rig.json("GET", `/absences?${query}`);
    expect(status, query).toBe(200);
    const { absences, nextCursor } = body as { absences: { id: string }[]; nextCursor?: string };
    return { ids: absences.map(({ id }) => id), nextCursor };
  };
  const first = await page("limit=2");
  expect(first.ids).toEqual(ids.slice(0, 2));
  await rig.json("POST", `/absences/${ids[1]}/remove`);
  await rig.json("POST", `/absences/${ids[2]}/remove`);
  const second = await page(`limit=2&cursor=${first.nextCursor}`);
  expect(second).toEqual({ ids: ids.slice(3), nextCursor: undefined });
  expect(await page("person=e@example.com&limit=1")).toEqual({ ids: [ids[4]], nextCursor: undefined });
  for (const [query, field] of [
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=2&limit=3", "limit"],
    ["cursor=x", "cursor"],
    ["cursor=202611-1&cursor=202611-2", "cursor"],
    ["persn=ana@example.com", "persn"],
  ]) {
    expect(await rig.json("GET", `/absences?${query}`), query).toMatchObject({
      status: 422,
      body: { errors: [{ field }] },
    });
  }
});
