/** Keeps the results of `make` for the last `max` new arguments. `make` must give the same result for the same argument. */
export function remembering<Argument, Result>(
  max: number,
  make: (argument: Argument) => Result,
): (argument: Argument) => Result {
  const made = new Map<Argument, Result>();
  return (argument) => {
    const known = made.get(argument);
    if (known !== undefined || made.has(argument)) return known as Result;
    const result = make(argument);
    made.set(argument, result);
    if (made.size > max) made.delete(made.keys().next().value as Argument);
    return result;
  };
}
