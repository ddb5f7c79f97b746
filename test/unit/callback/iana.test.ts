/** Callbacks go to global unicast addresses only, minus everything in IANA's special-purpose registries. */
import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { describe, expect, test } from "vitest";
import { createAddressPolicy } from "../../../src/callback/address-policy.ts";

const policy = createAddressPolicy({ ports: [443], allow: { hosts: [], networks: [] } });
const anyName = new URL("https://example.com/");

/**
 * The registries as IANA publishes them (iana-ipv4-special-registry-1.csv of 2026, iana-ipv6-special-registry-1.csv),
 * without footnotes and the columns that play no part here. A newer table replaces the file.
 */
function blocksOf(file: string): { block: string; name: string }[] {
  const [, ...lines] = readFileSync(new URL(`iana/${file}`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => {
    const [block = "", name = ""] = line.split(",");
    return { block, name };
  });
}

const SPECIAL = [...blocksOf("ipv4-special.csv"), ...blocksOf("ipv6-special.csv")];

test("the tables are whole", () => {
  expect(SPECIAL.filter(({ block }) => block.includes("."))).toHaveLength(26);
  expect(SPECIAL.filter(({ block }) => block.includes(":"))).toHaveLength(25);
});

describe("createAddressPolicy()", () => {
  // `::ffff:a.b.c.d` is judged as the IPv4 address that it is.
  test.each(SPECIAL.filter(({ block }) => block !== "::ffff:0:0/96"))(
    "refuses $block ($name): its first, middle and last address",
    ({ block }) => {
      for (const address of samplesOf(block)) expectRefused(address);
    },
  );

  test.each([
    ["224.0.0.0/4", "multicast, RFC 5771"],
    ["::/3", "not unicast, or with an IPv4 address within"],
    ["::/96", "IPv4-compatible, RFC 4291 §2.5.5.1"],
    ["::ffff:0:0:0/96", "IPv4-translated, RFC 2765 §2.1"],
    ["::ffff:0:0:0:0/80", "a mark of IPv4-mapped addresses in another place"],
    ["4000::/3", "unassigned, RFC 4291 §4"],
    ["6000::/3", "unassigned"],
    ["8000::/3", "unassigned"],
    ["a000::/3", "unassigned"],
    ["c000::/3", "unassigned"],
    ["e000::/4", "unassigned"],
    ["fec0::/10", "site-local, RFC 3879"],
    ["ff00::/8", "multicast"],
  ])("refuses %s (%s)", (block) => {
    for (const address of samplesOf(block)) expectRefused(address);
  });

  test.each(["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "168.63.129.16"])(
    "refuses %s within any form of IPv6 that carries an IPv4 address",
    (inside) => {
      const [a = 0, b = 0, c = 0, d = 0] = inside.split(".").map(Number);
      const high = (a * 256 + b).toString(16);
      const low = (c * 256 + d).toString(16);
      const flipped = `${(0xffff ^ (a * 256 + b)).toString(16)}:${(0xffff ^ (c * 256 + d)).toString(16)}`;
      for (const address of [
        `::ffff:${inside}`,
        `0:0:0:0:0:FFFF:${high}:${low}`,
        `::${inside}`,
        `::ffff:0:${inside}`,
        `::ffff:0:0:${inside}`,
        `64:ff9b::${inside}`,
        `64:ff9b:1::${inside}`,
        `64:ff9b:1:ffff::${inside}`,
        `2002:${high}:${low}::1`,
        `2001:0:${high}:${low}::1`,
        `2001::${flipped}`,
      ]) {
        expectRefused(address);
      }
    },
  );

  /** Where providers serve credentials to whoever asks from within. */
  test.each([
    ["169.254.169.254", "AWS, Google, Azure, DigitalOcean, Oracle, OpenStack and others"],
    ["169.254.170.2", "AWS, of a container"],
    ["169.254.170.23", "AWS, of a pod"],
    ["fd00:ec2::254", "AWS"],
    ["fd00:ec2::23", "AWS, of a pod"],
    ["fd20:ce::254", "Google"],
    ["168.63.129.16", "Azure, a public address that leads to the host"],
    ["100.100.100.200", "Alibaba"],
    ["192.0.0.192", "Oracle"],
    ["169.254.42.42", "Scaleway"],
    ["fd00:42::42", "Scaleway"],
  ])("refuses %s (%s)", (address) => {
    expectRefused(address);
  });

  test.each([
    "1.1.1.1",
    "168.63.129.15",
    "168.63.129.17",
    "192.31.195.255",
    "192.175.47.255",
    "223.255.255.255",
    "::ffff:1.1.1.1",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2400:cb00::1",
    "2620:4f:7fff::1",
    "2a00:1450::1",
    "3ffe::1",
  ])("takes %s", (address) => {
    expect(policy.problem(urlOf(address))).toBeUndefined();
    expect(policy.permits(anyName, address)).toBe(true);
  });

  test("refuses addresses with a zone: only those of one's own links have one", () => {
    for (const address of ["2606:4700::1111%eth0", "8.8.8.8%eth0", "fe80::1%25eth0"]) {
      expect(policy.permits(anyName, address)).toBe(false);
    }
  });

  test.each([
    "localhost..",
    "localhost...",
    "10.0.0.1..",
    "a..example.com",
    ".example.com",
    "nas.localdomain",
  ])("refuses https://%s/", (host) => {
    expect(policy.problem(`https://${host}/`)).toBeDefined();
  });
});

function expectRefused(address: string): void {
  expect([address, policy.problem(urlOf(address))]).toEqual([
    address,
    "must not lead to this machine or into an internal network",
  ]);
  expect([address, policy.permits(anyName, address)]).toEqual([address, false]);
}

function urlOf(address: string): string {
  return `https://${isIPv4(address) ? address : `[${address}]`}/`;
}

/** First, middle and last address of a block. */
function samplesOf(block: string): string[] {
  const [address = "", prefix = ""] = block.split("/");
  const bits = isIPv4(address) ? 32n : 128n;
  const size = 1n << (bits - BigInt(prefix));
  const first = numberOf(address);
  return [first, first + size / 2n, first + size - 1n].map((each) => textOf(each, bits));
}

function numberOf(address: string): bigint {
  if (isIPv4(address)) return BigInt(`0x${Buffer.from(address.split(".").map(Number)).toString("hex")}`);
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [left = "", right] = address.split("::");
  const end = groups(right ?? "");
  const zeros = Array<string>(8 - groups(left).length - end.length).fill("0");
  return BigInt(`0x${[...groups(left), ...zeros, ...end].map((each) => each.padStart(4, "0")).join("")}`);
}

function textOf(number: bigint, bits: bigint): string {
  const hex = number.toString(16).padStart(Number(bits) / 4, "0");
  return bits === 32n ? [...Buffer.from(hex, "hex")].join(".") : (hex.match(/.{4}/gu) ?? []).join(":");
}
