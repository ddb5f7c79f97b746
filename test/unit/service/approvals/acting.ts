/** Acts on an approval in tests: who acts, and somebody who is faster. */
import { expect } from "vitest";
import type { Person } from "../../../../src/approval/approval.ts";
import { ballotId } from "../../../../src/approval/ids.ts";
import { requestOf } from "../../../../src/approval/stored.ts";
import type { Durable } from "../../../../src/durable/durable.ts";
import type { ActOptions, Actor } from "../../../../src/service/approvals/act.ts";
import { cancelApproval } from "../../../../src/service/approvals/cancel.ts";
import { decideBallot } from "../../../../src/service/approvals/decide.ts";
import { type Rig, until } from "../../gateway/rig.ts";

export const dee: Person = { email: "dee@example.com" };
const never = new AbortController().signal;

let nonces = 0;
export function actor(more: Partial<Actor> = {}): Actor {
  nonces += 1;
  return { door: "api", nonce: `nonce-${nonces}`, ...more };
}

export function optionsOf({ durable }: Rig, outcomeWaitMs = 5_000): ActOptions {
  return { durable, clock: Date.now, signal: never, outcomeWaitMs };
}

/** Asks Ana and Bo, and returns once both were mailed. */
export async function asked(rig: Rig, request: Record<string, unknown> = {}): Promise<void> {
  const answer = await rig.json("POST", "/approvals", {
    id: "po-1",
    title: "Order 40 laptops",
    approvers: ["ana@example.com", "bo@example.com"],
    require: "all",
    ...request,
  });
  expect(answer).toMatchObject({ status: 202 });
  await until(async () => (rig.mailed() >= 2 ? true : undefined));
}

export async function cancel(durable: Durable) {
  const root = await durable.read("po-1");
  const request = root && requestOf(root);
  if (root === undefined || request === undefined) throw new Error("There is no approval");
  const cancelled = await cancelApproval(
    { durable, signal: never },
    { root, request },
    { door: "api", nonce: "c1" },
  );
  return cancelled.root;
}

export function press(rig: Pick<Rig, "durable">, n: number, choice = "approve") {
  return decideBallot(rig.durable, {
    ballot: ballotId("po-1", n),
    choice,
    door: "api",
    nonce: actor().nonce,
  });
}

export function bound(target: Durable, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name, target);
  return typeof member === "function" ? member.bind(target) : member;
}

/** What an act stores something by. */
type Storing = "settle" | "start" | "create";

/** The same, but what `first` does is done just before the next time that the one who uses it stores something. */
export function overtaken(
  durable: Durable,
  first: () => Promise<unknown>,
  storing: Storing = "settle",
): Durable {
  let isOvertaken = false;
  return new Proxy(durable, {
    get(target, name) {
      const member = bound(target, name);
      if (name !== storing) return member;
      return async (...args: unknown[]) => {
        if (!isOvertaken) {
          isOvertaken = true;
          await first();
        }
        return await (member as (...same: unknown[]) => unknown)(...args);
      };
    },
  });
}
