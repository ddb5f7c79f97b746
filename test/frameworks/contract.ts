/** Each adapter in its real framework: a model calls the tool, people answer, and what then runs is what was approved. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { tool as langChainTool } from "@langchain/core/tools";
import { createTool } from "@mastra/core/tools";
import { tool as openAiTool, RunContext } from "@openai/agents";
import { tool as aiTool, generateText, stepCountIs } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { z } from "zod";
import {
  forAiSdk,
  forAnthropic,
  forLangChain,
  forMastra,
  forOpenAiAgents,
  type Policy,
} from "../../src/agents/index.ts";

interface Transfer {
  amount: number;
}

const schema = z.object({ amount: z.number() });
const NAME = "transfer";
const about = { description: "Transfers money" };
const CALL_ID = "call_1";

/** A service in which people approve 10 of whatever is asked, or say no. */
function service({ says }: { readonly says: "approved" | "rejected" }) {
  const asked: string[] = [];
  const ran: unknown[] = [];
  const policy: Policy<Transfer> = {
    action: { tool: NAME },
    question: ({ amount }) => ({ title: `Pay ${amount}`, approvers: ["ana@example.com"] }),
    client: {
      async start({ id = "" }) {
        asked.push(id);
        return { id, status: "pending", links: {} as never };
      },
      async wait(id) {
        const outcome = { reason: "Too much", action: { digest: "", arguments: { amount: 10 } } };
        return { id, status: says, ballots: [], outcome } as never;
      },
      async consume(id) {
        return { approval: id, use: 1, grant: "jws", digest: "", expiresAt: "" };
      },
    },
  };
  const run = (args: Transfer) => {
    ran.push(args);
    return `paid ${args.amount}`;
  };
  return { asked, ran, policy, run };
}

/** How a framework calls the tool; what the model gets of it. */
type Framework = (world: ReturnType<typeof service>) => Promise<string>;

const FRAMEWORKS: Record<string, Framework> = {
  "Vercel AI SDK": async ({ run, policy }) => {
    const usage = {
      inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 1, text: 1, reasoning: 0 },
    };
    let turn = 0;
    const model = new MockLanguageModelV4({
      doGenerate: async () => {
        turn += 1;
        return turn === 1
          ? {
              content: [{ type: "tool-call", toolCallId: CALL_ID, toolName: NAME, input: '{"amount":40}' }],
              finishReason: { unified: "tool-calls", raw: undefined },
              usage,
              warnings: [],
            }
          : {
              content: [{ type: "text", text: "Done" }],
              finishReason: { unified: "stop", raw: undefined },
              usage,
              warnings: [],
            };
      },
    });
    const execute = forAiSdk(run, policy);
    const tools = { [NAME]: aiTool({ ...about, inputSchema: schema, execute }) };
    await generateText({ model, tools, prompt: "Pay", stopWhen: stepCountIs(2) });
    return JSON.stringify(model.doGenerateCalls[1]?.prompt);
  },
  LangChain: async ({ run, policy }) => {
    const made = langChainTool(forLangChain(run, policy), { name: NAME, ...about, schema });
    const call = { type: "tool_call", id: CALL_ID, name: NAME, args: { amount: 40 } } as const;
    return await made.invoke(call).then(
      ({ content }) => String(content),
      (error: unknown) => String(error),
    );
  },
  "OpenAI Agents": async ({ run, policy }) => {
    const made = openAiTool({
      name: NAME,
      ...about,
      parameters: schema,
      execute: forOpenAiAgents(run, policy),
    });
    const toolCall = { type: "function_call", name: NAME, callId: CALL_ID, arguments: "" } as const;
    return String(
      await made.invoke(new RunContext(), '{"amount":40}', {
        toolCall: { ...toolCall, status: "completed" },
      }),
    );
  },
  Mastra: async ({ run, policy }) => {
    const made = createTool({ id: NAME, ...about, inputSchema: schema, execute: forMastra(run, policy) });
    const agent = { agentId: "a", toolCallId: CALL_ID, messages: [], suspend: async () => {} };
    const executed = made.execute?.({ amount: 40 }, { agent } as never);
    return String(await executed?.catch(String));
  },
  "Anthropic SDK": async ({ run, policy }) => {
    const sent: string[] = [];
    const message = (content: object[], stop_reason: string) =>
      Response.json({
        id: "msg",
        type: "message",
        role: "assistant",
        model: "m",
        content,
        stop_reason,
        stop_sequence: null,
        usage: { input_tokens: 1, output_tokens: 1 },
      });
    const client = new Anthropic({
      apiKey: "none",
      fetch: async (_url, init) => {
        sent.push(String(init?.body));
        return sent.length === 1
          ? message([{ type: "tool_use", id: CALL_ID, name: NAME, input: { amount: 40 } }], "tool_use")
          : message([{ type: "text", text: "Done" }], "end_turn");
      },
    });
    const made = betaZodTool({ name: NAME, ...about, inputSchema: schema, run: forAnthropic(run, policy) });
    await client.beta.messages.toolRunner({
      model: "m",
      max_tokens: 10,
      tools: [made],
      messages: [{ role: "user", content: "Pay" }],
    });
    return sent[1] ?? "";
  },
};

for (const [name, call] of Object.entries(FRAMEWORKS)) {
  describe(name, () => {
    test("runs the tool with what was approved, under its own id of the call", async () => {
      const world = service({ says: "approved" });
      assert.match(await call(world), /paid 10/);
      assert.deepEqual(world.asked, [CALL_ID]);
      assert.deepEqual(world.ran, [{ amount: 10 }]);
    });

    test("does not run what was rejected, and tells the model why", async () => {
      const world = service({ says: "rejected" });
      assert.match(await call(world), /Too much/);
      assert.deepEqual(world.ran, []);
    });
  });
}
