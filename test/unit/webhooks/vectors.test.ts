import { describe, expect, test } from "vitest";
import type { Source } from "../../../src/webhooks/source.ts";
import { judge, sourcesOf } from "./senders.ts";
import data from "./vectors.json" with { type: "json" };

interface Vector {
  readonly name: string;
  readonly body: string;
  readonly header: string;
  readonly value: string;
  readonly timestamp?: string;
  readonly id?: string;
  readonly url?: string;
  readonly key_utf8?: string;
  readonly secret?: string;
  readonly public_key_spki_base64?: string;
}

const vectors = data.vectors as readonly Vector[];

describe("published vectors", () => {
  test.each(vectors)("$name verifies, and any other byte does not", (vector) => {
    const source = sourceFor(vector);
    const nowMs = Number(vector.timestamp ?? 1_700_000_000) * 1000;
    const sent = {
      url: vector.url ?? "https://x.example/webhooks/acme",
      body: Buffer.from(vector.body),
      headers: headersFor(vector),
    };
    expect(judge(source, sent, nowMs)).toMatchObject({ ok: true });
    for (let i = 0; i < sent.body.length; i += 1) {
      const body = Buffer.from(sent.body);
      body[i] = body[i]! ^ 1;
      expect(judge(source, { ...sent, body }, nowMs), `byte ${i}`).toMatchObject({ ok: false });
    }
  });

  test("SendGrid signs the line's end: without CR LF the vector must not verify", () => {
    const vector = vectors.find(({ name }) => name === "sendgrid")!;
    const sent = { url: "", body: Buffer.from(vector.body.trimEnd()), headers: headersFor(vector) };
    expect(judge(sourceFor(vector), sent, Number(vector.timestamp) * 1000)).toMatchObject({
      ok: false,
      reason: "signature",
    });
  });

  test.each([
    "https://mycompany.com:443/myapp.php?foo=1&bar=2",
    "https://mycompany.com/myapp.php?foo=1&bar=2",
  ])("Twilio's form verifies whether or not the address has the port: %s", (url) => {
    const vector = vectors.find(({ name }) => name === "twilio-form")!;
    const sent = { url, body: Buffer.from(vector.body), headers: headersFor(vector) };
    expect(judge(sourceFor(vector), sent, 0)).toMatchObject({ ok: true });
  });
});

function sourceFor({ name, key_utf8, secret, public_key_spki_base64 }: Vector): Source {
  const scheme = name.startsWith("twilio") ? "twilio" : name;
  const keys =
    public_key_spki_base64 === undefined
      ? { secrets: [{ env: "SECRET" }] }
      : { publicKeys: [public_key_spki_base64] };
  const env = { SECRET: secret ?? key_utf8 ?? "" };
  return sourcesOf({ acme: { scheme, promise: "p", ...keys } }, env).get("acme")!;
}

function headersFor({ name, header, value, timestamp, id }: Vector): [string, string][] {
  const time: Record<string, string> = {
    slack: "x-slack-request-timestamp",
    sendgrid: "x-twilio-email-event-webhook-timestamp",
    svix: "svix-timestamp",
    "standard-webhooks": "webhook-timestamp",
  };
  const headers: [string, string][] = [[header, value]];
  const timeHeader = time[name];
  if (timestamp !== undefined && timeHeader !== undefined) headers.push([timeHeader, timestamp]);
  if (id !== undefined) headers.push([name === "svix" ? "svix-id" : "webhook-id", id]);
  return headers;
}
