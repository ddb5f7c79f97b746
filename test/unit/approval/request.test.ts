import { Codec } from "@resonatehq/sdk";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseApprovalRequest, readApprovalContent } from "../../../src/approval/request.ts";
import { approvalRequestSchema } from "../../../src/approval/schema.ts";
import { callbackUrlProblem } from "../../support/callbacks.ts";

const nowMs = Date.parse("2026-11-21T12:00:00Z");
const HOUR_MS = 3_600_000;
const parse = (input: unknown) => parseApprovalRequest(input, { nowMs, callbackUrlProblem });

const minimal = { title: "Order 40 laptops", approvers: ["ana@example.com"] };

function accepted(input: unknown) {
  const parsed = parse(input);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed;
}

const tooFew = (least: number, elsewhere = "") =>
  `must name at least ${least} people${elsewhere}: replace closes the ballots of those who have not answered, so these alone must be enough`;

/** `field: message` of every problem. */
function problems(input: unknown): string[] {
  const parsed = parse(input);
  return parsed.ok ? [] : parsed.problems.map(({ field, message }) => `${field}: ${message}`);
}

describe("parseApprovalRequest() accepts", () => {
  test("the least request and fills in the defaults", () => {
    expect(accepted(minimal)).toEqual({
      ok: true,
      terms: { startedAtMs: nowMs, deadlineAtMs: nowMs + 7 * 24 * HOUR_MS },
      value: {
        title: "Order 40 laptops",
        details: [],
        approvers: [{ email: "ana@example.com" }],
        require: "any",
        rejection: "veto",
        deadline: "P7D",
        onDeadline: "expire",
        metadata: {},
      },
    });
  });

  test("a full request, unchanged", () => {
    const full = {
      title: "Order 40 laptops",
      summary: "# Why\n\n- old ones *break*\n",
      details: [{ label: "Amount", value: "41 200 €" }],
      requester: { email: "kim@example.com", name: "Kim" },
      approvers: [
        { email: "ana@example.com" },
        { email: "bo@example.com", name: "Bo", locale: "de-AT", timeZone: "Europe/Vienna" },
      ],
      require: 2,
      rejection: "majority",
      deadline: "2026-11-30T09:00:00+01:00",
      onDeadline: "reject",
      metadata: { order: { id: 4711, tags: ["a", null, true, 1.5] } },
    };
    const parsed = accepted({ id: "po-4711", ...full });
    expect(parsed.id).toBe("po-4711");
    expect(parsed.terms.deadlineAtMs).toBe(Date.parse("2026-11-30T08:00:00Z"));
    expect(parsed.value).toEqual({ ...full, summary: "# Why\n\n- old ones *break*" });
  });

  test("what it made itself, as the same value, and so does readApprovalContent()", () => {
    const { value } = accepted({ ...minimal, title: "  Order\u202e 40 ", requester: "kim@example.com" });
    expect(value.title).toBe("Order 40");
    expect(accepted(value).value).toEqual(value);
    expect(readApprovalContent(value)).toEqual(value);
  });

  test("only values that the SDK's codec gives back unchanged", () => {
    const codec = new Codec();
    const { value } = accepted({
      ...minimal,
      summary: "a\r\nb\vc\fd\u0085e\u2028f\u2029g\rh\v",
      metadata: { zero: 0, deep: [[{ a: "__INF" }]] },
    });
    expect(codec.decode(codec.encode(value) as never)).toEqual(value);
    expect(value.summary).toBe("a\nb\nc\nd\ne\nf\ng\nh");
  });

  test.each([
    ["PT1M", 60_000],
    ["PT36H", 36 * HOUR_MS],
    ["PT90M", 1.5 * HOUR_MS],
    ["P1W", 7 * 24 * HOUR_MS],
    ["P8DT1H", (8 * 24 + 1) * HOUR_MS],
    ["P90D", 90 * 24 * HOUR_MS],
    ["P400D", 400 * 24 * HOUR_MS],
    ["2026-11-21T12:01:00Z", 60_000],
    ["2027-02-19T12:00:00Z", 90 * 24 * HOUR_MS],
    ["2026-11-22T02:00:00.000+12:00", 2 * HOUR_MS],
  ])("the deadline %s", (deadline, waitMs) => {
    expect(accepted({ ...minimal, deadline }).terms.deadlineAtMs).toBe(nowMs + waitMs);
  });
});

