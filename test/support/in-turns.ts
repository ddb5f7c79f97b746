/**
 * Does this for each, so many at once: for what need not come at one moment. A slow machine cannot answer hundreds at once within
 * the time that a gateway waits for its engine.
 */
export async function inTurns<T, R>(
  items: readonly T[],
  act: (item: T) => Promise<R>,
  atOnce = 10,
): Promise<R[]> {
  const done: R[] = [];
  let next = 0;
  const take = async () => {
    for (let at = next++; at < items.length; at = next++) done[at] = await act(items[at] as T);
  };
  await Promise.all(Array.from({ length: atOnce }, take));
  return done;
}
