/** What `countersign dev` tells people. */
import { describe, expect, it } from "vitest";
import type { ApprovalRequest } from "../../../src/approval/approval.ts";
import { endEvent } from "../../../src/approval/event.ts";
import { devWelcome, logText, Ways } from "../../../src/processes/dev-text.ts";

const AT = "2030-01-01T09:00:00.000Z";
const [ana, bo] = [{ email: "ana@example.com" }, { email: "bo@example.com" }] as const;
const request: ApprovalRequest = {
  title: "Buy a laptop",
  details: [],
  approvers: [ana, bo],
  require: "all",
  rejection: "veto",
  deadline: "P5D",
  onDeadline: "expire",
  metadata: {},
};
const decided = (ballot: number, choice: "approve" | "reject", approval = "po-1") =>
  ({ type: "ballot.decided", timestamp: AT, data: { approval, ballot, choice } }) as const;

describe("Ways", () => {
  it("tells an approval's way so far in one line, with where to click while somebody is asked", () => {
    const ways = new Ways("http://127.0.0.1:5001/mailbox");
    expect(ways.mail({ approval: "po-1", request, approver: ana })).toBe(
      'po-1 "Buy a laptop": asked ana@example.com · decide in http://127.0.0.1:5001/mailbox',
    );
    ways.mail({ approval: "po-1", request, approver: bo });
    ways.event(decided(2, "approve"), request);
    ways.event(decided(1, "reject"), request);
    expect(ways.event(endEvent("po-1", "rejected", AT), request)).toBe(
      'po-1 "Buy a laptop": asked ana@example.com → asked bo@example.com → bo@example.com approved → ana@example.com rejected → REJECTED',
    );
  });

  it("says nothing twice, however often a step runs", () => {
    const ways = new Ways("/mailbox");
    expect(ways.mail({ approval: "po-1", request, approver: ana })).toBeDefined();
    expect(ways.mail({ approval: "po-1", request, approver: ana })).toBeUndefined();
    expect(ways.event(decided(1, "approve"), request)).toBeDefined();
    expect(ways.event(decided(1, "approve"), request)).toBeUndefined();
  });

  it("goes on in the middle after a restart, and tells of what has no mail", () => {
    const ways = new Ways("/mailbox");
    expect(ways.event(decided(2, "approve"), request)).toBe('po-1 "Buy a laptop": bo@example.com approved');
    expect(ways.event(endEvent("po-2", "expired", AT), request)).toBe('po-2 "Buy a laptop": EXPIRED');
    const failed = {
      type: "approval.delivery_failed",
      timestamp: AT,
      data: { approval: "po-3", ballot: 1 },
    } as const;
    expect(ways.event(failed, request)).toBe('po-3 "Buy a laptop": no mail reaches ana@example.com');
    expect(
      ways.event({ type: "approval.requested", timestamp: AT, data: { approval: "po-4" } }, request),
    ).toBeUndefined();
  });

  it("remembers no more than a thousand", () => {
    const ways = new Ways("/mailbox");
    for (let n = 0; n <= 1_000; n += 1) ways.event(decided(1, "approve", `po-${n}`), request);
    expect(ways.event(decided(1, "approve", "po-0"), request)).toBeDefined();
    expect(ways.event(decided(1, "approve", "po-1000"), request)).toBeUndefined();
  });

  it("lets no title write to the terminal", () => {
    const hostile = { ...request, title: "\u001b[2Jgone" };
    expect(new Ways("/m").mail({ approval: "po-1", request: hostile, approver: ana })).not.toContain(
      "\u001b",
    );
  });
});

describe("logText()", () => {
  it.each([
    [{ level: "info", msg: "ready" }, undefined],
    [{ level: "warn", msg: "relay is slow", time: AT, part: "countersign" }, "warn: relay is slow"],
    [
      { level: "error", msg: "broken", err: { message: "No room" }, task: "po-1" },
      "error: broken · No room · task po-1",
    ],
    [{ level: "warn", msg: "Function 'x' failed", error: "Closed" }, "warn: Function 'x' failed · Closed"],
  ])("tells %j as %j", (line, text) => {
    expect(logText(JSON.stringify(line))).toBe(text);
  });
});

describe("devWelcome()", () => {
  const start = { url: "http://127.0.0.1:5001", workflows: ["purchase", "release"] };

  it("says where to click, and prints a call that can be pasted", () => {
    const text = devWelcome({ ...start, sample: { value: { item: "Ana's" } } });
    expect(text).toContain("http://127.0.0.1:5001/mailbox");
    expect(text).toContain("purchase, release");
    expect(text).toContain(
      String.raw`curl 'http://127.0.0.1:5001/begin?func=purchase' -H 'content-type: application/json' -d '{"item":"Ana'\''s"}'`,
    );
  });

  it("says where the schemas are if no argument is known that fits", () => {
    const text = devWelcome({ ...start, sample: undefined });
    expect(text).toContain("curl http://127.0.0.1:5001/workflows shows the argument that each takes");
    expect(text).toContain("/begin?func=purchase");
    expect(text).not.toContain("-d");
  });
});
