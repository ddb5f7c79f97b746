/** Two who act on one approval at the same moment. */
import { describe, expect, test } from "vitest";
import { ballotId } from "../../../../src/approval/ids.ts";
import type { Durable } from "../../../../src/durable/durable.ts";
import { addAbsence } from "../../../../src/service/absences/absences.ts";
import { openAbsenceBook } from "../../../../src/service/absences/book.ts";
import type { ActOptions } from "../../../../src/service/approvals/act.ts";
import {
  reassignBallot,
  recuseBallot,
  reissueBallot,
  undoDecision,
} from "../../../../src/service/approvals/ballot-acts.ts";
import { editArguments } from "../../../../src/service/approvals/edit.ts";
import { changeApproval, extendApproval } from "../../../../src/service/approvals/end-acts.ts";
import { remindBallot, resendBallot } from "../../../../src/service/approvals/mail-acts.ts";
import { readCourse } from "../../../../src/service/approvals/question.ts";
import { openRig, type Rig, until } from "../../gateway/rig.ts";
import { actor, asked, bound, cancel, dee, optionsOf, overtaken, press } from "./acting.ts";

describe("two at the same moment: one of the two stands, and both are told", () => {
  const ON_BALLOT = {
    reassigned: (options: ActOptions) =>
      reassignBallot(options, { approval: "po-1", n: 1 }, { to: dee, ...actor() }),
    recused: (options: ActOptions) => recuseBallot(options, { approval: "po-1", n: 1 }, actor()),
    reissued: (options: ActOptions) => reissueBallot(options, { approval: "po-1", n: 1 }, actor()),
  };

  test.each(Object.entries(ON_BALLOT))("a press before it is %s", async (_, act) => {
    await using rig = await openRig();
    await asked(rig);
    let pressed: Awaited<ReturnType<typeof press>> | undefined;
    const durable = overtaken(rig.durable, async () => {
      pressed = await press(rig, 1);
    });
    const result = await act({ ...optionsOf(rig), durable });
    expect(pressed).toMatchObject({ effective: true });
    expect(result).toMatchObject({
      kind: "stands",
      effective: false,
      standing: { kind: "decided", decision: { choice: "approve" } },
    });
  });

  test.each(Object.entries(ON_BALLOT))("a press after it is %s", async (because, act) => {
    await using rig = await openRig();
    await asked(rig);
    let acted: Awaited<ReturnType<typeof act>> | undefined;
    const durable = overtaken(rig.durable, async () => {
      acted = await act(optionsOf(rig));
    });
    const pressed = await press({ durable }, 1);
    expect(acted).toMatchObject({ kind: "stands", effective: true });
    expect(pressed).toMatchObject({ effective: false, standing: { kind: "closed", because } });
  });

  test.each(["press first", "extension first"])("the deciding press and an extension: %s", async (order) => {
    await using rig = await openRig();
    await asked(rig, { require: "any" });
    const extend = (durable: Durable) =>
      extendApproval({ ...optionsOf(rig), durable }, "po-1", { deadline: "P9D", ...actor() });
    if (order === "press first") {
      const ended = async () => {
        await press(rig, 1);
        await rig.settled("po-1");
      };
      const result = await extend(overtaken(rig.durable, ended));
      expect(result).toMatchObject({ kind: "stands", effective: false });
      expect(result.kind === "stands" && result.course.root.state).toBe("resolved");
    } else {
      const pressed = await press({ durable: overtaken(rig.durable, () => extend(rig.durable)) }, 1);
      expect(pressed).toMatchObject({ effective: true });
    }
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
  });

  test.each(["press first", "change first"])("a press and a change: %s", async (order) => {
    await using rig = await openRig();
    await asked(rig, { require: "any", rounds: 2 });
    const change = (durable: Durable) =>
      changeApproval({ ...optionsOf(rig), durable }, "po-1", { content: { title: "Fewer" }, ...actor() });
    if (order === "press first") {
      const ended = async () => {
        await press(rig, 1);
        await rig.settled("po-1");
      };
      expect(await change(overtaken(rig.durable, ended))).toMatchObject({ kind: "stands", effective: false });
      expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
    } else {
      const pressed = await press({ durable: overtaken(rig.durable, () => change(rig.durable)) }, 1);
      expect(pressed).toMatchObject({
        effective: false,
        standing: { kind: "closed", because: "round-over" },
      });
      expect((await readCourse(rig.durable, "po-1"))?.state.round).toBe(2);
    }
  });

  describe("a change and an edit that was stored between the change's two looks at the question", () => {
    const schema = { properties: { amount: { type: "number", "x-countersign-editable": true } } };
    const action = { tool: "pay", arguments: { amount: 12_000 }, schema };
    const edit = (rig: Rig, amount: number, by = actor()) =>
      editArguments(
        optionsOf(rig),
        { approval: "po-1", n: 1 },
        { edits: [{ arguments: { amount } }], ...by },
      );
    /** Does it before the approval is read for the second time. */
    const lookingAfter = (durable: Durable, act: () => Promise<unknown>): Durable => {
      let looks = 0;
      return new Proxy(durable, {
        get(target, name) {
          if (name !== "children") return bound(target, name);
          return async (id: string) => {
            looks += 1;
            if (looks === 2) await act();
            return await target.children(id);
          };
        },
      });
    };
    const shown = async (rig: Rig) => (await readCourse(rig.durable, "po-1"))?.request;

    test("the change is refused, and the edit stays", async () => {
      await using rig = await openRig();
      await asked(rig, { rounds: 5, action });
      const durable = lookingAfter(rig.durable, () => edit(rig, 900));
      const call = { content: { title: "Order 30 laptops" }, ...actor() };
      expect(await changeApproval({ ...optionsOf(rig), durable }, "po-1", call)).toMatchObject({
        kind: "refused",
        why: "under-way",
      });
      expect(await shown(rig)).toMatchObject({
        title: "Order 40 laptops",
        action: { arguments: { amount: 900 } },
      });
      expect(await changeApproval(optionsOf(rig), "po-1", call)).toMatchObject({ effective: true });
      expect(await shown(rig)).toMatchObject({
        title: "Order 30 laptops",
        action: { arguments: { amount: 900 } },
      });
    });

    test("so is an edit, and the change stays", async () => {
      await using rig = await openRig();
      await asked(rig, { rounds: 5, action });
      const other = { content: { title: "Order 30 laptops" }, ...actor() };
      const durable = lookingAfter(rig.durable, () => changeApproval(optionsOf(rig), "po-1", other));
      const edits = [{ arguments: { amount: 900 } }];
      const named = { approval: "po-1", n: 1 };
      const result = await editArguments({ ...optionsOf(rig), durable }, named, { edits, ...actor() });
      expect(result).toMatchObject({ kind: "refused" });
      expect(await shown(rig)).toMatchObject({
        title: "Order 30 laptops",
        action: { arguments: { amount: 12_000 } },
      });
    });

    test("an edit that is repeated after a later round is the same", async () => {
      await using rig = await openRig();
      await asked(rig, { rounds: 5, action });
      const by = actor();
      expect(await edit(rig, 900, by)).toMatchObject({ kind: "stands", effective: true });
      const later = { content: { title: "Order 30 laptops" }, ...actor() };
      expect(await changeApproval(optionsOf(rig), "po-1", later)).toMatchObject({ effective: true });
      expect(await edit(rig, 900, by)).toMatchObject({ kind: "stands", effective: true });
      expect(await edit(rig, 901, by)).toEqual({ kind: "other-content" });
      expect(await shown(rig)).toMatchObject({ action: { arguments: { amount: 900 } } });
    });
  });

  test("two who hand the same ballot on", async () => {
    await using rig = await openRig();
    await asked(rig);
    const to = (durable: Durable, email: string) =>
      reassignBallot(
        { ...optionsOf(rig), durable },
        { approval: "po-1", n: 1 },
        { to: { email }, ...actor() },
      );
    let first: Awaited<ReturnType<typeof to>> | undefined;
    const durable = overtaken(rig.durable, async () => {
      first = await to(rig.durable, "dee@example.com");
    });
    expect(await to(durable, "eve@example.com")).toMatchObject({ effective: false, standing: { to: dee } });
    expect(first).toMatchObject({ effective: true });
  });

  test.each(["end first", "undo first"])(
    "the end of the approval and an answer taken back: %s",
    async (order) => {
      await using rig = await openRig();
      await asked(rig, { undo: "PT10M", require: "any" });
      await press(rig, 1);
      const undo = (durable: Durable) =>
        undoDecision({ ...optionsOf(rig), durable }, { approval: "po-1", n: 1 }, actor());
      if (order === "end first") {
        // The answer can no longer be taken back, and no longer decides.
        const ended = () => cancel(rig.durable);
        const result = await undo(overtaken(rig.durable, ended));
        expect(result).toMatchObject({
          kind: "stands",
          effective: false,
          standing: { kind: "decided", outcome: "cancelled" },
        });
        expect((await rig.settled("po-1")).value).toMatchObject({
          outcome: "cancelled",
          decisions: [{ n: 1, choice: "approve" }],
        });
      } else {
        await expect(cancel(overtaken(rig.durable, () => undo(rig.durable)))).resolves.toMatchObject({
          value: { outcome: "cancelled" },
        });
      }
    },
  );

  test("an answer taken back, and the end of the time for it", async () => {
    await using rig = await openRig();
    await asked(rig, { undo: "PT10M" });
    await press(rig, 1);
    // As a judgement does when the time is over.
    const durable = overtaken(rig.durable, () => rig.durable.settle(ballotId("po-1", 2), { kind: "final" }));
    const result = await undoDecision({ ...optionsOf(rig, 0), durable }, { approval: "po-1", n: 1 }, actor());
    expect(result).toMatchObject({
      kind: "stands",
      effective: false,
      standing: { kind: "decided", decision: { choice: "approve" } },
    });
  });

  test.each(["answer first", "undo first"])(
    "an answer taken back, and the answer of somebody else that ends the approval: %s",
    async (order) => {
      await using rig = await openRig();
      await asked(rig, { undo: "PT10M" });
      await press(rig, 1);
      const undo = (durable: Durable) =>
        undoDecision({ ...optionsOf(rig), durable }, { approval: "po-1", n: 1 }, actor());
      const veto = async (durable: Durable) => {
        const rejected = await press({ durable }, 3, "reject");
        // Until then it could be taken back as well.
        await rig.durable.settle(ballotId("po-1", 4), { kind: "final" });
        return rejected;
      };
      if (order === "answer first") {
        const result = await undo(
          overtaken(rig.durable, async () => {
            await veto(rig.durable);
            await rig.settled("po-1");
          }),
        );
        // It counts, as the approval ended before it was taken back.
        const standing = { kind: "decided", outcome: "rejected" };
        expect(result).toMatchObject({ kind: "stands", effective: false, standing });
      } else {
        let undone: Awaited<ReturnType<typeof undo>> | undefined;
        const durable = overtaken(rig.durable, async () => {
          undone = await undo(rig.durable);
        });
        expect(await veto(durable)).toMatchObject({ effective: true });
        expect(undone).toMatchObject({ kind: "stands", effective: true });
      }
      expect((await rig.settled("po-1")).value).toMatchObject({
        outcome: "rejected",
        decisions: order === "answer first" ? [{ n: 1 }, { n: 3 }] : [{ n: 3 }],
      });
    },
  );

  test.each(["cancellation first", "extension first"])(
    "a cancellation and an extension: %s",
    async (order) => {
      await using rig = await openRig();
      await asked(rig);
      const extend = (durable: Durable) =>
        extendApproval({ ...optionsOf(rig), durable }, "po-1", { deadline: "P9D", ...actor() });
      if (order === "cancellation first") {
        const result = await extend(overtaken(rig.durable, () => cancel(rig.durable)));
        expect(result).toMatchObject({ kind: "stands", effective: false });
      } else {
        await cancel(overtaken(rig.durable, () => extend(rig.durable)));
      }
      expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "cancelled" });
    },
  );
});

