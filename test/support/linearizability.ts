/** One call of a client: when it was made, when it was answered, and what. Times of one clock. */
export interface Call<Op, Answer> {
  readonly op: Op;
  readonly answer: Answer;
  readonly calledAt: number;
  readonly answeredAt: number;
}

/** What a single, sequential server would do. States are compared as JSON. */
export interface Model<State, Op, Answer> {
  readonly first: State;
  step(state: State, op: Op): { readonly state: State; readonly answer: Answer };
}

/**
 * Whether calls that overlapped can be put into an order in which a sequential server would have given exactly these
 * answers, and in which no call comes before one that had been answered when it was made. Tries orders depth first and
 * remembers what led nowhere (Wing and Gong, with Lowe's memory); fine for some hundred calls of few clients.
 */
export function isLinearizable<State, Op, Answer>(
  model: Model<State, Op, Answer>,
  history: readonly Call<Op, Answer>[],
): boolean {
  const calls = history.toSorted((a, b) => a.calledAt - b.calledAt);
  const deadEnds = new Set<string>();

  /** `open`: the calls that have no place yet, by the order in which they were made. */
  const goOn = (open: readonly number[], state: State): boolean => {
    const waiting = open.map((at) => calls[at] as Call<Op, Answer>);
    const place = `${open.join()} ${JSON.stringify(state)}`;
    if (open.length === 0) return true;
    if (deadEnds.has(place)) return false;
    const firstAnswer = Math.min(...waiting.map(({ answeredAt }) => answeredAt));
    for (const [at, call] of waiting.entries()) {
      // Made after another was answered: it cannot come before that.
      if (call.calledAt > firstAnswer) break;
      const next = model.step(state, call.op);
      if (JSON.stringify(next.answer) !== JSON.stringify(call.answer)) continue;
      if (goOn(open.toSpliced(at, 1), next.state)) return true;
    }
    deadEnds.add(place);
    return false;
  };
  return goOn([...calls.keys()], model.first);
}
