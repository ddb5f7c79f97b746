import { expect, test } from "vitest";
import { Groups } from "../../../../src/engine/deliver/groups.ts";
import type { Address } from "../../../../src/protocol/addresses.ts";

function connection(group: string, pid: string) {
  return { group, pid, deliver: () => true, replaced: () => undefined };
}

test("isReachable() says whether a worker that the address allows is connected", () => {
  const groups = new Groups();
  groups.open("worker").add(connection("worker", "p1"));
  const reached = [
    "poll://any@worker",
    "poll://any@worker/p2",
    "poll://uni@worker/p1",
    "poll://uni@worker/p2",
    "poll://any@other",
    "no address",
  ].map((address) => groups.isReachable(address));
  expect(reached).toEqual([true, true, true, false, false, false]);
});

test("a group is there from its first worker until it is deleted", () => {
  const groups = new Groups();
  const group = groups.open("worker");
  expect(groups.open("worker")).toBe(group);
  group.add(connection("worker", "p1"));
  const to: Address = { cast: "any", group: "worker" };
  expect(groups.candidates(to).map(({ connection }) => connection.pid)).toEqual(["p1"]);
  groups.delete(group);
  expect([groups.get("worker"), groups.candidates(to)]).toEqual([undefined, []]);
});
