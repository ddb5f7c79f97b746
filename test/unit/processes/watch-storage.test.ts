import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { watchStorage } from "../../../src/processes/watch-storage.ts";
import { temporaryFolder } from "../../support/engine.ts";
import { eventually } from "../../support/eventually.ts";

test("a data folder that takes nothing is told once when that begins, and once when it is over", async () => {
  const lines: { readonly level: number; readonly msg: string }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const folder = join(temporaryFolder(), "data");
  mkdirSync(folder);
  const watch = watchStorage(folder, log, 10);
  onTestFinished(() => watch.stop());
  rmSync(folder, { recursive: true });
  await eventually("it is missed", () => lines.length > 0);
  mkdirSync(folder);
  await eventually("it is found again", () => lines.length > 1);
  expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
    expect.stringContaining("50 The disk of DATA_DIR has less than 16 MiB left, or cannot be written"),
    "30 The disk of DATA_DIR has room again",
  ]);
});
