import { describe, expect, it } from "vitest";
import { checkpointText, originOf, readCheckpoint } from "../../../src/evidence/checkpoint.ts";
import { openNote, readVerifierKey, signNote, verifierKey } from "../../../src/evidence/note.ts";

/** The example of c2sp.org/signed-note. */
const EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;

const SEED = Buffer.alloc(32, 1);
const NAME = "example.com/log";
const TEXT = "example.com/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

const keyOf = (text: string) => {
  const key = readVerifierKey(text);
  if (key === undefined) throw new Error(`${text} is no key`);
  return key;
};

describe("a signed note", () => {
  it("is read as the specification has it", () => {
    expect(openNote(EXAMPLE, [keyOf(EXAMPLE_KEY)])).toEqual({
      text: "This is an example message.\n",
      signatures: 1,
    });
  });

  it("has no line that another reader would refuse", () => {
    const key = keyOf(EXAMPLE_KEY);
    expect(openNote(EXAMPLE.replace("yaQM=", "yaQM"), [key])).toBeUndefined();
    expect(openNote(EXAMPLE.replace("yaQM=", "yaQM=="), [key])).toBeUndefined();
    expect(openNote(EXAMPLE.replace("yaQM=", "yaQN="), [key])).toBeUndefined();
  });

  it("is verified by the key's text, and signed by each key", () => {
    const seeds = [SEED, Buffer.alloc(32, 2)];
    const note = signNote(TEXT, NAME, seeds);
    const keys = seeds.map((seed) => keyOf(verifierKey(NAME, seed)));
    expect(openNote(note, keys)).toEqual({ text: TEXT, signatures: 2 });
    expect(openNote(note, keys.slice(1))).toEqual({ text: TEXT, signatures: 1 });
    expect(openNote(note, [keyOf(EXAMPLE_KEY)])).toEqual({ text: TEXT, signatures: 0 });
  });

  it.each([
    ["another text", (note: string) => note.replace("\n7\n", "\n8\n")],
    ["another signature", (note: string) => note.replace(/.{8}=\n$/u, "AAAAAAA=\n")],
    ["a shorter signature", (note: string) => note.replace(/\S{8}=+\n$/u, "=\n")],
    ["no empty line", (note: string) => note.replace("\n\n", "\n")],
    ["no end", (note: string) => note.trimEnd()],
    ["something after it", (note: string) => `${note}x\n`],
    ["too many signatures", (note: string) => note + (note.split("\n").at(-2) ?? "").concat("\n").repeat(64)],
  ])("is refused with %s", (_, change) => {
    const note = change(signNote(TEXT, NAME, [SEED]));
    expect(openNote(note, [keyOf(verifierKey(NAME, SEED))])).toBeUndefined();
  });

  it.each([
    "",
    "example.com/foo",
    "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
  ])("has no key %j", (text) => {
    expect(readVerifierKey(text)).toBeUndefined();
  });
});

describe("a checkpoint", () => {
  const checkpoint = { origin: NAME, size: 7, root: Buffer.alloc(32, 3) };

  it("comes back as it was written", () => {
    expect(readCheckpoint(checkpointText(checkpoint))).toEqual(checkpoint);
    expect(readCheckpoint(signNote(checkpointText(checkpoint), NAME, [SEED]))).toEqual(checkpoint);
  });

  it.each([
    "",
    "a\n",
    "a\n07\nAA==\n",
    "a\n-1\nAA==\n",
    "a\n7\nAA==\n",
    "\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
  ])("is not %j", (text) => {
    expect(readCheckpoint(text)).toBeUndefined();
  });

  it("has the service's host in its origin", () => {
    expect(originOf("https://approvals.example.com")).toBe("approvals.example.com/log");
    expect(originOf("http://127.0.0.1:5001")).toBe("127.0.0.1:5001/log");
  });
});