const askedIn = (rig: Rig) => rig.asks.flatMap((mail) => ("approver" in mail ? mail.approver.email : []));

/** A mail by hand does not take the question from anybody: it goes out, unless the answer was first. */
describe("a press and a mail that a program orders: both count, or the mail is not sent, and both are told", () => {
  const BY_HAND = { reminder: remindBallot, resend: resendBallot };

  test.each(Object.entries(BY_HAND))("%s: the press first", async (_, order) => {
    await using rig = await openRig();
    await asked(rig);
    let pressed: Awaited<ReturnType<typeof press>> | undefined;
    const first = async () => {
      pressed = await press(rig, 1);
    };
    const durable = overtaken(rig.durable, first, "start");
    expect(await order({ ...optionsOf(rig), durable }, { approval: "po-1", n: 1 }, actor())).toMatchObject({
      kind: "stands",
      effective: false,
      standing: { kind: "decided", decision: { choice: "approve" } },
    });
    expect(pressed).toMatchObject({ effective: true });
    expect(rig.asks).toHaveLength(2);
  });

  test.each(Object.entries(BY_HAND))("%s: the mail first", async (_, order) => {
    await using rig = await openRig();
    await asked(rig);
    let ordered: Awaited<ReturnType<typeof order>> | undefined;
    const durable = overtaken(rig.durable, async () => {
      ordered = await order(optionsOf(rig), { approval: "po-1", n: 1 }, actor());
    });
    expect(await press({ durable }, 1)).toMatchObject({ effective: true });
    expect(ordered).toMatchObject({ kind: "stands", effective: true, mailed: { status: "sent" } });
    expect(askedIn(rig)).toEqual(["ana@example.com", "bo@example.com", "ana@example.com"]);
  });
});

