/** Each act, by several programs at the same moment: one is told that it counts, and that one's is stored. */
import { expect, test } from "vitest";
import { Keys, OPERATOR } from "../admin/rig.ts";
import { openRig, type Rig, until } from "../rig.ts";

const CALLERS = 6;

interface Race {
  readonly path: string;
  /** What the nth asks for: each something else. */
  readonly body: (n: number) => object;
  /** The program whose act is stored, of the events of the approval's history. */
  readonly event: string;
  readonly prepare?: (rig: Rig, headers: Record<string, string>) => Promise<unknown>;
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const day = (n: number) => new Date(Date.now() + (20 + n) * 86_400_000).toISOString();
const ballot = "/approvals/po-1/ballots/1";

test.each<[string, Race]>([
  [
    "cancel",
    { path: "/approvals/po-1/cancel", body: (n) => ({ reason: `Reason ${n}` }), event: "cancel-requested" },
  ],
  ["extend", { path: "/approvals/po-1/extend", body: () => ({ deadline: day(1) }), event: "extended" }],
  ["change", { path: "/approvals/po-1/change", body: (n) => ({ title: `Title ${n}` }), event: "changed" }],
  [
    "reassign",
    { path: `${ballot}/reassign`, body: (n) => ({ to: `p${n}@example.com` }), event: "reassigned" },
  ],
  ["recuse", { path: `${ballot}/recuse`, body: (n) => ({ reason: `Reason ${n}` }), event: "recused" }],
  ["remind", { path: `${ballot}/remind`, body: () => ({}), event: "mailed" }],
  ["resend", { path: `${ballot}/resend`, body: () => ({}), event: "mailed" }],
  [
    "resend with new links",
    { path: `${ballot}/resend`, body: () => ({ newLinks: true }), event: "reissued" },
  ],
  [
    "undo",
    {
      path: `${ballot}/undo`,
      body: () => ({}),
      event: "undone",
      prepare: (rig, headers) => rig.json("POST", `${ballot}/decide`, { choice: "approve" }, headers),
    },
  ],
])("%s: one of many counts, and everybody is told which", async (_, { path, body, event, prepare }) => {
  const keys = new Keys();
  await using rig = await openRig({ authenticate: keys.authenticate });
  const callers = Array.from({ length: CALLERS }, (_each, n) =>
    keys.make(`program${n}`, [...OPERATOR, "approvals:create", "promises:resolve"]),
  );
  const [first = ""] = callers;
  const asked = await rig.json(
    "POST",
    "/approvals",
    {
      id: "po-1",
      title: "Order",
      requester: "kim@example.com",
      approvers: ["ana@example.com", "bo@example.com"],
      require: "all",
      rounds: 2,
      undo: "PT10M",
      deadline: "P10D",
    },
    bearer(first),
  );
  expect(asked.status).toBe(202);
  await until(async () => (rig.mailed() >= 2 ? true : undefined));
  await prepare?.(rig, bearer(first));

  const answers = await Promise.all(
    callers.map(async (key, n) => {
      const { status } = await rig.json("POST", path, body(n), bearer(key));
      return { status, key };
    }),
  );
  const won = answers.filter(({ status }) => status < 300);
  const lost = answers.filter(({ status }) => status >= 300);
  expect(won.map(({ status }) => status)).toEqual([200]);
  // Whoever reads the approval after the winner's extension asks for a deadline that it has.
  const refusals = event === "extended" ? [409, 422] : [409];
  expect(lost.filter(({ status }) => !refusals.includes(status))).toEqual([]);
  const { body: history } = await rig.json("GET", "/approvals/po-1/history", undefined, bearer(first));
  const events = history["events"] as { readonly type: string; readonly caller?: string }[];
  const stored = events.filter(({ type, caller }) => type === event && caller !== undefined);
  expect(stored.map(({ caller }) => caller)).toEqual([keys.callerOf(won[0]?.key ?? "")]);
});
