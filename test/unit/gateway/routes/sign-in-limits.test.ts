import { expect, test } from "vitest";
import { createSignInLimits } from "../../../../src/gateway/routes/sign-in-limits.ts";

const MINUTE_MS = 60_000;

test("one network asks 60 times in ten minutes, all together 2,000 times, and then they wait", () => {
  let nowMs = 0;
  const limits = createSignInLimits({ clock: () => nowMs });
  const asked = Array.from({ length: 61 }, () => limits.ask("203.0.113.9"));
  expect(asked.findIndex((seconds) => seconds !== undefined)).toBe(60);
  expect(asked.at(-1)).toBe(600);
  // What was refused took nobody's place.
  const others = Array.from({ length: 1_941 }, (_, i) => limits.ask(`network ${i}`));
  expect(others.findIndex((seconds) => seconds !== undefined)).toBe(1_940);
  nowMs = 10 * MINUTE_MS;
  expect([limits.ask("203.0.113.9"), limits.ask("network 1")]).toEqual([undefined, undefined]);
});

test("a person gets five mails from one network, and twenty from all, of which refused ones are none", () => {
  const limits = createSignInLimits({ clock: () => 0 });
  const mails = (network: string, n: number) =>
    Array.from({ length: n }, () => limits.mail(network, "ana")).filter(Boolean).length;
  expect([mails("a", 1_000), mails("b", 4), mails("c", 1_000), mails("d", 1_000)]).toEqual([5, 4, 5, 5]);
  expect([mails("e", 1_000), mails("f", 1_000)]).toEqual([1, 0]);
  expect(limits.mail("a", "bo")).toBe(true);
});
