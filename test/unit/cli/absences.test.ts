/** `countersign absences`, on a real engine. */
import { expect, test } from "vitest";
import { absenceEntryOf, entryId } from "../../../src/approval/absence-entry.ts";
import { absences } from "../../../src/cli/absences.ts";
import type { Cli } from "../../../src/cli/command.ts";
import { openRig, type Rig } from "../gateway/rig.ts";

async function run(rig: Rig, ...args: string[]): Promise<Record<string, unknown>> {
  let told: unknown;
  const cli = {
    durable: async () => rig.durable,
    clock: Date.now,
    record: () => undefined,
    print: (value: unknown) => void (told = value),
  } as Partial<Cli> as Cli;
  expect(await absences.run(args, cli)).toBe(0);
  return told as Record<string, unknown>;
}

test("what the command line does about absences is recorded as the operator's", async () => {
  await using rig = await openRig();
  const words = ["--person", "ana@example.com", "--to", "bo@example.com", "--until", "P2D"];
  const { id } = await run(rig, "add", ...words);
  await run(rig, "remove", String(id));
  const [month, n] = String(id).split("-");
  const entries = [String(id), `${month}-${Number(n) + 1}`].map(async (name) => {
    const record = await rig.durable.read(entryId(name));
    return record && absenceEntryOf(record);
  });
  expect(await Promise.all(entries)).toMatchObject([
    { entry: "added", act: { door: "api", caller: "operator" } },
    { entry: "removed", rule: id, act: { door: "api", caller: "operator" } },
  ]);
});