const email = "must be one plain mail address, such as ana@example.com";
const oneLine = (control: string) => `must be one line without control characters: ${control}`;
const window = "must be 1 minute to 400 days from now";

describe("parseApprovalRequest() refuses", () => {
  test.each<[string, unknown, string[]]>([
    ["nothing", undefined, ["body: is required"]],
    ["null", null, ["body: must be an object"]],
    ["a list", [minimal], ["body: must be an object"]],
    ["text", "{}", ["body: must be an object"]],
    ["an empty object", {}, ["title: is required", "approvers: is required, unless you give stages"]],
    ["an unknown field", { ...minimal, tilte: "x" }, ["tilte: is not a known field"]],
    ["a tag for the engine", { ...minimal, tags: {} }, ["tags: is not a known field"]],
    ["null for text", { ...minimal, title: null }, ["title: must be a string"]],
    [
      "a title that nobody sees",
      { ...minimal, title: "\u200b \u00ad\u3164" },
      ["title: must hold something that can be seen"],
    ],
    ["an empty title", { ...minimal, title: " \u202e " }, ["title: must have at least 1 character"]],
    ["a long title", { ...minimal, title: "x".repeat(201) }, ["title: must have at most 200 characters"]],
    [
      "a title of two lines",
      { ...minimal, title: "a\nBcc: x@y.z" },
      [`title: ${oneLine("U+000A is character 2")}`],
    ],
    [
      "a title with a line break at its end",
      { ...minimal, title: "a\r\n" },
      [`title: ${oneLine("U+000D is character 2")}`],
    ],
    ["U+0085 in a title", { ...minimal, title: "a\u0085b" }, [`title: ${oneLine("U+0085 is character 2")}`]],
    ["U+2028 in a title", { ...minimal, title: "a\u2028b" }, [`title: ${oneLine("U+2028 is character 2")}`]],
    [
      "half a surrogate pair",
      { ...minimal, title: "a\ud800" },
      ["title: must be well-formed Unicode (it holds half a surrogate pair)"],
    ],
    [
      "a long summary",
      { ...minimal, summary: "x".repeat(10_001) },
      ["summary: must have at most 10000 characters"],
    ],
    [
      "an escape sequence in the summary",
      { ...minimal, summary: "\u001b[31m" },
      ["summary: must not hold control characters other than tab and line breaks: U+001B is character 1"],
    ],
    [
      "a control character late in the summary",
      { ...minimal, summary: "a\r\n\u{1F98A}\vb\u0000\u0007" },
      ["summary: must not hold control characters other than tab and line breaks: U+0000 is character 7"],
    ],
    [
      "a vertical tab in a title",
      { ...minimal, title: "a\vb" },
      [`title: ${oneLine("U+000B is character 2")}`],
    ],
    [
      "51 details",
      { ...minimal, details: Array.from({ length: 51 }, () => ({ label: "a", value: "b" })) },
      ["details: must have at most 50 items"],
    ],
    [
      "a detail of wrong shape",
      { ...minimal, details: [{ label: "x".repeat(101), value: 5, link: "y" }] },
      [
        "details[0].label: must have at most 100 characters",
        "details[0].value: must be a string",
        "details[0].link: is not a known field",
      ],
    ],
    [
      "a value of two lines",
      { ...minimal, details: [{ label: "a", value: "b\nc" }] },
      [`details[0].value: ${oneLine("U+000A is character 2")}`],
    ],
    ["nobody to ask", { ...minimal, approvers: [] }, ["approvers: must have at least 1 item"]],
    [
      "51 approvers",
      { ...minimal, approvers: Array.from({ length: 51 }, (_, i) => `a${i}@example.com`) },
      ["approvers: must have at most 50 items"],
    ],
    [
      "one approver without a list",
      { ...minimal, approvers: "ana@example.com" },
      ["approvers: must be an array"],
    ],
    ["a number as approver", { ...minimal, approvers: [5] }, ["approvers[0]: must be a string or an object"]],
    ["an approver without address", { ...minimal, approvers: [{}] }, ["approvers[0].email: is required"]],
    [
      "one person twice",
      { ...minimal, approvers: ["ana@example.com", { email: " ANA@Example.com" }] },
      ["approvers[1].email: must be named once: same as approvers[0]"],
    ],
    [
      "the requester among the approvers",
      { ...minimal, requester: { email: "Ana@example.com", name: "Ana" } },
      ["approvers[0]: must not be the requester, who may not decide"],
    ],
    [
      "a locale and a time zone that do not exist",
      { ...minimal, approvers: [{ email: "a@b.cd", locale: "de_AT", timeZone: "Europe/Wien" }] },
      [
        "approvers[0].locale: must be a BCP 47 language tag, such as de-AT",
        "approvers[0].timeZone: must be an IANA time zone, such as Europe/Berlin",
      ],
    ],
    [
      "a fixed offset as time zone",
      { ...minimal, approvers: [{ email: "a@b.cd", timeZone: "+01:00" }] },
      ["approvers[0].timeZone: must be an IANA time zone, such as Europe/Berlin"],
    ],
    ["require 0", { ...minimal, require: 0 }, ["require: must be at least 1"]],
    ["half an approval", { ...minimal, require: 0.5 }, ['require: must be "any" or "all" or a whole number']],
    ["require most", { ...minimal, require: "most" }, ['require: must be "any" or "all" or a whole number']],
    [
      "more than there are",
      { ...minimal, require: 2 },
      ["require: must be at most the number of approvers (1)"],
    ],
    ["another rejection", { ...minimal, rejection: "none" }, ['rejection: must be "veto" or "majority"']],
    [
      "approval by silence",
      { ...minimal, onDeadline: "approve" },
      [
        "onDeadline: must be expire, reject or escalate: silence counts as approval only where the setting ALLOW_APPROVE_BY_DEADLINE is on",
      ],
    ],
    [
      "escalations to too few people, where they replace those before",
      {
        ...minimal,
        approvers: ["ana@example.com", "bo@example.com", "cy@example.com"],
        require: 2,
        deadline: "P2D",
        onDeadline: "escalate",
        escalateTo: [
          "boss@example.com",
          ["boss@example.com", "Boss@example.com"],
          ["boss@example.com", "ana@example.com"],
        ],
        replace: true,
      },
      [`escalateTo[0]: ${tooFew(2)}`, `escalateTo[1]: ${tooFew(2)}`],
    ],
    [
      "escalations to people of another group, where they replace those before",
      {
        title: "Order",
        stages: [
          {
            groups: [
              { approvers: ["ana@example.com", "bo@example.com"], require: 2 },
              { approvers: ["cy@example.com"], require: "all" },
            ],
            deadline: "P2D",
            onDeadline: "escalate",
            escalateTo: [
              ["boss@example.com", "cy@example.com"],
              ["boss@example.com", "ceo@example.com"],
            ],
            replace: true,
          },
        ],
      },
      [`stages[0].escalateTo[0]: ${tooFew(2, " who are not asked in another group")}`],
    ],
    ["59 seconds", { ...minimal, deadline: "PT59S" }, [`deadline: ${window}`]],
    ["a moment past", { ...minimal, deadline: "2026-11-21T11:59:00Z" }, [`deadline: ${window}`]],
    ["more than 400 days", { ...minimal, deadline: "P400DT1S" }, [`deadline: ${window}`]],
    ["nothing", { ...minimal, deadline: "PT0S" }, [`deadline: ${window}`]],
    ["metadata that is a list", { ...minimal, metadata: [] }, ["metadata: must be an object"]],
    [
      "metadata above 16 KiB",
      { ...minimal, metadata: { a: "€".repeat(5_460) } },
      ["metadata: must be at most 16384 bytes as JSON"],
    ],
    [
      "metadata that would not come back",
      {
        ...minimal,
        metadata: JSON.parse('{"a":["\\ud800",1e999],"b":{"__type":"error"},"__proto__":{}}') as object,
      },
      [
        "metadata.__proto__: must have another name: this one is reserved",
        "metadata.a[1]: must be a finite number",
        "metadata.a[0]: must be well-formed Unicode (it holds half a surrogate pair)",
      ],
    ],
  ])("%s", (_, input, expected) => {
    expect(problems(input)).toEqual(expected);
  });

  test.each([
    "",
    "ana",
    "@example.com",
    "ana@localhost",
    "ana@example..com",
    "ana@-example.com",
    "ana@[127.0.0.1]",
    "ana@127.0.0.1",
    "a..b@example.com",
    "ana.@example.com",
    "user%evil.example@example.com",
    "evil.example!user@example.com",
    '"ana"@example.com',
    "Ana <ana@example.com>",
    "ana@example.com, eve@evil.example",
    "ana@example.com\r\nBcc: eve@evil.example",
    "ana(eve)@example.com",
    "=?utf-8?q?ana?=@example.com",
    "änna@example.com",
    "ana@exämple.com",
    `${"a".repeat(65)}@example.com`,
    `ana@${"a".repeat(64)}.com`,
  ])("%o as an address", (address) => {
    expect(problems({ ...minimal, approvers: [address] })).toEqual([`approvers[0]: ${email}`]);
    expect(problems({ ...minimal, approvers: [{ email: address }] })).toEqual([
      `approvers[0].email: ${email}`,
    ]);
  });

  test.each([
    "P1M",
    "P1Y",
    "-P1D",
    "PT1.5H",
    "P1W1DT1H",
    "5 days",
    "tomorrow",
    "",
    "P",
    "PT",
    "2026-12-01",
    "2026-12-01T12:00:00",
    "2026-12-01T12:00:00+01:00[Europe/Berlin]",
    `PT${"9".repeat(70)}S`,
  ])("%o as a deadline", (deadline) => {
    const [problem, ...more] = problems({ ...minimal, deadline });
    expect(problem).toMatch(/^deadline: must be an ISO 8601 duration .* or an instant/u);
    expect(more).toEqual([]);
  });

  test.each(["a:b", "-a", "", "a".repeat(65), "a/b", "a b", "ä", "__proto__"])("%o as an id", (id) => {
    expect(problems({ ...minimal, id })).toEqual([
      "id: must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit",
    ]);
  });

  test("with every problem at once, across fields", () => {
    const input = {
      id: "a:b",
      approvers: ["ana@example.com", "bo", "ANA@example.com"],
      requester: "ana@example.com",
      require: 4,
      deadline: "PT1S",
      color: "red",
    };
    expect(problems(input).map((problem) => problem.split(":")[0])).toEqual([
      "id",
      "title",
      "approvers[1]",
      "color",
      "approvers[0]",
      "approvers[2]",
      "approvers[2]",
      "require",
      "deadline",
    ]);
  });

  test("deep metadata without overflowing, and hundreds of problems with a hundred", () => {
    let deep: unknown = {};
    for (let i = 0; i < 20_000; i++) deep = [deep];
    expect(problems({ ...minimal, metadata: { deep } })).toEqual([
      "metadata: must be nested at most 32 levels deep",
    ]);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}${"x".repeat(500)}`, 1]));
    const parsed = parse({ ...minimal, ...many });
    expect(parsed.ok ? 0 : parsed.problems.length).toBe(100);
    expect(JSON.stringify(parsed).length).toBeLessThan(20_000);
  });
});

describe("readApprovalContent()", () => {
  test("reads a request whose deadline has passed since", () => {
    const late = { ...minimal, deadline: "2020-01-01T00:00:00Z" };
    expect(parse(late).ok).toBe(false);
    expect(readApprovalContent(late)?.deadline).toBe("2020-01-01T00:00:00Z");
  });

  test.each([
    [{}],
    [{ ...minimal, approvers: ["a@b.cd", "A@b.cd"] }],
    [{ ...minimal, deadline: "P1M" }],
    [null],
  ])("answers undefined for what could never have been accepted: %o", (input) => {
    expect(readApprovalContent(input)).toBeUndefined();
  });
});

describe("approvalRequestSchema", () => {
  test("describes its input as JSON Schema, shorthand and limits included", () => {
    const schema = z.toJSONSchema(approvalRequestSchema, { io: "input" });
    expect(schema.required).toEqual(["title"]);
    expect(schema.additionalProperties).toBe(false);
    expect(schema.properties?.["title"]).toMatchObject({ type: "string", minLength: 1, maxLength: 200 });
    expect(schema.properties?.["approvers"]).toMatchObject({
      minItems: 1,
      maxItems: 50,
      items: { $ref: "#/$defs/PersonOrAddress" },
    });
    expect(schema.$defs?.["PersonOrAddress"]).toMatchObject({
      anyOf: [{ type: "string", maxLength: 254 }, { $ref: "#/$defs/PersonInput" }],
    });
  });
});
