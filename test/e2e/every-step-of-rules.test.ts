/**
 * As `every-step`, for the ways that an approval can take through its rules and its times: a worker dies at a request of
 * each, before the engine hears of it or when the engine has done it. An approval whose worker has died must end as one
 * does whose worker has not, and tell everybody the same.
 *
 * Each run tries a sample of all deaths (`SEEDS=7` for the same sample again), or with `EVERY_DEATH=all` each of them.
 */
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { type Death, deathsAt, PlannedDeaths, rootOf, workersThatDie } from "../support/deaths.ts";
import type { Asked } from "../support/engine-proxy.ts";
import { startMovableEngine } from "../support/movable-engine.ts";
import { startRelay } from "../support/relay.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { RULE_PATHS, type RulePath, TIME_MS } from "../support/rule-paths.ts";
import { mailsIn, Story, type Told, unequalCopies } from "../support/rule-story.ts";
import { type Random, randomFrom, seeds } from "../support/seeds.ts";
import { newId, openSite } from "../support/site.ts";

const IS_WHOLE = process.env["EVERY_DEATH"] === "all";
/** Each dead worker's lease is waited for; and one that a living worker loses on a busy machine, again and again, is given back ever later. */
const LEASE_MS = IS_WHOLE ? "4000" : "2000";
/** Of each path, where not all are tried; and of these, at what a path is about that comes due by time. */
const DEATHS_OF_PATH = 4;
const DEATHS_AT_TIMER = 2;
/** Workers at any time: with fewer, each death hits more of the others, and all wait longer. */
const WORKERS = 3;
/** Approvals under way at once: each death also hits the others wherever they happen to be. */
const AT_ONCE = 24;

interface PathDeath extends Death {
  readonly path: RulePath;
}

test("killed at requests of every path through the rules: each ends as if nobody had died", {
  timeout: IS_WHOLE ? 7_200_000 : 900_000,
}, async (ctx) => {
  needsEmbeddedEngine(ctx, "moves the engine's clock");
  const [seed = 1] = seeds(1);
  await using relay = await startRelay();
  await using site = await openSite({ relay, env: { WORKER_LEASE_MS: LEASE_MS } });
  await using engine = await startMovableEngine(site);
  const api = new Api((await site.start("gateway")).url);
  const stories = new Map<string, Story>();
  const storyOf = ({ id }: Asked) => stories.get(rootOf(id));
  const tell = (path: RulePath) => {
    const story = new Story(newId("rules"), path, { api, relay });
    stories.set(story.id, story);
    return story;
  };
  const play = async (cast: readonly Story[]): Promise<Map<Story, Told>> => {
    const ends = new Map<Story, Told>();
    const end = async (some: readonly Story[]) => {
      await Promise.all(some.map(async (story) => ends.set(story, await story.end())));
    };
    // A reply of before the clock was moved may have been the last that the gateway heard: it counts deadlines from there.
    await api.waitRaw("what time is it");
    await Promise.all(cast.map((story) => story.ask()));
    await Promise.all(cast.map((story) => story.begin()));
    const waiting = cast.filter(({ path }) => path.later !== undefined);
    await end(cast.filter((story) => !waiting.includes(story)));
    for (const story of waiting) story.timePasses();
    engine.pass(TIME_MS);
    await end(waiting);
    return ends;
  };

  const calm = new Map<RulePath, Told>();
  const steps = new Map<Story, Set<string>>();
  {
    const { service, proxy } = await site.startProxied("worker");
    proxy.watcher = (moment, asked) => {
      const story = storyOf(asked);
      story?.note(moment, asked);
      if (story !== undefined) steps.get(story)?.add(story.stepOf(asked));
    };
    // Two of each: a request that only one of them makes comes by chance.
    const cast = [...RULE_PATHS, ...RULE_PATHS].map(tell);
    for (const story of cast) steps.set(story, new Set());
    for (const [{ path }, told] of await play(cast)) {
      const { outcome, decisions, ballots, notices } = told;
      expect({ outcome, decisions, ballots, notices }, path.name).toEqual({
        outcome: path.outcome ?? "approved",
        decisions: path.decisions,
        ballots: path.ballots,
        notices: path.notices,
      });
      expect(told, path.name).toEqual(calm.get(path) ?? told);
      calm.set(path, told);
    }
    await service.killHard();
  }
  const possible = RULE_PATHS.map((path) => deathsOf(path, steps));
  /** What approvals of each path have asked since. */
  const again = new Map<RulePath, Set<string>>(RULE_PATHS.map((path) => [path, new Set()]));
  const deaths = new PlannedDeaths<PathDeath>((asked) => storyOf(asked)?.stepOf(asked) ?? "");
  await using _workers = await workersThatDie(site, WORKERS, (moment, asked, isAlive) => {
    // What a dead worker had sent still arrives.
    const story = storyOf(asked);
    story?.note(moment, asked);
    if (story !== undefined) again.get(story.path)?.add(story.stepOf(asked));
    return isAlive && deaths.isNow(moment, asked);
  });

  const isAsked = ({ path, step }: PathDeath) => again.get(path)?.has(step) === true;
  const random = randomFrom(seed);
  let open = IS_WHOLE ? possible.flat() : possible.flatMap((all) => sample(all, random));
  const planned = open.length;
  let copies = 0;
  let approvals = 0;
  // A death meant for one approval may take the occasion for another's away: that one is tried again.
  for (let round = 0; round < 4 && open.length > 0; round++) {
    const missed: PathDeath[] = [];
    for (let i = 0; i < open.length; i += AT_ONCE) {
      const cast = new Map<Story, PathDeath>();
      for (const death of open.slice(i, i + AT_ONCE)) {
        const story = tell(death.path);
        deaths.plan(story.id, death);
        cast.set(story, death);
      }
      for (const [story, told] of await play([...cast.keys()])) {
        const about = `seed ${seed}: ${nameOf(cast.get(story))}`;
        expect(told, about).toEqual(calm.get(story.path));
        expect(unequalCopies(story.mails()), about).toEqual([]);
        copies += story.mails().length - told.mails.length;
      }
      approvals += cast.size;
      missed.push(...deaths.takeBack());
    }
    open = missed;
  }
  // A calm run that loses its lease to a stall stores what it does in other requests, and both approvals of a path at once.
  const [came, byChance] = [open.filter(isAsked), open.filter((death) => !isAsked(death))];
  expect(came.map(nameOf), "deaths that were planned and never came").toEqual([]);
  expect(byChance.length, `requests by chance: ${byChance.map(nameOf).join("; ")}`).toBeLessThan(
    planned / 10,
  );
  console.log(
    `every step of rules: seed ${seed}, ${planned} of ${possible.flat().length} deaths, ${approvals} approvals, ${copies} mails sent again`,
  );
});

