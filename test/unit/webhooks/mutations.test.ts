import { describe, expect, test } from "vitest";
import {
  judge,
  problemsOf,
  SENDERS,
  type Sender,
  type Sent,
  sourceOf,
  sourcesOf,
  URL_OF_SOURCE,
} from "./senders.ts";

const SECONDS = 1_700_000_000;
const NOW_MS = SECONDS * 1000;
const CONTENT = { order: "po-4711", amount: "9007199254740993", note: "decided" };

describe.each(SENDERS.map((sender) => [sender.name, sender] as const))("%s", (_, sender) => {
  const source = sourceOf(sender);
  const good = send(sender);

  test("takes what its sender sends", () => {
    expect(judge(source, good, NOW_MS)).toMatchObject({ ok: true });
  });

  const changedBodies: readonly (readonly [string, (body: string) => string])[] = [
    ["one blank more", (body) => `${body} `],
    ["one blank more in front", (body) => ` ${body}`],
    ["a line's end more", (body) => `${body}\r\n`],
    ["a blank inside", (body) => body.replace("decided", "deci ded")],
    ["an escape for a letter", (body) => body.replace("decided", "\\u0064ecided")],
    ["another number", (body) => body.replace("9007199254740993", "9007199254740992")],
    [
      "the same number written differently",
      (body) => body.replace("9007199254740993", "9.007199254740993e15"),
    ],
    ["another promise", (body) => body.replace("po-4711", "po-4712")],
    ["nothing", () => ""],
  ];
  test.each(changedBodies)("body with %s", (_name, change) => {
    const body = Buffer.from(change(good.body.toString()));
    expect(body.equals(good.body), "the mutation changes something").toBe(false);
    // Where nothing is signed, the channel is all there is; the documentation says so.
    expect(judge(source, { ...good, body }, NOW_MS).ok).toBe(!sender.signed);
  });

  test("body written anew, with the same content", () => {
    const text = good.body.toString();
    if (!text.startsWith("{")) return expect(sender.name).toMatch(/slack|twilio form|sendgrid/);
    const body = Buffer.from(JSON.stringify(JSON.parse(text)));
    expect(judge(source, { ...good, body }, NOW_MS).ok).toBe(!sender.signed);
  });

  test("signature missing, empty, doubled", () => {
    const without = good.headers.filter(([name]) => name !== sender.signature);
    const [, value] = good.headers.find(([name]) => name === sender.signature)!;
    expect(judge(source, { ...good, headers: without }, NOW_MS)).toMatchObject({
      ok: false,
      reason: "missing",
    });
    expect(judge(source, { ...good, headers: [...without, [sender.signature, ""]] }, NOW_MS)).toMatchObject({
      ok: false,
      reason: "missing",
    });
    expect(
      judge(source, { ...good, headers: [...good.headers, [sender.signature, value]] }, NOW_MS),
    ).toMatchObject({ ok: false, reason: "doubled" });
  });

  test("signatures that are wrong, cut, of another key, of an empty key", () => {
    const cut = (value: string) => value.slice(0, -2);
    const other = (value: string) => value.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    for (const change of [cut, other, ...(sender.otherVersion === undefined ? [] : [sender.otherVersion])]) {
      const headers = good.headers.map(([name, value]) =>
        name === sender.signature ? ([name, change(value)] as const) : ([name, value] as const),
      );
      expect(judge(source, { ...good, headers }, NOW_MS), change.name).toMatchObject({ ok: false });
    }
    for (const key of [Buffer.from("another key of some length"), Buffer.alloc(0)]) {
      expect(judge(source, send(sender, { key }), NOW_MS)).toMatchObject({ ok: false });
    }
  });

  test("a time that is out of the window, or no time", () => {
    if (!sender.timed) {
      // Then a replay is harmless because the first settlement stands, and its key is known.
      return expect(judge(source, good, NOW_MS + 86_400_000)).toMatchObject({ ok: true });
    }
    for (const seconds of [SECONDS - 300, SECONDS + 300]) {
      expect(judge(source, send(sender, { seconds: String(seconds) }), NOW_MS)).toMatchObject({ ok: true });
    }
    for (const seconds of [
      String(SECONDS - 301),
      String(SECONDS + 301),
      `${SECONDS}abc`,
      `${SECONDS}000`,
      ` ${SECONDS}`,
      `+${SECONDS}`,
      `${SECONDS}.0`,
      "0x6553f100",
      "NaN",
      "",
    ]) {
      expect(judge(source, send(sender, { seconds }), NOW_MS), seconds).toMatchObject({ ok: false });
    }
    const header = sender.timeHeader;
    if (header === undefined) return;
    const headers = good.headers.filter(([name]) => name !== header);
    expect(judge(source, { ...good, headers }, NOW_MS)).toMatchObject({ ok: false, reason: "missing" });
    const doubled = [...good.headers, [header, String(SECONDS)] as const];
    expect(judge(source, { ...good, headers: doubled }, NOW_MS)).toMatchObject({
      ok: false,
      reason: "doubled",
    });
  });

  test("while a secret rotates both are good, and afterwards only the new one", () => {
    const { secrets } = sender.config as { secrets?: unknown };
    if (secrets === undefined) return expect(sender.config["publicKeys"]).toBeDefined();
    const config = { ...sender.config, promise: "p" };
    const fresh = /standard|svix/.test(sender.name)
      ? `whsec_${Buffer.alloc(24, 9).toString("base64")}`
      : "a fresh secret of length";
    const env = { ...sender.env, S2: fresh };
    const both = sourcesOf({ acme: { ...config, secrets: [{ env: "S2" }, { env: "S1" }] } }, env).get(
      "acme",
    )!;
    const only = sourcesOf({ acme: { ...config, secrets: [{ env: "S2" }] } }, env).get("acme")!;
    const key = fresh.startsWith("whsec_") ? Buffer.alloc(24, 9) : Buffer.from(fresh);
    expect(judge(both, good, NOW_MS)).toMatchObject({ ok: true });
    expect(judge(both, send(sender, { key }), NOW_MS)).toMatchObject({ ok: true });
    expect(judge(only, good, NOW_MS)).toMatchObject({ ok: false });
    expect(judge(only, send(sender, { key }), NOW_MS)).toMatchObject({ ok: true });
  });

  test("what we sign in the sender's place is accepted, and nothing is signed without the key", () => {
    const { sign } = source.scheme;
    if (sign === undefined) return expect(sender.config["publicKeys"]).toBeDefined();
    const body = sender.body(CONTENT);
    const { headers, url = URL_OF_SOURCE } = sign({ body, url: URL_OF_SOURCE, nowMs: NOW_MS, id: "msg_1" });
    const sent = { body, url, headers: Object.entries(headers) };
    expect(judge(source, sent, NOW_MS)).toMatchObject({ ok: true });
    expect(judge(source, { ...sent, body: Buffer.from("{}") }, NOW_MS).ok).toBe(!sender.signed);
  });

  test("refuses to start without a secret", () => {
    const config = { ...sender.config, promise: "p" };
    if ("publicKeys" in sender.config) {
      expect(problemsOf({ acme: { ...config, publicKeys: [""] } })).not.toEqual([]);
      return;
    }
    for (const S1 of ["", " ", "\n"]) {
      expect(problemsOf({ acme: config }, { S1 })).toEqual([
        "sources.acme.secrets[0] (the environment's S1) is not set, or empty",
      ]);
    }
    expect(problemsOf({ acme: config })).toHaveLength(1);
  });
});

