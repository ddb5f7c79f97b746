/** A key that was used once survives a power cut: without it, links that were mailed are bad, and revoked keys are good. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { whyNoPreload } from "../support/preload.ts";
import { randomFrom, seeds } from "../support/seeds.ts";
import { Disk } from "./disk.ts";
import { readRecording, recordedEnv } from "./recording.ts";
import { workFolder } from "./work-folder.ts";

const MAKER = fileURLToPath(new URL("key-maker.ts", import.meta.url));
const [seed = 0] = seeds(1);

test(`keys and API keys are on disk before anybody uses them (SEEDS=${seed})`, (ctx) => {
  const why = whyNoPreload();
  ctx.skip(why !== undefined, why);
  const random = randomFrom(seed);
  const work = workFolder();
  const folder = workFolder();
  const log = join(work, "log");
  const env = { ...process.env, ...recordedEnv(folder, log, work) };
  const lines = execFileSync(execPath, [MAKER, folder], { env, encoding: "utf8" }).trim().split("\n");
  const said = lines.map((line) => JSON.parse(line) as { file: string; text: string; at: string });
  const events = readRecording(log);
  expect(said).toHaveLength(5);
  for (let moment = 0; moment <= events.length; moment += 1) {
    const next = events[moment]?.began;
    const before = said.filter(({ at }) => next === undefined || BigInt(at) < next);
    for (let n = 0; n < 10; n += 1) {
      const disk = new Disk();
      for (const event of events.slice(0, moment)) disk.apply(event);
      const cut = join(work, "cut");
      rmSync(cut, { recursive: true, force: true });
      disk.cut(random, cut);
      for (const { file, text } of before) {
        const path = join(cut, file);
        const left = existsSync(path) ? readFileSync(path, "utf8") : "no file";
        expect(left, `seed ${seed}, ${file} after ${moment} of ${events.length} calls`).toContain(text);
      }
    }
  }
});
