import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cosignedBy, withLines } from "../../../../src/evidence/witness/cosignature.ts";
import { KEY_TYPES, readVerifierKeyOf, type VerifierKey } from "../../../../src/lib/verifier-key.ts";
import { startWitness } from "../../../support/witness.ts";

/** What litewitness, a witness that is not ours, was asked and answered. */
const RECORDED = JSON.parse(readFileSync(new URL("litewitness.json", import.meta.url), "utf8")) as {
  readonly witness: string;
  readonly log: string;
  readonly exchanges: readonly {
    readonly what: string;
    readonly request: string;
    readonly status: number;
    readonly type: string;
    readonly text: string;
  }[];
};
const cosigned = RECORDED.exchanges.filter(({ status }) => status === 200);
const LATER = Date.parse("2027-01-01T00:00:00Z");

function keyOf(text: string): VerifierKey {
  const key = readVerifierKeyOf(KEY_TYPES.cosignature, text);
  if ("wrong" in key) throw new Error(key.wrong);
  return key;
}

/** The head in a request, with the answer's lines. */
function noteOf({ request, text }: (typeof cosigned)[number]): string {
  return withLines(request.slice(request.indexOf("\n\n") + 2), text.trimEnd().split("\n"));
}

test.each(cosigned)("reads what a real witness answered: $what", (exchange) => {
  const note = noteOf(exchange);
  expect(cosignedBy(keyOf(RECORDED.witness), note, LATER)).toMatchObject({ result: "holds" });
});

test("a cosignature is of its head, its key, its name and its time", () => {
  const [first, again] = cosigned;
  if (first === undefined || again === undefined) throw new Error("Nothing was recorded");
  const note = noteOf(first);
  const key = keyOf(RECORDED.witness);
  const found = cosignedBy(key, note, LATER);
  if (found.result !== "holds") throw new Error("It does not hold");
  // By this machine's clock at the time of the recording, in whole seconds.
  expect(new Date(found.atMs).toISOString()).toMatch(/^2026-12-01T\d\d:\d\d:\d\d\.000Z$/u);

  // It may be a little ahead of our clock, and no more.
  expect(cosignedBy(key, note, found.atMs - 299_000)).toMatchObject({ result: "holds" });
  expect(cosignedBy(key, note, found.atMs - 301_000)).toMatchObject({
    result: "wrong",
    why: expect.stringContaining("is to come"),
  });

  const other = note.replace("\n3\n", "\n4\n");
  expect(other).not.toBe(note);
  expect(cosignedBy(key, other, LATER)).toMatchObject({
    result: "wrong",
    why: expect.stringContaining("not one of this head"),
  });
  expect(cosignedBy({ ...key, name: "witness.example/other" }, note, LATER)).toEqual({ result: "missing" });

  const bytes = Buffer.from(found.line.split(" ")[2] ?? "", "base64");
  const withByte = (at: number) => {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    return note.replace(bytes.toString("base64"), changed.toString("base64"));
  };
  expect(cosignedBy(key, withByte(0), LATER)).toEqual({ result: "missing" });
  expect(cosignedBy(key, withByte(11), LATER)).toMatchObject({ result: "wrong" });
  expect(cosignedBy(key, withByte(70), LATER)).toMatchObject({ result: "wrong" });
  const short = note.replace(bytes.toString("base64"), bytes.subarray(0, 12).toString("base64"));
  expect(cosignedBy(key, short, LATER)).toEqual({ result: "wrong", why: "it is too short" });
});

test("our own witness for tests answers as the real one did", async () => {
  await using witness = await startWitness("witness.example/w1", () => [RECORDED.log]);
  for (const { what, request, status, type, text } of RECORDED.exchanges) {
    const answer = await fetch(`${witness.url}/add-checkpoint`, { method: "POST", body: request });
    // The text of the protocol has 404 for a log that is not known, and litewitness 403.
    expect(answer.status, what).toBe(what === "a log that it does not know" ? 404 : status);
    if (status !== 409) continue;
    expect(answer.headers.get("content-type")).toBe(type);
    expect(await answer.text()).toBe(text);
  }
});
