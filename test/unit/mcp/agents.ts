/** Keys of two programs and an agent's client of the protocol, for tests of `/mcp`. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createAuthenticate } from "../../../src/auth/authenticate.ts";
import { isKey, makeKey } from "../../../src/auth/key.ts";
import type { Scope } from "../../../src/auth/scopes.ts";

export function makeKeys() {
  const made: ReturnType<typeof makeKey>[] = [];
  const add = (of: {
    readonly client: string;
    readonly scopes: readonly Scope[];
    readonly owner?: string;
  }) => {
    const key = makeKey({ ...of, createdAt: "2026-11-21T10:00:00Z" });
    made.push(key);
    return key.text;
  };
  const find = (text: string) => made.find(({ stored }) => isKey(text, stored))?.stored;
  return {
    authenticate: createAuthenticate({ isOpen: () => false, find, live: () => undefined }),
    keyOf(client: string, ...scopes: Scope[]): string {
      return add({ client, scopes });
    },
    /** With a person who answers for it. */
    ownedKeyOf: (client: string, owner: string, scopes: readonly Scope[]) => add({ client, owner, scopes }),
  };
}

export const AGENT_SCOPES = ["approvals:create", "approvals:read", "approvals:cancel"] as const;

/** A client of the SDK for protocol 2026-07-28. */
export async function agent(
  url: string,
  key: string,
  capabilities: object = {},
): Promise<Client & AsyncDisposable> {
  const client = new Client(
    { name: "agent", version: "1.0.0" },
    { capabilities, versionNegotiation: { mode: "auto" } },
  );
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${key}` } },
  });
  await client.connect(transport);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

/** What a tool answered, for programs. */
export function dataOf(result: object): Record<string, unknown> {
  return ("structuredContent" in result ? result.structuredContent : {}) as Record<string, unknown>;
}