describe("several signatures in one delivery", () => {
  test("Standard Webhooks: any good v1 will do, others are ignored, and eleven are too many", () => {
    const sender = SENDERS[0]!;
    const good = send(sender);
    const [, v1] = good.headers[2]!;
    const withSignature = (value: string) =>
      judge(
        sourceOf(sender),
        { ...good, headers: [...good.headers.slice(0, 2), [good.headers[2]![0], value]] },
        NOW_MS,
      );
    const wrong = `v1,${Buffer.alloc(32).toString("base64")}`;
    expect(withSignature(`v1a,abc ${wrong} ${v1}`)).toMatchObject({ ok: true });
    expect(withSignature(`v1a,${v1.slice(3)}`)).toMatchObject({ ok: false, reason: "missing" });
    expect(withSignature([...Array(10).fill(wrong), v1].join(" "))).toMatchObject({
      ok: false,
      reason: "too-many-signatures",
    });
  });

  test("Standard Webhooks: an id with a dot could move the border between id and time", () => {
    const sender = SENDERS[0]!;
    expect(judge(sourceOf(sender), send(sender, { id: "msg.1" }), NOW_MS)).toMatchObject({
      reason: "malformed",
    });
  });

  test("Stripe: several v1, one t, v0 counts for nothing", () => {
    const sender = SENDERS.find(({ name }) => name === "stripe")!;
    const good = send(sender);
    const [name, value] = good.headers[0]!;
    const judged = (header: string) =>
      judge(sourceOf(sender), { ...good, headers: [[name, header]] }, NOW_MS);
    expect(judged(value.replace(",v1", `,v1=${"0".repeat(64)},v0=1,v1`))).toMatchObject({ ok: true });
    expect(judged(`${value},t=${SECONDS}`)).toMatchObject({ ok: false, reason: "malformed" });
    expect(judged(value.replace(/t=\d+,/, ""))).toMatchObject({ ok: false, reason: "malformed" });
  });

  test("DocuSign: any of the numbered headers may hold it", () => {
    const sender = SENDERS.find(({ name }) => name === "docusign")!;
    const good = send(sender);
    const [, value] = good.headers[0]!;
    const wrong = Buffer.alloc(32).toString("base64");
    const headers = [["x-docusign-signature-1", wrong] as const, ["x-docusign-signature-2", value] as const];
    expect(judge(sourceOf(sender), { ...good, headers }, NOW_MS)).toMatchObject({ ok: true });
  });
});

function send(sender: Sender, how: { seconds?: string; id?: string; key?: Buffer } = {}): Sent {
  const { seconds = String(SECONDS), id = "msg_1", key } = how;
  return sender.send(sender.body(CONTENT), { seconds, id, url: URL_OF_SOURCE, ...(key && { key }) });
}
