/**
 * Unit test files share a process, one after the other: a process for each would take longer than most of them. So each
 * leaves the process as it found it, and fails if it does not.
 */
import { afterAll, beforeAll, expect, vi } from "vitest";
import { untilPasses } from "./eventually.ts";

/** What one file could change for the next, each by its name. */
function state(): ReadonlyMap<string, unknown> {
  const resources = process.getActiveResourcesInfo();
  const env = Object.entries(process.env).map(([name, value]) => [`environment: ${name}`, value] as const);
  const listeners = process
    .eventNames()
    // Modules of our own that are loaded add theirs, once.
    .filter((name) => name !== "exit")
    .map((name) => [`listeners for ${String(name)}`, process.listenerCount(name)] as const);
  return new Map<string, unknown>([
    ...env,
    ...listeners,
    ["working directory", process.cwd()],
    ["exit code", process.exitCode],
    ["fake timers", vi.isFakeTimers()],
    ["servers", resources.filter((kind) => kind === "TCPServerWrap").length],
    ["processes", resources.filter((kind) => kind === "ProcessWrap").length],
  ]);
}

function changes(): string[] {
  const after = state();
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => `${name}: ${String(before.get(name))} before, ${String(after.get(name))} after`);
}

let before = state();
beforeAll(() => {
  before = state();
});
afterAll(() =>
  // Servers and processes that were told to end may take a moment for it.
  untilPasses(() => expect(changes(), "what this file leaves to others that share its process").toEqual([])),
);
