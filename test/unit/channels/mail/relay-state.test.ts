import { expect, test } from "vitest";
import { watchRelay } from "../../../../src/channels/mail/relay-state.ts";
import type { Attempt } from "../../../../src/channels/mail/transport.ts";

const ACCEPTED: Attempt = { kind: "accepted" };
const failed = (cause: "server" | "mail" | "settings" | "stopped"): Attempt => ({
  kind: "failed",
  cause,
  reason: `because of ${cause}`,
});

test("the relay's state tells since when, why, and how many mails wait", () => {
  let nowMs = 1_000;
  const heard: number[] = [];
  const relay = watchRelay(
    () => nowMs,
    ({ waiting }) => heard.push(waiting),
  );
  expect(relay.state()).toEqual({ kind: "unknown", sinceMs: 1_000, waiting: 0 });
  relay.note(failed("server"), "a");
  nowMs = 2_000;
  for (const id of ["a", "b"]) relay.note(failed("server"), id);
  const lastError = { reason: "because of server", atMs: 2_000 };
  expect(relay.state()).toEqual({ kind: "away", sinceMs: 1_000, lastError, waiting: 2 });
  nowMs = 3_000;
  relay.note(ACCEPTED, "a");
  // What was wrong last stays to be read.
  expect(relay.state()).toEqual({ kind: "up", sinceMs: 3_000, lastError, waiting: 1 });
  relay.note(failed("settings"), "b");
  expect(relay.state()).toMatchObject({ kind: "barred", waiting: 1 });
  // A relay that puts off one mail is there.
  relay.note(failed("mail"), "b");
  expect(relay.state()).toMatchObject({ kind: "up" });
  relay.note(failed("stopped"), "c");
  expect(relay.state()).toMatchObject({ kind: "up", waiting: 2 });
  relay.note({ kind: "refused", reason: "550" }, "b");
  expect(relay.state()).toMatchObject({ kind: "up", waiting: 1, lastError: { reason: "550" } });
  expect(heard).toEqual([1, 1, 2, 1, 1, 1, 2, 1]);
});

test("whoever listens is told of changes, not of each mail", () => {
  const heard: string[] = [];
  const relay = watchRelay(
    () => 0,
    ({ kind }) => heard.push(kind),
  );
  for (const id of ["a", "b", "c"]) relay.note(ACCEPTED, id);
  expect(heard).toEqual(["up"]);
  relay.note(failed("server"), "d");
  relay.note(ACCEPTED, "d");
  relay.note(ACCEPTED, "e");
  expect(heard).toEqual(["up", "away", "up"]);
});

test("mails that are not tried again for a day wait no more: their approval has ended", () => {
  let nowMs = 0;
  const relay = watchRelay(() => nowMs);
  for (const id of ["a", "b"]) relay.note(failed("server"), id);
  nowMs = 12 * 3_600_000;
  relay.note(failed("server"), "a");
  nowMs = 24 * 3_600_000;
  expect(relay.state().waiting).toBe(1);
});
