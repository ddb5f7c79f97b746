import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Measures } from "../../../src/lib/measures.ts";
import { hearWorker, saidMeasures, type WorkerNews } from "../../../src/processes/worker-news.ts";

/** Measures of one thread that end up in those of another, and how many messages that took. */
function acrossThreads() {
  const heard: unknown[] = [];
  let messages = 0;
  const metrics: Measures = {
    count: (...what) => heard.push(["count", ...what]),
    observe: (...what) => heard.push(["observe", ...what]),
    set: (...what) => heard.push(["set", ...what]),
  };
  const say = (news: WorkerNews) => {
    messages += 1;
    hearWorker(structuredClone(news), { write: () => undefined, metrics });
  };
  const { measures } = saidMeasures({ metrics: true }, say);
  if (measures === undefined) throw new Error("Nothing is measured");
  return { measures, heard, messages: () => messages };
}

test("what is measured in one turn of the event loop goes over in one message, in order", async () => {
  const { measures, heard, messages } = acrossThreads();
  measures.count("countersign.worker.tasks", { event: "taken" });
  measures.count("countersign.mails", { result: "accepted" }, 2);
  measures.observe("countersign.approval.duration", 1.5, { outcome: "approved" });
  measures.set("countersign.engine.queue", 3);
  expect(messages()).toBe(0);
  await nextTurn();
  expect(heard).toEqual([
    ["count", "countersign.worker.tasks", { event: "taken" }, 1],
    ["count", "countersign.mails", { result: "accepted" }, 2],
    ["observe", "countersign.approval.duration", 1.5, { outcome: "approved" }],
    ["set", "countersign.engine.queue", 3],
  ]);
  expect(messages()).toBe(1);
});

test("what is measured later goes over with a later message, once", async () => {
  const { measures, heard, messages } = acrossThreads();
  measures.count("countersign.webhooks");
  await nextTurn();
  await nextTurn();
  measures.count("countersign.webhooks");
  await nextTurn();
  expect([heard.length, messages()]).toEqual([2, 2]);
});

test("where metrics are off nothing is measured", () => {
  expect(saidMeasures({ metrics: false }, () => undefined).measures).toBeUndefined();
});
