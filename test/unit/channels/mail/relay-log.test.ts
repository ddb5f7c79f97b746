import { pino } from "pino";
import { expect, test } from "vitest";
import { createRelayLog } from "../../../../src/channels/mail/relay-log.ts";
import type { Attempt } from "../../../../src/channels/mail/transport.ts";

const ACCEPTED: Attempt = { kind: "accepted" };
const AWAY: Attempt = { kind: "failed", cause: "server", reason: "The mail server could not be reached" };
const LATER: Attempt = {
  kind: "failed",
  cause: "mail",
  reason: "The mail server put off the recipient (450)",
};
const BARRED: Attempt = {
  kind: "failed",
  cause: "settings",
  reason: "The mail server refused our login (535)",
};
const MINUTE_MS = 60_000;

function rig() {
  const lines: Record<string, unknown>[] = [];
  let nowMs = 0;
  const log = pino(
    { base: {}, timestamp: false, formatters: { level: (level) => ({ level }) } },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const relay = createRelayLog(log, { server: "mail.example.com:587", now: () => nowMs });
  return {
    /** Notes this outcome, and answers the lines it led to. */
    note(attempt: Attempt, afterMs = 0) {
      nowMs += afterMs;
      relay.note(attempt, { approval: "po-1" });
      return lines.splice(0);
    },
  };
}

test("a relay that goes away is told once, again every ten minutes, and when it is back", () => {
  const { note } = rig();
  expect(note(ACCEPTED)).toEqual([]);
  expect(note(AWAY, MINUTE_MS)).toEqual([
    {
      level: "warn",
      server: "mail.example.com:587",
      reason: "The mail server could not be reached",
      awaySeconds: 0,
      failures: 1,
      msg: "The mail server is away: mails wait, and are tried again",
    },
  ]);
  let lines = 0;
  for (let i = 0; i < 59 * 60; i++) lines += note(AWAY, 1000).length;
  expect(lines).toBe(5);
  expect(note(ACCEPTED, MINUTE_MS)).toEqual([
    {
      level: "info",
      server: "mail.example.com:587",
      awaySeconds: 3600,
      failures: 1 + 59 * 60,
      msg: "The mail server is back",
    },
  ]);
  expect(note(ACCEPTED)).toEqual([]);
});

test("a relay that comes and goes is not told each time", () => {
  const { note } = rig();
  let lines = 0;
  for (let i = 0; i < 600; i++) lines += note(i % 2 === 0 ? AWAY : ACCEPTED, 1000).length;
  // Ten minutes: at most one departure and one return a minute.
  expect(lines).toBeGreaterThan(2);
  expect(lines).toBeLessThanOrEqual(20);
});

test("a relay that puts off a mail is not away", () => {
  const { note } = rig();
  expect(note(LATER)).toEqual([]);
  expect(note(AWAY)).toHaveLength(1);
  expect(note(LATER)).toEqual([expect.objectContaining({ msg: "The mail server is back" })]);
});

test("what only the operator can mend is an error, told once until a mail goes out", () => {
  const { note } = rig();
  expect(note(BARRED)).toEqual([
    {
      level: "error",
      server: "mail.example.com:587",
      reason: "The mail server refused our login (535)",
      msg: "The mail server does not let us send: mails wait until that is mended",
    },
  ]);
  for (let i = 0; i < 100; i++) expect(note(BARRED, MINUTE_MS)).toEqual([]);
  expect(note({ ...BARRED, reason: "The mail server does not take our sender (550)" })).toHaveLength(1);
  expect(note(ACCEPTED)).toEqual([
    expect.objectContaining({ level: "info", msg: "The mail server accepts mail again" }),
  ]);
  expect(note(BARRED)).toHaveLength(1);
});

test("a relay that invents reasons does not fill the log", () => {
  const { note } = rig();
  let lines = 0;
  for (let i = 0; i < 1000; i++) lines += note({ ...BARRED, reason: `5.7.${i}` }).length;
  expect(lines).toBe(20);
});

test("a mail that is undeliverable is told with its approval, and no address", () => {
  const { note } = rig();
  const reason = "The mail server refused the recipient (550 5.1.1)";
  expect(note({ kind: "refused", reason })).toEqual([
    { level: "warn", approval: "po-1", reason, msg: "A mail is undeliverable" },
  ]);
});

test("a sender that is shut down says nothing of the relay", () => {
  const { note } = rig();
  expect(note({ kind: "failed", cause: "stopped", reason: "The mail sender was shut down" })).toEqual([]);
});
