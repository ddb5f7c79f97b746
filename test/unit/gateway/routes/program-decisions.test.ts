/** `POST /approvals/:id/ballots/:n/decide` where the request has choices and fields of its own. */
import { describe, expect, test } from "vitest";
import { decideBallot } from "../../../../src/service/approvals/decide.ts";
import { openRig, type Rig, until } from "../rig.ts";

const RELEASE = {
  id: "po-1",
  title: "Release 2.0",
  approvers: ["ana@example.com"],
  choices: [
    { value: "release", effect: "approve", label: "Release it" },
    { value: "stop", effect: "reject", comment: "required" },
    { value: "no-words", effect: "reject", comment: "none" },
    { value: "mend", effect: "changes" },
  ],
  rounds: 2,
  fields: {
    type: "object",
    properties: {
      build: { type: "integer", minimum: 1 },
      note: { type: "string", maxLength: 5 },
      where: { type: "string", enum: ["EU", "US"] },
      signed: { type: "boolean" },
      on: { type: "string", format: "date" },
      tell: { type: "string", format: "email" },
    },
    required: ["build"],
  },
};

async function asked(rig: Rig, request: object = RELEASE): Promise<void> {
  expect(await rig.json("POST", "/approvals", request)).toMatchObject({ status: 202 });
  await until(async () => (rig.mailed() > 0 ? true : undefined));
}

const decide = (rig: Rig, body: unknown, n = 1) =>
  rig.json("POST", `/approvals/po-1/ballots/${n}/decide`, body);

