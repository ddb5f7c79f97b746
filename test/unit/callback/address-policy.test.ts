import { isIP } from "node:net";
import { describe, expect, test } from "vitest";
import { bareHost, createAddressPolicy } from "../../../src/callback/address-policy.ts";
import { post } from "../../../src/callback/post.ts";
import { startReceiver } from "../../support/receiver.ts";
import { INSIDE_HOSTS, LOOPBACK_HOSTS, PUBLIC_HOSTS } from "./addresses.ts";

const NOTHING = { hosts: [], networks: [] };
const policy = createAddressPolicy({ ports: [443], allow: NOTHING });
const INSIDE = "must not lead to this machine or into an internal network";
const sent = { headers: {}, body: "{}" };

describe("createAddressPolicy()", () => {
  test.each([...LOOPBACK_HOSTS, ...INSIDE_HOSTS])("refuses https://%s/", (host) => {
    expect(policy.problem(`https://${host}/hooks`)).toBe(INSIDE);
  });

  test.each(PUBLIC_HOSTS)("takes https://%s/", (host) => {
    expect(policy.problem(`https://${host}/hooks?a=b`)).toBeUndefined();
  });

  test.each([
    ["https://user@example.com/", "must not hold a user or a password"],
    ["https://:pw@example.com/", "must not hold a user or a password"],
    ["https://example.com@127.0.0.1/", "must not hold a user or a password"],
    ["https://127.0.0.1\\@example.com/", INSIDE],
    ["https://example.com:8443/", "must have the port 443"],
    ["https://example.com:80/", "must have the port 443"],
    ["http://example.com/", "must begin with https://"],
    ["http://example.com:443/", "must begin with https://"],
    ["gopher://example.com/", "must be an https URL, such as https://example.com/hooks"],
    ["file:///etc/passwd", "must be an https URL, such as https://example.com/hooks"],
    ["//example.com/", "must be an https URL, such as https://example.com/hooks"],
    ["", "must be an https URL, such as https://example.com/hooks"],
  ])("refuses %j: it %s", (url, problem) => {
    expect(policy.problem(url)).toBe(problem);
  });

  test.each(
    [...LOOPBACK_HOSTS, ...INSIDE_HOSTS].map((host) => bareHost(new URL(`https://${host}/`))).filter(isIP),
  )("does not permit a connection to %s, whatever the name", (address) => {
    expect(policy.permits(new URL("https://example.com/"), address)).toBe(false);
  });

  test.each(["fe80::1%eth0", "::1%lo", "", "nonsense", "127.1"])(
    "does not permit %j as an address",
    (address) => {
      expect(policy.permits(new URL("https://example.com/"), address)).toBe(false);
    },
  );

  test("has a list of ports", () => {
    const more = createAddressPolicy({ ports: [443, 8443], allow: NOTHING });
    expect(more.problem("https://example.com:8443/")).toBeUndefined();
    expect(more.problem("https://example.com:8444/")).toBe("must have the port 443 or 8443");
    expect(more.problem("https://127.0.0.1:8443/")).toBe(INSIDE);
  });

  test("lets a named host and port be called by http and wherever it leads, and no other port of it", () => {
    const allow = { hosts: ["hooks.internal:8080", "127.0.0.1:9000", "[::1]:9000"], networks: [] };
    const open = createAddressPolicy({ ports: [443], allow });
    for (const url of [
      "http://hooks.internal:8080/",
      "https://HOOKS.internal.:8080/",
      "http://127.0.0.1:9000/",
      "http://0x7f.1:9000/",
      "https://[0::1]:9000/",
    ]) {
      expect(open.problem(url)).toBeUndefined();
      expect(open.permits(new URL(url), "10.0.0.1")).toBe(true);
    }
    expect(open.problem("http://hooks.internal:8081/")).toBe("must begin with https://");
    expect(open.problem("https://hooks.internal/")).toBe(INSIDE);
    expect(open.problem("https://127.0.0.1/")).toBe(INSIDE);
    expect(open.problem("http://user@hooks.internal:8080/")).toBe("must not hold a user or a password");
  });

  test("lets addresses of a named network be called by https, and names by what they lead to", () => {
    const networks = [
      { address: "10.1.0.0", prefix: 16 },
      { address: "fd00::", prefix: 8 },
    ];
    const open = createAddressPolicy({ ports: [443], allow: { hosts: [], networks } });
    expect(open.problem("https://10.1.2.3/")).toBeUndefined();
    expect(open.problem("https://[fd12::1]/")).toBeUndefined();
    expect(open.problem("https://10.2.0.1/")).toBe(INSIDE);
    expect(open.problem("http://10.1.2.3/")).toBe("must begin with https://");
    const url = new URL("https://erp/");
    expect(open.problem(url.href)).toBeUndefined();
    expect(open.permits(url, "10.1.2.3")).toBe(true);
    expect(open.permits(url, "::ffff:10.1.2.3")).toBe(true);
    expect(open.permits(url, "10.2.2.3")).toBe(false);
    expect(open.permits(url, "127.0.0.1")).toBe(false);
  });
});

describe("post() opens no connection", () => {
  test("to any spelling of the loopback, although somebody listens there", async () => {
    await using canary = await startReceiver();
    await using canary6 = await startReceiver(undefined, { host: "::1" }).catch(() => startReceiver());
    const { port } = canary;
    const any = createAddressPolicy({ ports: [port, canary6.port, 443], allow: NOTHING });
    // The canary would notice: an allowed spelling reaches it.
    const open = createAddressPolicy({ ports: [443], allow: { ...NOTHING, hosts: [`127.0.0.1:${port}`] } });
    expect(await post(`http://127.1:${port}/`, sent, { policy: open })).toMatchObject({ kind: "answered" });
    expect(canary.connections).toBe(1);
    for (const host of LOOPBACK_HOSTS) {
      for (const url of [`https://${host}:${port}/`, `https://${host}:${canary6.port}/`]) {
        expect(await post(url, sent, { policy: any })).toMatchObject({ kind: "blocked", final: true });
      }
    }
    expect(canary.connections).toBe(1);
    expect(canary6.connections).toBe(0);
  });

  test("to a name that DNS points inside, with one answer of several or all, also when it changes its mind", async () => {
    await using canary = await startReceiver();
    const any = createAddressPolicy({ ports: [canary.port], allow: NOTHING });
    const url = `https://rebind.example.com:${canary.port}/`;
    const answers = [
      ["127.0.0.1"],
      ["::1"],
      ["::ffff:127.0.0.1"],
      ["8.8.8.8", "127.0.0.1"],
      ["127.0.0.1", "8.8.8.8"],
      ["fe80::1%eth0"],
      ["169.254.169.254"],
    ];
    for (const addresses of answers) {
      const resolve = async () => addresses.map((address) => ({ address, family: isIP(address) }));
      const result = await post(url, sent, { policy: any, resolve });
      expect(result).toEqual({ kind: "blocked", final: false });
    }
    // Good at the first look, bad at the second: there is no second look.
    let looks = 0;
    const flipping = async () => [{ address: looks++ === 0 ? "203.0.114.1" : "127.0.0.1", family: 4 }];
    const times = { connectMs: 200, totalMs: 400 };
    const result = await post(url, sent, { policy: any, resolve: flipping, times });
    expect(result.kind).toMatch(/^(?:timeout|unreachable)$/);
    expect(looks).toBe(1);
    expect(canary.connections).toBe(0);
  });
});
