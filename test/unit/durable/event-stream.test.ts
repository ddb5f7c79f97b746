import { expect, test } from "vitest";
import { eventData } from "../../../src/durable/event-stream.ts";

function read(...chunks: string[]): Promise<string[]> {
  return readBytes(chunks.map((chunk) => Buffer.from(chunk)));
}

async function readBytes(chunks: Uint8Array[]): Promise<string[]> {
  const body = (async function* () {
    yield* chunks;
  })();
  const events: string[] = [];
  for await (const data of eventData(body)) events.push(data);
  return events;
}

test("eventData() reads events however they are cut, whatever ends their lines", async () => {
  const text = ': hello\n\ndata: {"a":1}\r\n\r\nevent: x\rdata:b\rdata: c\r\rid: 1\ndata\n\ndata: ü';
  const whole = await read(text);
  expect(whole).toEqual(['{"a":1}', "b\nc", ""]);
  expect(await read(...text.split(""))).toEqual(whole);
});

test("eventData() decodes characters that lie across chunks", async () => {
  const bytes = Array.from(Buffer.from("data: €\n\n"), (byte) => Uint8Array.of(byte));
  expect(await readBytes(bytes)).toEqual(["€"]);
});

test("eventData() gives up on a line that never ends", async () => {
  const chunk = "x".repeat(1024 * 1024);
  await expect(read(...Array.from({ length: 20 }, () => chunk))).rejects.toThrow("too long");
});
