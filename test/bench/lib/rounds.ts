/**
 * Runs cases in turn, A B C, then C B A, and so on: whatever makes the machine slower for a while then hits all of them,
 * and a ratio of two cases compares runs that were neighbours. With `only`, just the case of that name is run.
 */
export async function inTurn<Name extends string, Result>(
  { rounds, only }: { readonly rounds: number; readonly only?: string | undefined },
  cases: Readonly<Record<Name, () => Promise<Result>>>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(cases) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Result[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      if (only === undefined || only === name) results[name].push(await cases[name]());
    }
  }
  return results;
}
