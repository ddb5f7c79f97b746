/**
 * The fewest of the items, in their order, with which `fails` still holds: taking away any one of what is left would
 * mend it (delta debugging: ever smaller parts are left out). `fails` must hold of all of them.
 */
export function shrink<T>(items: readonly T[], fails: (items: readonly T[]) => boolean): readonly T[] {
  let left = items;
  for (let size = Math.ceil(left.length / 2); size >= 1; ) {
    const smaller = withoutOnePart(left, size, fails);
    if (smaller !== undefined) left = smaller;
    else if (size === 1) break;
    else size = Math.ceil(size / 2);
  }
  return left;
}

/** Leaves out every part of this size that can be missed; undefined if none can. */
function withoutOnePart<T>(
  items: readonly T[],
  size: number,
  fails: (items: readonly T[]) => boolean,
): readonly T[] | undefined {
  let left = items;
  // From the end on: what came late depends on what came early.
  for (let end = left.length; end > 0; end -= size) {
    const without = [...left.slice(0, Math.max(0, end - size)), ...left.slice(end)];
    if (fails(without)) left = without;
  }
  return left === items ? undefined : left;
}
