import { Resonate } from "@resonatehq/sdk";
import { Resonate as AsyncResonate } from "@resonatehq/sdk/async";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import type { Snapshot } from "../../src/engine/store/snapshot.ts";
import { ask, testEngine, testServer } from "../support/engine.ts";
import { request } from "../support/engine-requests.ts";
import { eventually } from "../support/eventually.ts";
import { inProcess, overHttp, SILENT } from "../support/sdk.ts";
import { functionsOf, SHAPES } from "./shapes.ts";

/**
 * The shapes that programs are made of, on both engines of the unmodified SDK. How many promises and tasks each leaves
 * is known beforehand: with one more something was called twice, with one less something was not durable.
 */

const SDKS = { generator: Resonate, async: AsyncResonate } as const;
type Sdk = keyof typeof SDKS;

/** Two workers on this engine of the SDK; answers whoever begins the program. */
type Open = (engine: Engine, sdk: Sdk) => Promise<Resonate>;

const WAYS: readonly (readonly [string, Open])[] = [
  [
    "in process",
    async (engine, sdk) => {
      for (const pid of ["w1", "w2"]) {
        const network = engine.network({ group: "worker", pid });
        work(new SDKS[sdk]({ network, pid: network.pid, logger: SILENT }), sdk);
        network.start();
      }
      const { resonate, network } = inProcess(engine, "client");
      network.start();
      return resonate;
    },
  ],
  [
    "over HTTP",
    async (engine, sdk) => {
      const { url } = await testServer(engine);
      for (const pid of ["w1", "w2"]) {
        work(new SDKS[sdk]({ url, token: "token", group: "worker", pid, logger: SILENT }), sdk);
      }
      return overHttp(url, "client", "c1");
    },
  ],
];

function work(worker: Resonate | AsyncResonate, sdk: Sdk): void {
  for (const [name, run] of functionsOf(sdk)) (worker as AsyncResonate).register(name, run);
  onTestFinished(() => worker.stop());
}

describe.each(WAYS)("%s", (_, open) => {
  describe.each(["generator", "async"] as const)("on the %s engine of the SDK", (sdk) => {
    test.each(SHAPES)("$name of size $size: $promises promises, $tasks tasks", async (shape) => {
      const engine = testEngine({ debug: true });
      const client = await open(engine, sdk);
      const handle = await client.beginRpc(
        "root",
        shape.name,
        shape.size,
        client.options({ target: "worker" }),
      );
      expect(await handle.result()).toBe(shape.result);
      const { promises, tasks, messages, ...rest } = await eventually("all of it has ended", async () => {
        const snapshot = (await ask(engine, request("debug.snap", {}))).data as unknown as Snapshot;
        return snapshot.promises.every(({ state }) => state !== "pending") && snapshot;
      });
      const { length } = promises;
      expect({ promises: length, tasks: tasks.length }).toEqual({
        promises: shape.promises,
        tasks: shape.tasks,
      });
      expect(promises.filter(({ state }) => state !== "resolved")).toEqual([]);
      expect(tasks.filter(({ state, resumes }) => state !== "fulfilled" || resumes > 0)).toEqual([]);
      // Nothing is waited for, nothing is to come, and no worker is to be sent for.
      expect(rest).toEqual({ promiseTimeouts: [], callbacks: [], listeners: [], taskTimeouts: [] });
      expect(messages.filter(({ message }) => message.kind === "execute")).toEqual([]);
    });
  });
});
