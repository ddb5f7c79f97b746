/** What the adapters have in common. Each is run in its real framework by `npm run test:frameworks`. */
import { expect, test } from "vitest";
import {
  forAiSdk,
  forAnthropic,
  forLangChain,
  forMastra,
  forOpenAiAgents,
  type Policy,
} from "../../../src/agents/index.ts";

interface Args {
  readonly amount: number;
}

/** A service that approves what it is asked, and remembers under which name. */
function approving(id?: (args: Args) => string): { readonly names: string[]; readonly policy: Policy<Args> } {
  const names: string[] = [];
  const client: Policy<Args>["client"] = {
    async start(request) {
      names.push(request.id ?? "");
      return { id: request.id ?? "", status: "pending", links: {} as never };
    },
    wait: async (name) =>
      ({
        id: name,
        status: "approved",
        ballots: [],
        outcome: { action: { arguments: { amount: 1 } } },
      }) as never,
    consume: async (approval) => ({ approval, use: 1, grant: "", digest: "", expiresAt: "" }),
  };
  const question = () => ({ title: "Pay", approvers: ["ana@example.com"] });
  return {
    names,
    policy: { client, action: { tool: "pay" }, question, ...(id === undefined ? {} : { id }) },
  };
}

const tool = ({ amount }: Args) => amount;

/** How each framework calls, with the id that it has for the call. */
const CALLS: Record<string, (policy: Policy<Args>, callId: string) => Promise<unknown>> = {
  forAiSdk: (policy, toolCallId) => forAiSdk(tool, policy)({ amount: 2 }, { toolCallId }),
  forLangChain: (policy, id) => forLangChain(tool, policy)({ amount: 2 }, { toolCall: { id } }),
  forOpenAiAgents: (policy, callId) =>
    forOpenAiAgents(tool, policy)({ amount: 2 }, {}, { toolCall: { callId } }),
  forMastra: (policy, toolCallId) => forMastra(tool, policy)({ amount: 2 }, { agent: { toolCallId } }),
  forAnthropic: (policy, id) => forAnthropic(tool, policy)({ amount: 2 }, { toolUse: { id } }),
};

test.each(Object.keys(CALLS))(
  "%s names the approval by the framework's call, or as the policy says",
  async (name) => {
    const call = CALLS[name] as (typeof CALLS)[string];
    const { names, policy } = approving();
    expect(await call(policy, "call_1")).toBe(1);
    await call(policy, "call/2?");
    await call(policy, "x".repeat(65));
    const own = approving(({ amount }) => `invoice-${amount}`);
    await call(own.policy, "call_1");
    expect([...names, ...own.names]).toEqual([
      "call_1",
      expect.stringMatching(/^call-[0-9a-f]{56}$/u),
      expect.stringMatching(/^call-[0-9a-f]{56}$/u),
      "invoice-2",
    ]);
    expect(names[1]).not.toBe(names[2]);
  },
);

test("a call that nobody names asks nobody", async () => {
  const { names, policy } = approving();
  await expect(forLangChain(tool, policy)({ amount: 2 })).rejects.toThrow("name it by the policy's id");
  await expect(forMastra(tool, policy)({ amount: 2 }, {})).rejects.toThrow(TypeError);
  expect(names).toEqual([]);
});