describe("a program decides what a person can", () => {
  test("with a choice and the fields of the request; the outcome names the key", async () => {
    await using rig = await openRig();
    await asked(rig);
    const fields = {
      build: 42,
      note: " fine ",
      where: "EU",
      signed: false,
      on: "2026-12-31",
      tell: "qa@example.com",
    };
    const answer = await decide(rig, { choice: "release", fields });
    const stored = { ...fields, note: "fine" };
    expect(answer).toMatchObject({
      status: 200,
      body: { effective: true, stands: { choice: "release", effect: "approve", fields: stored } },
    });
    expect((await rig.settled("po-1")).value).toMatchObject({
      outcome: "approved",
      decisions: [{ choice: "release", effect: "approve", fields: stored, door: "api", caller: "open" }],
    });
  });

  test.each([
    ["a comment that its choice needs", { choice: "stop", comment: "Not yet" }, "rejected"],
    ["no comment, and not the fields of an approval", { choice: "no-words" }, "rejected"],
  ])("with %s", async (_, body, outcome) => {
    await using rig = await openRig();
    await asked(rig);
    expect(await decide(rig, body)).toMatchObject({ status: 200, body: { effective: true } });
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome });
  });

  test.each([
    [{ choice: "approve" }, { choice: "must be one of release, stop, no-words, mend" }],
    [{ choice: "Release" }, { choice: "must be the value of a choice, such as approve" }],
    [{ choice: "stop" }, { comment: "is required with the choice stop" }],
    [{ choice: "stop", comment: " \n" }, { comment: "must have at least 1 character" }],
    [{ choice: "no-words", comment: "Why" }, { comment: "must be left out with the choice no-words" }],
    [{ choice: "release" }, { "fields.build": "is required to approve" }],
    [{ choice: "release", fields: { build: null } }, { "fields.build": "is required to approve" }],
    [{ choice: "release", fields: [] }, { fields: "must be an object" }],
    [
      {
        choice: "release",
        fields: {
          build: "42",
          note: "too long",
          where: "UK",
          signed: "yes",
          on: "2026-02-30",
          tell: "qa",
          more: 1,
        },
      },
      {
        "fields.more": "is not a field of this approval",
        "fields.build": "must be a whole number",
        "fields.note": "must have at most 5 characters",
        "fields.where": "must be one of the options",
        "fields.signed": "must be true or false",
        "fields.on": "must be a date, such as 2026-12-31",
        "fields.tell": "must be one mail address, such as ana@example.com",
      },
    ],
    [{ choice: "release", fields: { build: 0.5 } }, { "fields.build": "must be a whole number" }],
  ])("not with %j: each problem names its field, and nothing is stored", async (body, problems) => {
    await using rig = await openRig();
    await asked(rig);
    const answer = await decide(rig, body);
    expect(answer.status).toBe(422);
    const errors = answer.body["errors"] as { field: string; message: string }[];
    expect(Object.fromEntries(errors.map(({ field, message }) => [field, message]))).toEqual(problems);
    expect((await rig.durable.read("po-1:1"))?.state).toBe("pending");
  });

  test("with fields alone, by the plain choices", async () => {
    await using rig = await openRig();
    const { choices: _, rounds: __, ...plain } = RELEASE;
    await asked(rig, plain);
    expect(await decide(rig, { choice: "release" })).toMatchObject({ status: 422 });
    expect(await decide(rig, { choice: "approve", fields: { build: 7 } })).toMatchObject({ status: 200 });
    expect((await rig.settled("po-1")).value).toMatchObject({ decisions: [{ fields: { build: 7 } }] });
  });

  test("not with fields where the request has none", async () => {
    await using rig = await openRig();
    await asked(rig, { id: "po-1", title: "Order", approvers: ["ana@example.com"] });
    expect(await decide(rig, { choice: "approve", fields: { build: 7 } })).toMatchObject({
      status: 422,
      body: { errors: [{ field: "fields.build", message: "is not a field of this approval" }] },
    });
  });

  test("in the last round nobody asks for changes any more, neither a program nor a page", async () => {
    await using rig = await openRig();
    await asked(rig, { ...RELEASE, rounds: 1 });
    expect(await decide(rig, { choice: "mend" })).toMatchObject({
      status: 422,
      body: {
        errors: [
          { field: "choice", message: "must be one of release, stop, no-words: no further round is allowed" },
        ],
      },
    });
    const link = await rig.link("po-1", "release");
    expect((await rig.call(link)).text).not.toContain('value="mend"');
    expect(await rig.press(link, { confirm: "yes", choice: "mend" })).toMatchObject({ status: 422 });
    expect((await rig.durable.read("po-1:1"))?.state).toBe("pending");
  });

  test("an answer that stands is told, whatever comes after it", async () => {
    await using rig = await openRig();
    await asked(rig);
    await decide(rig, { choice: "stop", comment: "Not yet" });
    expect(await decide(rig, { choice: "stop" })).toMatchObject({ status: 200, body: { effective: false } });
    expect(await decide(rig, { choice: "release" })).toMatchObject({
      status: 409,
      body: { effective: false, stands: { choice: "stop", effect: "reject", comment: "Not yet" } },
    });
  });

  test("the same choice with other fields is a conflict, with the same ones in another spelling is none", async () => {
    await using rig = await openRig();
    await asked(rig);
    const release = (fields?: object) => decide(rig, { choice: "release", fields });
    expect(await release({ build: 42, note: "fine" })).toMatchObject({ body: { effective: true } });
    expect(await release({ note: " fine ", build: 42 })).toMatchObject({ status: 200 });
    expect(await release()).toMatchObject({ status: 200, body: { effective: false } });
    expect(await release({ build: 43, note: "fine" })).toMatchObject({
      status: 409,
      body: { effective: false, stands: { fields: { build: 42, note: "fine" } } },
    });
    expect(await release({ build: 42 })).toMatchObject({ status: 409 });
  });

  test("of a program and a person at one moment one decides, and both are told", async () => {
    await using rig = await openRig();
    await asked(rig);
    const link = await rig.link("po-1", "release");
    const typed = { confirm: "yes", choice: "stop", comment: "Not yet" };
    const [pressed, called] = await Promise.all([
      rig.press(link, typed),
      decide(rig, { choice: "release", fields: { build: 1 } }),
    ]);
    const { result } = await rig.call(pressed.headers.get("location") ?? "");
    const { effective, stands } = called.body as { effective: boolean; stands: { choice: string } };
    expect(result).toBe(effective ? "approved false" : "rejected true");
    expect(stands.choice).toBe(effective ? "release" : "stop");
  });
});

test("a press in a chat says too little for such a request, which is told and stores nothing", async () => {
  await using rig = await openRig();
  await asked(rig);
  const press = {
    ballot: "po-1:1",
    choice: "approve",
    door: "webhook",
    nonce: "n1",
    caller: "chat",
  } as const;
  expect(await decideBallot(rig.durable, press)).toMatchObject({
    kind: "wrong",
    problems: [{ field: "choice" }],
  });
  expect((await rig.durable.read("po-1:1"))?.state).toBe("pending");
});
