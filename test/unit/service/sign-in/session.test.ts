/** Sessions by their promises, on the real engine: what is written in which order, and what must not pass for one. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { KIND_TAG } from "../../../../src/approval/ids.ts";
import {
  SESSION_LIFE_MS,
  SIGN_IN_KIND,
  SIGNED_IN_KIND,
  signedInId,
  weekOf,
} from "../../../../src/approval/sign-in.ts";
import { createDurable } from "../../../../src/durable/resonate.ts";
import { openEngine } from "../../../../src/engine/engine.ts";
import { randomName } from "../../../../src/lib/random.ts";
import { beginSignIn, signInByCode, signInByLink } from "../../../../src/service/sign-in/attempt.ts";
import { personHash } from "../../../../src/service/sign-in/person.ts";
import { openSession, readSession, signOutEverywhere } from "../../../../src/service/sign-in/session.ts";
import { createSessions } from "../../../../src/service/sign-in/sessions.ts";

const ANA = "ana@example.com";
const clock = () => Date.now();

async function open() {
  const engine = openEngine({ file: ":memory:" });
  const network = engine.network({ group: "gateway" });
  const durable = createDurable(network);
  network.start();
  const options = { durable, clock, newNonce: randomName };
  return {
    durable,
    options,
    enter: async (email = ANA) => {
      const session = await openSession(options, { name: randomName(), email });
      if (session === undefined) throw new Error("Nobody is in");
      return session;
    },
    async [Symbol.asyncDispose]() {
      await durable.stop();
      await engine.close();
    },
  };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("signing out everywhere", () => {
  test("ends a session that is made meanwhile, whichever write comes first", async () => {
    await using at = await open();
    const { durable, options } = at;
    await at.enter();
    const made: Promise<unknown>[] = [];
    // Between any two writes somebody signs in.
    const interleaved = new Proxy(durable, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (...args: unknown[]) => {
          if (name === "settle" && made.length < 5) made.push(at.enter());
          await Promise.all(made);
          return (await Reflect.apply(method, target, args)) as unknown;
        };
      },
    });
    await signOutEverywhere({ ...options, durable: interleaved }, ANA);
    const sessions = (await Promise.all(made)) as Awaited<ReturnType<typeof at.enter>>[];
    expect(sessions.length).toBeGreaterThan(0);
    for (const session of sessions) expect(await readSession(durable, session)).toBeUndefined();
    expect(await readSession(durable, await at.enter())).toEqual({ email: ANA, signedInBy: "mail" });
  });

  test("ends one of a gateway whose clock is a moment ahead, in the week that begins", async () => {
    await using at = await open();
    const monday = (weekOf(Date.now()) + 1) * SESSION_LIFE_MS;
    vi.useFakeTimers({ toFake: ["Date"], now: monday + 1 });
    const session = await at.enter();
    vi.setSystemTime(monday - 1);
    await signOutEverywhere(at.options, ANA);
    expect(await readSession(at.durable, session)).toBeUndefined();
  });
});

describe("a session that is remembered", () => {
  test("is not remembered by a look that began before somebody signed out", async () => {
    await using at = await open();
    const session = await at.enter();
    let letPass = () => {};
    const held = new Promise<void>((resolve) => (letPass = resolve));
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    let isFirst = true;
    const slow = new Proxy(at.durable, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (...args: unknown[]) => {
          const answer: unknown = await Reflect.apply(method, target, args);
          if (name === "read" && String(args[0]).startsWith("signed-in.") && isFirst) {
            isFirst = false;
            begun();
            await held;
          }
          return answer;
        };
      },
    });
    const sessions = createSessions({ read: (name) => readSession(slow, name), clock });
    const before = sessions.whoseIs(session);
    await hasBegun;
    await signOutEverywhere(at.options, ANA);
    sessions.forget();
    letPass();
    await before;
    expect(await sessions.whoseIs(session)).toBeUndefined();
  });
});

describe("what passes for no session", () => {
  test("one that names a promise which ends nothing", async () => {
    await using at = await open();
    const { durable } = at;
    // A program may call its own promise so. It ends when the program likes, and not when the person signs out.
    const id = signedInId(personHash(ANA), weekOf(Date.now()), 0);
    const timeoutAt = Date.now() + SESSION_LIFE_MS;
    await durable.create({
      id,
      param: { kind: SIGNED_IN_KIND },
      timeoutAt,
      tags: { [KIND_TAG]: "approval" },
    });
    const session = await at.enter();
    expect(await readSession(durable, session)).toEqual({ email: ANA, signedInBy: "mail" });
    await durable.settle(id, "by the program");
    expect(await readSession(durable, session)).toEqual({ email: ANA, signedInBy: "mail" });
    await signOutEverywhere(at.options, ANA);
    expect(await readSession(durable, session)).toBeUndefined();
  });

  test("a promise of another kind under its id", async () => {
    await using at = await open();
    const real = await at.enter();
    const { param } = (await at.durable.read(`signin.${real.name}:session`)) ?? {};
    const name = randomName();
    await at.durable.create({
      id: `signin.${name}:session`,
      param,
      timeoutAt: Date.now() + SESSION_LIFE_MS,
      tags: { [KIND_TAG]: "approval" },
    });
    expect(await readSession(at.durable, { ...real, name })).toBeUndefined();
  });

  test("an attempt without a mail: neither its link nor its code signs in", async () => {
    await using at = await open();
    const attempt = await beginSignIn(at.options, { email: ANA });
    expect(await signInByLink(at.options, attempt)).toEqual({ kind: "expired" });
    expect(await signInByCode(at.options, attempt, () => true)).toEqual({ kind: "wrong", left: 4 });
    expect((await at.durable.read(`signin.${attempt.name}`))?.tags[KIND_TAG]).toBe(SIGN_IN_KIND);
  });
});
