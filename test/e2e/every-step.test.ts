/**
 * A worker dies at every single request that an approval makes: before the engine hears of it, and when the engine has
 * done it but the worker does not know. One approval for each of these moments, all under way at once, so that each
 * death also hits the others wherever they happen to be.
 */
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { type Death, deathsAt, PlannedDeaths, rootOf, workersThatDie } from "../support/deaths.ts";
import type { Asked, Moment } from "../support/engine-proxy.ts";
import { eventually } from "../support/eventually.ts";
import { look, press } from "../support/press.ts";
import { startRelay } from "../support/relay.ts";
import { newId, openSite } from "../support/site.ts";

const ANA = "ana@example.com";
const BO = "bo@example.com";
/** Workers at any time; more would only make the machine slower. */
const WORKERS = 3;
/** Each of the deaths takes a second of lease away from those that it hits. */
const PATIENCE = { withinMs: 300_000 };

test("killed at every request of an approval: each ends right, and what is mailed again is a copy", {
  timeout: 600_000,
}, async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay, env: { WORKER_LEASE_MS: "1000" } });
  const { gateway } = await site.startParts({ workers: 0 });
  const api = new Api(gateway.url);
  /** Workflows that tell of an approval's end, by approval. */
  const notices = new Map<string, Set<string>>();
  const suspended = new Set<string>();
  const decided = new Set<string>();
  const ask = (id: string) => api.ask({ id, approvers: [ANA, BO], require: "any" });
  const decide = async (id: string) => {
    const ana = await relay.mailTo(ANA, id, PATIENCE);
    const bo = await relay.mailTo(BO, id, PATIENCE);
    // Not before everything that comes before a decision has been gone through.
    await eventually(`${id} waits for a decision`, () => suspended.has(id), PATIENCE);
    decided.add(id);
    expect(await press(ana.links.approve)).toMatchObject({ decision: "approved", effective: true });
    expect(await api.ended(id, PATIENCE)).toMatchObject({
      status: "resolved",
      result: { outcome: "approved", decisions: [{ email: ANA, choice: "approve" }] },
    });
    expect(await look(bo.links.reject)).toMatchObject({ decision: "approved" });
    // Both are told of the end, by workflows of their own, which may end after it.
    const told = await eventually(
      `${id} has begun two mails that tell of its end`,
      () => notices.get(id)?.size === 2 && [...(notices.get(id) ?? [])],
      PATIENCE,
    );
    await Promise.all(told.map((notice) => api.ended(notice, PATIENCE)));
  };
  // The same request may come again in a replay; the first time in each half of an approval's life is a step.
  const stepOf = ({ kind, action = "", id }: Asked) =>
    `${decided.has(rootOf(id)) ? "decided" : "asked"} ${kind} ${action} ${placeOf(id)}`;

  const note = (moment: Moment, { kind, id }: Asked) => {
    if (moment === "reply" && kind === "task.suspend") suspended.add(id);
    if (moment === "reply" && kind === "promise.create" && NOTICE.test(id))
      notices.set(rootOf(id), (notices.get(rootOf(id)) ?? new Set()).add(id));
  };

  const calm = newId("calm");
  const { service, proxy } = await site.startProxied("worker");
  const steps = new Set<string>();
  proxy.watcher = (moment, asked) => {
    if (rootOf(asked.id) === calm) steps.add(stepOf(asked));
    note(moment, asked);
  };
  await ask(calm);
  await decide(calm);
  await service.killHard();
  // All that a worker asks for two approvers: `test/unit/worker/requests` counts them.
  expect(steps.size).toBeGreaterThan(10);

  const deaths = new PlannedDeaths<Death>(stepOf);
  const isDeath = (moment: Moment, asked: Asked, isAlive: boolean) => {
    // What a dead worker had sent still arrives.
    note(moment, asked);
    return isAlive && deaths.isNow(moment, asked);
  };
  await using _workers = await workersThatDie(site, WORKERS, isDeath);
  const ids: string[] = [];
  // These come by chance: one only when something settles at the same time, the other only when a lease has been lost.
  const certain = [...steps].filter(
    (step) => !step.startsWith("decided task.suspend") && !step.includes("task.release"),
  );
  let open = certain.flatMap(deathsAt);
  // A death meant for one approval may take the occasion for another's away: that one is tried again.
  for (let round = 0; round < 4 && open.length > 0; round++) {
    const asked = open.map((death) => {
      const id = newId("step");
      deaths.plan(id, death);
      return id;
    });
    ids.push(...asked);
    await Promise.all(asked.map(ask));
    await Promise.all(asked.map(decide));
    open = deaths.takeBack();
  }
  expect(open).toEqual([]);

  let copies = 0;
  for (const id of ids) {
    for (const to of [ANA, BO]) {
      const mails = relay.mailsOf(id).filter((mail) => mail.to === to);
      expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1);
      expect(new Set(mails.map(({ text, html }) => text + html)).size).toBe(1);
      copies += mails.length - 1;
    }
  }
  console.log(
    `every step: ${steps.size} requests, ${deaths.came} deaths, ${ids.length} approvals, ${copies} mails sent again`,
  );
});

/** A notice's id ends in a hash that is another one for each approval. */
const NOTICE = /:notice~\w+/u;

/** Where in its approval this promise is. */
function placeOf(id: string): string {
  return id.slice(rootOf(id).length).replace(NOTICE, ":notice");
}
