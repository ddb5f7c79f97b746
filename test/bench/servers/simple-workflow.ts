/** The workflow that both sides run: a promise for the decision, a note to whoever decides, a wait, a last step. */
import type { Context } from "@resonatehq/sdk";

export interface SimpleInput {
  readonly to: string;
  readonly title: string;
}

export interface SimpleResult {
  readonly decision: string;
  readonly title: string;
}

export interface SimpleMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** @param send hands the mail over; undefined: the step does nothing */
export function simpleWorkflow(send: ((mail: SimpleMail, id: string) => Promise<void>) | undefined) {
  const notify = async (ctx: Context, input: SimpleInput, promiseId: string): Promise<string> => {
    await send?.(simpleMail(input, promiseId), ctx.id);
    return promiseId;
  };
  return function* simple(ctx: Context, input: SimpleInput): Generator<unknown, SimpleResult> {
    const decision = yield* ctx.promise<{ decision: string }>({ tags: { "resonate:external": "true" } });
    yield* ctx.run(notify, input, decision.id);
    const answer = yield* decision;
    return yield* ctx.run(finish, input, answer.decision);
  };
}

function finish(_ctx: Context, { title }: SimpleInput, decision: string): SimpleResult {
  return { decision, title };
}

function simpleMail({ to, title }: SimpleInput, promiseId: string): SimpleMail {
  const link = `http://127.0.0.1/decide?id=${promiseId}`;
  return {
    to,
    subject: `Decision needed: ${title}`,
    text: `Kim asks for your decision.\n\n${title}\n\nApprove: ${link}&decision=approve\nReject: ${link}&decision=reject\n`,
    html: `<p>Kim asks for your decision.</p><h1>${title}</h1><p><a href="${link}&amp;decision=approve">Approve</a> <a href="${link}&amp;decision=reject">Reject</a></p>`,
  };
}
