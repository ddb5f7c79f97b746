import { Generations } from "./generations.ts";

/**
 * Keeps the results of `make` for at least the last `max` new arguments, and at most twice as many. `make` must give the
 * same result for the same argument.
 *
 * @param weigh what an argument counts for in `max`. Default: one
 */
export function remembering<Argument, Result>(
  max: number,
  make: (argument: Argument) => Result,
  weigh: (argument: Argument) => number = () => 1,
): (argument: Argument) => Result {
  // In a box: a result may be undefined.
  const made = new Generations<Argument, { readonly result: Result }>(max, (_, argument) => weigh(argument));
  return (argument) => {
    const known = made.get(argument);
    if (known !== undefined) return known.result;
    const result = make(argument);
    made.set(argument, { result });
    return result;
  };
}
