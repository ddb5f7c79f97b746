import { expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import { problemsOf, SMTP } from "./problems.ts";

const ADDRESS = { ...SMTP, BOUNCE_ADDRESS: "bounces@example.com" };

test("mails come back to BOUNCE_ADDRESS, and reports are taken where a port is set", () => {
  expect(loadConfig(SMTP).bounces).toBeUndefined();
  expect(loadConfig(ADDRESS).bounces).toEqual({
    address: "bounces@example.com",
    header: undefined,
    listener: undefined,
  });
  expect(loadConfig({ ...ADDRESS, BOUNCE_HEADER: "X-PM-Metadata-return: {tag}" }).bounces?.header).toEqual({
    name: "X-PM-Metadata-return",
    value: "{tag}",
  });
  expect(loadConfig({ ...ADDRESS, BOUNCE_SMTP_PORT: "2525" }).bounces?.listener).toEqual({
    host: "127.0.0.1",
    port: 2525,
  });
  expect(loadConfig({ ...ADDRESS, BOUNCE_SMTP_PORT: "0", BOUNCE_SMTP_HOST: "::" }).bounces?.listener).toEqual(
    { host: "::", port: 0 },
  );
});

test("an address that cannot have a tag is refused, and so is a port without an address", () => {
  for (const address of [
    "bounces",
    "Bounces <bounces@example.com>",
    `${"b".repeat(25)}@example.com`,
    "a@b",
  ]) {
    const problems = problemsOf({ ...SMTP, BOUNCE_ADDRESS: address });
    expect(problems).toEqual([expect.stringContaining("at most 24 characters before the @")]);
  }
  expect(problemsOf({ ...SMTP, BOUNCE_SMTP_PORT: "2525" })).toEqual([
    expect.stringMatching(/^BOUNCE_SMTP_PORT needs BOUNCE_ADDRESS/u),
  ]);
  expect(problemsOf({ ...ADDRESS, BOUNCE_SMTP_HOST: "::" })).toEqual([
    expect.stringMatching(/^BOUNCE_SMTP_HOST has no use/u),
  ]);
  expect(problemsOf({ ...ADDRESS, BOUNCE_SMTP_PORT: "99999" })).toEqual([
    expect.stringContaining("BOUNCE_SMTP_PORT"),
  ]);
});

test("a header for a provider is one line of its own that names the tag once", () => {
  for (const header of [
    "X-Return",
    "X-Return: tag",
    "X-Return:{tag}",
    "X-Return: {tag} {tag}",
    "Subject: {tag}",
    "X-Re turn: {tag}",
    "X-Return: {tag}\r\nBcc: x@example.com",
    "X-Return: {tag} ü",
  ]) {
    expect([header, problemsOf({ ...ADDRESS, BOUNCE_HEADER: header })]).toEqual([
      header,
      [expect.stringContaining("contains {tag} once")],
    ]);
  }
  expect(problemsOf({ ...SMTP, BOUNCE_HEADER: "X-Return: {tag}" })).toEqual([
    expect.stringMatching(/^BOUNCE_HEADER has no use/u),
  ]);
});
