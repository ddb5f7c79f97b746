/**
 * Runs cases in turn, A B C, then C B A, and so on: whatever makes the machine slower for a while then hits all of them,
 * and a ratio of two cases compares runs that were neighbours.
 */
export async function inTurn<Name extends string, Result>(
  rounds: number,
  cases: Readonly<Record<Name, () => Promise<Result>>>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(cases) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Result[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) results[name].push(await cases[name]());
  }
  return results;
}
