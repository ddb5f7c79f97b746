/**
 * What agent frameworks call in place of a tool. Each is a line around {@link requireApproval}: it takes the framework's own id of
 * the call and its signal to stop. None of the frameworks is needed to use the others, so their types are written here as far as they
 * are used; `test/frameworks` runs each against the real package.
 */
import { NotApproved } from "./errors.ts";
import { type Arguments, type Policy, requireApproval, type Tool } from "./require-approval.ts";

/** For `execute` of the Vercel AI SDK's `tool({ … })`. */
export function forAiSdk<Args extends Arguments, Result>(tool: Tool<Args, Result>, policy: Policy<Args>) {
  const run = named(tool, policy);
  return (
    args: Args,
    { toolCallId, abortSignal }: { toolCallId: string; abortSignal?: AbortSignal | undefined },
  ) => run(args, toolCallId, abortSignal);
}

/** For the function of LangChain's `tool(func, { … })`. */
export function forLangChain<Args extends Arguments, Result>(tool: Tool<Args, Result>, policy: Policy<Args>) {
  const run = named(tool, policy);
  return (
    args: Args,
    config?: { toolCall?: { id?: string | undefined } | undefined; signal?: AbortSignal | undefined },
  ) => run(args, config?.toolCall?.id, config?.signal);
}

/**
 * For `execute` of `tool({ … })` of the OpenAI Agents SDK. It tells models of any error to try again, and no more. So why the tool
 * was not run is a result here.
 */
export function forOpenAiAgents<Args extends Arguments, Result>(
  tool: Tool<Args, Result>,
  policy: Policy<Args>,
) {
  const run = named(tool, policy);
  return async (
    args: Args,
    _context?: unknown,
    details?: {
      toolCall?: { callId?: string | undefined } | undefined;
      signal?: AbortSignal | undefined;
    },
  ): Promise<Result | string> => {
    try {
      return await run(args, details?.toolCall?.callId, details?.signal);
    } catch (error) {
      if (error instanceof NotApproved) return `${error.name}: ${error.message}`;
      throw error;
    }
  };
}

/** For `execute` of Mastra's `createTool({ … })`. */
export function forMastra<Args extends Arguments, Result>(tool: Tool<Args, Result>, policy: Policy<Args>) {
  const run = named(tool, policy);
  return (
    args: Args,
    context?: {
      agent?: { toolCallId?: string | undefined } | undefined;
      abortSignal?: AbortSignal | undefined;
    },
  ) => run(args, context?.agent?.toolCallId, context?.abortSignal);
}

/** For `run` of `betaZodTool({ … })` of the Anthropic SDK's tool runner. */
export function forAnthropic<Args extends Arguments, Result>(tool: Tool<Args, Result>, policy: Policy<Args>) {
  const run = named(tool, policy);
  return (
    args: Args,
    context?: { toolUse?: { id: string } | undefined; signal?: AbortSignal | null | undefined },
  ) => run(args, context?.toolUse?.id, context?.signal ?? undefined);
}

function named<Args extends Arguments, Result>(tool: Tool<Args, Result>, policy: Policy<Args>) {
  const run = requireApproval(tool, policy);
  return async (args: Args, callId: string | undefined, signal: AbortSignal | undefined): Promise<Result> => {
    const id = policy.id?.(args) ?? callId;
    if (id === undefined)
      throw new TypeError("The framework gave the call no id: name it by the policy's id");
    return await run(args, { id: await idFrom(id), signal });
  };
}

/** As a name of an approval: itself if it can be one, else a hash of it. */
async function idFrom(text: string): Promise<string> {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `call-${Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .slice(0, 56)}`;
}