test("finds a death that never came, and mails that are sent again but are no copies", () => {
  const deaths = new PlannedDeaths<Death>(({ kind }) => kind);
  const [death] = deathsAt("task.acquire") as [Death];
  deaths.plan("po", death);
  expect(deaths.isNow("reply", asked("task.acquire", "po"))).toBe(false);
  expect(deaths.isNow("request", asked("task.suspend", "po"))).toBe(false);
  expect(deaths.isNow("request", asked("task.acquire", "other"))).toBe(false);
  expect(deaths.takeBack()).toEqual([death]);

  const mail = { messageId: "<1@x>", from: "f@x.org", to: "a@x.org", subject: "S", html: "h", text: "t" };
  expect(mailsIn([mail, mail])).toEqual(["a@x.org: S"]);
  expect(mailsIn([mail, { ...mail, messageId: "<2@x>" }])).toHaveLength(2);
  expect(unequalCopies([mail, mail])).toEqual([]);
  expect(unequalCopies([mail, { ...mail, text: "another link" }])).toHaveLength(1);
});

const asked = (kind: string, id: string): Asked => ({ kind, id, action: undefined, data: {} });

const nameOf = (death: PathDeath | undefined) => `${death?.path.name}, ${death?.moment} of ${death?.step}`;

/** The deaths at all requests that every calm approval of this path made. */
function deathsOf(path: RulePath, steps: ReadonlyMap<Story, ReadonlySet<string>>): PathDeath[] {
  const [first, ...others] = [...steps].flatMap(([story, own]) => (story.path === path ? [own] : []));
  const common = [...(first ?? [])].filter((step) => others.every((other) => other.has(step)));
  // A worker releases a task only when it has lost the lease, which a busy machine brings about.
  const certain = common.filter((step) => !step.includes("task.release"));
  // Fewer are no whole path: the shortest, which ends by its deadline, makes 23.
  expect(certain.length, path.name).toBeGreaterThan(20);
  const deaths = certain
    .sort()
    .flatMap(deathsAt)
    .map((death) => ({ ...death, path }));
  if (path.later !== undefined) expect(deaths.filter(isAtTimer).length, path.name).toBeGreaterThan(4);
  return deaths;
}

/** Some of a path's, those at its timer among them. */
function sample(deaths: readonly PathDeath[], random: Random): PathDeath[] {
  const atTimer = deaths.filter(isAtTimer);
  const others = deaths.filter((death) => !isAtTimer(death));
  const due = some(atTimer, DEATHS_AT_TIMER, random);
  return [...due, ...some(others, DEATHS_OF_PATH - due.length, random)];
}

/** Whether its request follows from the time that has passed, and from nothing that anybody has done since. */
function isAtTimer({ path, step }: PathDeath): boolean {
  return path.later !== undefined && step.startsWith(`${path.acts.length + 1} `);
}

/** So many of these, each once. */
function some<T>(items: readonly T[], count: number, random: Random): T[] {
  const left = [...items];
  return Array.from({ length: Math.min(count, left.length) }, () =>
    left.splice(random.below(left.length), 1),
  ).flat();
}
