import { type Profiler, Session } from "node:inspector";

/**
 * How much JavaScript each of these calls runs, one after the other, in libraries too: characters of source times how
 * often each ran, as V8 counts for coverage. About the same on every machine and under every load. What runs inside V8
 * (regular expressions, methods of strings) is not in it; that regular expressions are linear is proven in
 * `test/unit/regular-expressions.test.ts`.
 */
export type WorkOf = (...calls: readonly (() => unknown)[]) => Promise<number[]>;

/** Begins to count. Only functions that have not run before are counted, so modules are to be imported after this. */
export function countWork(): WorkOf {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  return async (...calls) => {
    take(session);
    const works: number[] = [];
    // To take what was counted costs more than most calls, so what ends one count begins the next.
    for (const call of calls) {
      await call();
      works.push(take(session));
    }
    return works;
  };
}

/** Counts since the last time. */
function take(session: Session): number {
  let work: number | undefined;
  // In the same thread the answer comes before `post` returns.
  session.post("Profiler.takePreciseCoverage", (error, { result }) => {
    if (error !== null) throw error;
    work = sum(result.flatMap(({ functions }) => functions.map(workIn)));
  });
  if (work === undefined) throw new Error("No coverage was taken");
  return work;
}

/** Ranges lie within each other, the outer before the inner; each says how often what only it holds was run. */
function workIn({ ranges }: Profiler.FunctionCoverage): number {
  return sum(
    ranges.map(({ startOffset, endOffset, count }, i) => {
      let inner = 0;
      let from = startOffset;
      for (const next of ranges.slice(i + 1)) {
        if (next.startOffset >= endOffset) break;
        if (next.startOffset < from) continue;
        inner += next.endOffset - next.startOffset;
        from = next.endOffset;
      }
      return count * (endOffset - startOffset - inner);
    }),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
