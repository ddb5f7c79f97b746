import { describe, expect, test } from "vitest";
import { startOwned } from "../../../src/lib/owner.ts";

describe("startOwned()", () => {
  test("lets go in reverse order, one after the other, and only once", async () => {
    const done: string[] = [];
    const { value, release } = await startOwned(async (owner) => {
      owner.defer(() => done.push("engine"));
      owner.defer(async () => {
        await Promise.resolve();
        done.push("gateway");
      });
      return 7;
    });
    expect({ value, done }).toEqual({ value: 7, done: [] });
    await release();
    await release();
    expect(done).toEqual(["gateway", "engine"]);
  });

  test("lets go of what was opened when a later part cannot start, and throws why it could not", async () => {
    const done: string[] = [];
    const started = startOwned(async (owner) => {
      owner.defer(() => done.push("engine"));
      owner.defer(() => {
        throw new Error("cannot close");
      });
      throw new Error("the port is taken");
    });
    await expect(started).rejects.toThrow("the port is taken");
    expect(done).toEqual(["engine"]);
  });

  test("lets go of the rest when one cannot be let go of, and throws its error then", async () => {
    const done: string[] = [];
    const { release } = await startOwned(async (owner) => {
      owner.defer(() => done.push("engine"));
      owner.defer(() => {
        throw new Error("cannot close");
      });
    });
    await expect(release()).rejects.toThrow("cannot close");
    expect(done).toEqual(["engine"]);
  });
});
