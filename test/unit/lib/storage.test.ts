import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasRoom } from "../../../src/lib/storage.ts";
import { startTestGateway } from "../../support/gateway.ts";

test("hasRoom() is true of a folder on a disk with room, and false when the disk is nearly full or the folder is gone", async () => {
  const dir = mkdtempSync(join(tmpdir(), "countersign-storage-"));
  expect(await hasRoom(dir, 1)).toBe(true);
  expect(await hasRoom(dir, Number.MAX_SAFE_INTEGER)).toBe(false);
  rmSync(dir, { recursive: true });
  expect(await hasRoom(dir, 1)).toBe(false);
});

test("GET /readyz is 503 as long as the disk takes no more, and ready again by itself", async () => {
  let room = false;
  await using gateway = await startTestGateway({ canStore: async () => room });
  expect(await gateway.request("/readyz")).toMatchObject({
    status: 503,
    body: { status: "storage unavailable" },
  });
  expect((await gateway.request("/livez")).status).toBe(200);
  room = true;
  expect(await gateway.request("/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
});
