/** Two workers share the work; when one dies, the other takes over what it held. */
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import type { EngineProxy } from "../support/engine-proxy.ts";
import { eventually } from "../support/eventually.ts";
import { inTurns } from "../support/in-turns.ts";
import { startLeases, TOLD_LEASE } from "../support/movable-engine.ts";
import { pressAtOnce } from "../support/press.ts";
import { startRelay } from "../support/relay.ts";
import { newId, openSite } from "../support/site.ts";

const ANA = "ana@example.com";
const WORKFLOWS = 200;
/** Of the worker that lives: longer than those that the test ends. */
const LONG_LEASE = { WORKER_LEASE_MS: "600000" };

test("two workers share 200 workflows, one is killed -9 in the middle: all end", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay, env: TOLD_LEASE });
  await using leases = await startLeases(site);
  const api = new Api((await site.start("gateway")).url);
  const [first, second] = await Promise.all([
    site.startProxied("worker"),
    site.startProxied("worker", LONG_LEASE),
  ]);
  const takenAt = new Map<string, number>();
  second.proxy.watcher = (moment, { kind, id }) => {
    if (moment !== "reply" || kind !== "task.acquire" || takenAt.has(id)) return;
    // On a busy machine both may try it, and one is refused.
    if (acquisitions(second.proxy, id).length > 0) takenAt.set(id, performance.now());
  };

  // No mail is answered until both are at work and the first is dead: what it holds then, it holds for good.
  const firstIsDead = Promise.withResolvers<void>();
  relay.script.data = async () => {
    await firstIsDead.promise;
    return "accept" as const;
  };
  const wanted = Array.from({ length: WORKFLOWS }, () => newId("po"));
  const ids = await inTurns(wanted, (id) => api.ask({ id, approvers: [ANA] }));
  await eventually("both workers are at work", () =>
    [first, second].every(({ proxy }) => acquired(proxy).size > 10),
  );
  await first.service.killHard();
  await first.proxy.drained();
  // Not what it had lost before, if leases end by themselves.
  const lost = acquired(second.proxy);
  const held = [...acquired(first.proxy)].filter((id) => !lost.has(id));
  // Each time that one was taken up, a mail may have been begun.
  const begun = (id: string) => [first, second].flatMap(({ proxy }) => acquisitions(proxy, id)).length;
  const begunBefore = new Map(ids.map((id) => [id, begun(id)]));
  const killedAt = performance.now();
  firstIsDead.resolve();
  leases.end();

  await inTurns(ids, async (id) => {
    const { links } = await relay.mailTo(ANA, id);
    expect(await pressAtOnce(links.approve)).toMatchObject({ decision: "approved", effective: true });
  });
  for (const id of ids) expect(await api.ended(id)).toMatchObject({ result: { outcome: "approved" } });
  const taken = held.map((id) => (takenAt.get(id) ?? Number.NaN) - killedAt).sort((a, b) => a - b);
  console.log(
    `${WORKFLOWS} workflows: the killed worker held ${held.length}, the other ran ${acquired(second.proxy).size}; ` +
      `taken over ${ms(taken[0])} to ${ms(taken.at(-1))} after the kill, which ended its leases; ` +
      `all ended ${ms(performance.now() - killedAt)} after it`,
  );
  expect(taken.every((time) => time >= 0)).toBe(true);
  for (const id of ids) {
    expect(new Set(relay.mailsOf(id).map(({ messageId }) => messageId)).size).toBe(1);
    // By the other worker, once more at most.
    expect(relay.mailsOf(id).length).toBeLessThanOrEqual(1 + (begunBefore.get(id) ?? 0));
  }
});

test("counter-test: what a dead worker held stays with it while there is no other", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay, env: { WORKER_LEASE_MS: "1000" } });
  const { gateway } = await site.startParts({ workers: 0 });
  const api = new Api(gateway.url);
  const { service, proxy } = await site.startProxied("worker");
  const held = relay.holdNext();
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  await held.mail;
  await service.killHard();
  held.release({ code: 451 });
  // Longer than the lease: whoever could take it over would have.
  expect(await api.wait(id, 2)).toMatchObject({ status: "pending" });
  expect(relay.mailsOf(id)).toHaveLength(0);
  expect(acquired(proxy)).toEqual(new Set([id]));
  await using _second = await site.start("worker");
  await relay.mailTo(ANA, id);
});

/** Workflows that a worker has taken up. Some servers also hand out the tasks of timers, below them. */
function acquired({ replies }: EngineProxy): Set<string> {
  const taken = replies.filter(
    ({ asked, status }) => asked.kind === "task.acquire" && status === 200 && !asked.id.includes(":"),
  );
  return new Set(taken.map(({ asked }) => asked.id));
}

function acquisitions({ replies }: EngineProxy, id: string): unknown[] {
  return replies.filter(
    ({ asked, status }) => asked.kind === "task.acquire" && status === 200 && asked.id === id,
  );
}

function ms(time: number | undefined): string {
  return `${Math.round(time ?? Number.NaN)} ms`;
}