test.each(["press first", "cancellation first"])(
  "the deciding press and a cancellation: %s",
  async (order) => {
    await using rig = await openRig();
    await asked(rig, { require: "any" });
    if (order === "press first") {
      const ended = async () => {
        await press(rig, 1);
        await rig.settled("po-1");
      };
      await expect(cancel(overtaken(rig.durable, ended))).rejects.toThrow(
        "the approval has ended as approved",
      );
      expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
    } else {
      const pressed = await press({ durable: overtaken(rig.durable, () => cancel(rig.durable)) }, 1);
      expect(pressed).toMatchObject({ effective: false, standing: { kind: "closed", outcome: "cancelled" } });
      expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "cancelled", decisions: [] });
    }
  },
);

/** The question goes to the one who is away, or to their stand-in, and never to both. */
test.each(["press first", "rule first"])(
  "the press that opens a stage and a rule that one of it is away: %s",
  async (order) => {
    await using rig = await openRig();
    const [ana, bo, dora] = ["ana@example.com", "bo@example.com", "dora@example.com"] as const;
    await rig.json("POST", "/approvals", {
      id: "po-1",
      title: "Order",
      stages: [{ approvers: [ana] }, { approvers: [bo] }],
    });
    await until(async () => (rig.mailed() === 1 ? true : undefined));
    const delegate = (durable: Durable) =>
      addAbsence(
        { durable, absences: openAbsenceBook((id) => durable.read(id)), clock: Date.now },
        { person: bo, to: dora, until: "P9D" },
        actor(),
      );
    const askedNext = async () => await until(async () => (rig.mailed() === 2 ? true : undefined));
    if (order === "press first") {
      const first = async () => {
        expect(await press(rig, 1)).toMatchObject({ effective: true });
        await askedNext();
      };
      expect(await delegate(overtaken(rig.durable, first, "create"))).toMatchObject({ to: { email: dora } });
    } else {
      let rule: Awaited<ReturnType<typeof delegate>> | undefined;
      const durable = overtaken(rig.durable, async () => {
        rule = await delegate(rig.durable);
      });
      expect(await press({ durable }, 1)).toMatchObject({ effective: true });
      await askedNext();
      expect(rule).toMatchObject({ to: { email: dora } });
    }
    const { ballots } = (await rig.json("GET", "/approvals/po-1")).body as {
      ballots: { n: number; approver: object; state: string; inPlaceOf?: object[] }[];
    };
    const who = order === "press first" ? { email: bo } : { email: dora };
    expect(ballots.filter(({ state }) => state === "open").map(({ approver }) => approver)).toEqual([who]);
    expect(askedIn(rig)).toEqual([ana, who.email]);
    if (order === "rule first") expect(ballots[1]?.inPlaceOf).toMatchObject([{ person: { email: bo } }]);
    // Whoever was asked stays: neither the rule nor its end takes the question away.
    expect(await press(rig, ballots[1]?.n ?? 0)).toMatchObject({ effective: true });
    expect((await rig.settled("po-1")).value).toMatchObject({ decisions: [{ email: ana }, who] });
  },
);
