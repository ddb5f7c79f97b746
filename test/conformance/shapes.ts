import type { Context } from "@resonatehq/sdk";
import type { Context as AsyncContext } from "@resonatehq/sdk/async";

/** What a program of this shape leaves, as a function of its size. */
export interface Shape {
  readonly name: string;
  readonly size: number;
  readonly result: unknown;
  readonly promises: number;
  readonly tasks: number;
  /** For the engine of generators and for that of async functions. */
  readonly generator: (ctx: Context, n: number) => Generator<unknown, unknown, never>;
  readonly async: (ctx: AsyncContext, n: number) => Promise<unknown>;
}

const WORKER = { target: "worker" };
const N = 7;

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
/** Calls that the recursion makes, the first one included: an odd number, of which all but one come in pairs. */
function calls(n: number): number {
  return 2 * fib(n + 1) - 1;
}

async function leaf(_: unknown, n: number): Promise<number> {
  return n;
}

export const SHAPES: readonly Shape[] = [
  {
    name: "local recursion",
    size: N,
    result: fib(N),
    promises: calls(N),
    // All of it is one workflow.
    tasks: 1,
    *generator(ctx, n) {
      if (n < 2) return n;
      const a: number = yield* ctx.run<number>("local recursion", n - 1);
      const b: number = yield* ctx.run<number>("local recursion", n - 2);
      return a + b;
    },
    async async(ctx, n) {
      if (n < 2) return n;
      const a = await ctx.run<number>("local recursion", n - 1);
      return a + (await ctx.run<number>("local recursion", n - 2));
    },
  },
  {
    name: "local recursion, both branches at once",
    size: N,
    result: fib(N),
    promises: calls(N),
    tasks: 1,
    *generator(ctx, n) {
      if (n < 2) return n;
      const a = yield* ctx.beginRun<number>("local recursion, both branches at once", n - 1);
      const b = yield* ctx.beginRun<number>("local recursion, both branches at once", n - 2);
      return (yield* a) + (yield* b);
    },
    async async(ctx, n) {
      if (n < 2) return n;
      const a = ctx.run<number>("local recursion, both branches at once", n - 1);
      const b = ctx.run<number>("local recursion, both branches at once", n - 2);
      return (await a) + (await b);
    },
  },
  {
    name: "remote recursion",
    size: N,
    result: fib(N),
    promises: calls(N),
    // Each call is a workflow.
    tasks: calls(N),
    *generator(ctx, n) {
      if (n < 2) return n;
      const a = yield* ctx.beginRpc<number>("remote recursion", n - 1, ctx.options(WORKER));
      const b = yield* ctx.beginRpc<number>("remote recursion", n - 2, ctx.options(WORKER));
      return (yield* a) + (yield* b);
    },
    async async(ctx, n) {
      if (n < 2) return n;
      const a = ctx.rpc<number>("remote recursion", n - 1, ctx.options(WORKER));
      const b = ctx.rpc<number>("remote recursion", n - 2, ctx.options(WORKER));
      return (await a) + (await b);
    },
  },
  {
    name: "mixed recursion",
    size: N,
    result: fib(N),
    promises: calls(N),
    // One of each pair is a workflow, and so is the first.
    tasks: 1 + (calls(N) - 1) / 2,
    *generator(ctx, n) {
      if (n < 2) return n;
      const far = yield* ctx.beginRpc<number>("mixed recursion", n - 2, ctx.options(WORKER));
      const near = yield* ctx.beginRun<number>("mixed recursion", n - 1);
      return (yield* near) + (yield* far);
    },
    async async(ctx, n) {
      if (n < 2) return n;
      const far = ctx.rpc<number>("mixed recursion", n - 2, ctx.options(WORKER));
      const near = ctx.run<number>("mixed recursion", n - 1);
      return (await near) + (await far);
    },
  },
  {
    name: "chain of remote calls",
    size: 12,
    result: 12,
    promises: 13,
    tasks: 13,
    *generator(ctx, n) {
      if (n === 0) return 0;
      return 1 + (yield* ctx.rpc<number>("chain of remote calls", n - 1, ctx.options(WORKER)));
    },
    async async(ctx, n) {
      if (n === 0) return 0;
      return 1 + (await ctx.rpc<number>("chain of remote calls", n - 1, ctx.options(WORKER)));
    },
  },
  {
    name: "fan of leaves, remote leaves and naps",
    size: 9,
    result: 2 * 36,
    promises: 1 + 3 * 9,
    // Leaves of its own have none; a nap has one that nobody is given.
    tasks: 1 + 2 * 9,
    *generator(ctx, n) {
      if (n === 0) return 0;
      const numbers = Array.from({ length: n }, (_, k) => k);
      const near = [];
      for (const k of numbers) near.push(yield* ctx.beginRun(leaf, k));
      const far = [];
      for (const k of numbers) far.push(yield* ctx.beginRpc<number>("leaf", k, ctx.options(WORKER)));
      for (const k of numbers) yield* ctx.sleep(k % 3);
      let sum = 0;
      for (const each of [...near, ...far]) sum += yield* each;
      return sum;
    },
    async async(ctx, n) {
      const numbers = Array.from({ length: n }, (_, k) => k);
      const near = numbers.map((k) => ctx.run(leaf, k));
      const far = numbers.map((k) => ctx.rpc<number>("leaf", k, ctx.options(WORKER)));
      const naps = numbers.map((k) => ctx.sleep(k % 3));
      for (const nap of naps) await nap;
      let sum = 0;
      for (const each of [...near, ...far]) sum += await each;
      return sum;
    },
  },
  {
    name: "tail of detached calls",
    size: 12,
    result: 12,
    promises: 13,
    tasks: 13,
    *generator(ctx, n) {
      if (n > 0) yield* ctx.detached("tail of detached calls", n - 1, ctx.options(WORKER));
      return n;
    },
    async async(ctx, n) {
      if (n > 0) await ctx.detached("tail of detached calls", n - 1, ctx.options(WORKER));
      return n;
    },
  },
];

/** Functions by name, as either engine registers them. */
export function functionsOf(kind: "generator" | "async"): readonly (readonly [string, Shape["async"]])[] {
  const shapes = SHAPES.map((shape) => [shape.name, shape[kind] as unknown as Shape["async"]] as const);
  return [["leaf", leaf], ...shapes];
}
