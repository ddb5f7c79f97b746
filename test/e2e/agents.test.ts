/** An agent asks, everything is killed while it waits, a person answers by the mail, and the agent gets the answer. No token reaches it. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, test } from "vitest";
import { call } from "../support/http.ts";
import type { AnyMail } from "../support/mails.ts";
import { press } from "../support/press.ts";
import { HAS_INDEX } from "../support/resonate-server.ts";
import { newId, openSite } from "../support/site.ts";

test("an agent whose calls end after 60 seconds gets its answer after everything was killed, and no byte of a token", async () => {
  await using site = await openSite();
  const answers: string[] = [];
  const connect = async () => {
    const client = new Client({ name: "agent", version: "1.0.0" });
    const transport = new StreamableHTTPClientTransport(new URL(`${site.publicUrl}/mcp`), {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        const text = await response.clone().text();
        answers.push(text);
        return response;
      },
    });
    await client.connect(transport);
    return client;
  };
  const state = async (client: Client, name: string, args: Record<string, unknown>) => {
    const { structuredContent } = await client.callTool({ name, arguments: args });
    return structuredContent as { readonly status: string };
  };

  const id = newId("agent");
  const first = await site.start("all");
  const before = await connect();
  const asked = { id, title: "Drop the old tables", approvers: ["ana@example.com"], undo: "PT1S" };
  expect(await state(before, "request_approval", asked)).toMatchObject({ status: "pending" });
  const mail = await site.mailTo("ana@example.com", "Drop the old tables");
  const waiting = state(before, "await_approval", { id });
  const lost = expect(waiting).rejects.toThrow();
  await first.killHard();
  await lost;

  await site.start("all");
  const pressed = await press(mail.links.approve);
  expect(pressed.decision).toBe("approved");
  const after = await connect();
  expect(await state(after, "await_approval", { id })).toMatchObject({
    status: "approved",
    answers: [{ by: "ana@example.com", effect: "approved" }],
  });
  await state(after, "get_approval", { id });
  await after.callTool({ name: "cancel_approval", arguments: { id } });
  await after.listTools();

  for (const path of [
    `/approvals/${id}`,
    `/approvals/${id}/history`,
    ...(HAS_INDEX ? ["/approvals"] : []),
    `/wait?id=${id}`,
    `/wait?id=${id}:1`,
    "/callback-deliveries",
  ]) {
    const answer = await call(`${site.publicUrl}${path}`);
    expect([answer.status, path]).toEqual([200, path]);
    answers.push(answer.text);
  }
  const tokens = [...tokensIn(await site.mailbox()), ...tokensOf(pressed.url)];
  expect(tokens.length).toBeGreaterThan(2);
  expect(piecesFound(tokens, answers)).toEqual([]);
  // What is looked for is found where it is.
  expect(piecesFound(tokens, [mail.text]).length).toBeGreaterThan(0);
});

function tokensIn(mails: readonly AnyMail[]): string[] {
  return mails.flatMap(({ text, html }) => tokensOf(`${text} ${html}`));
}

/** Of links to decide, to look, and to follow what was asked. */
function tokensOf(text: string): string[] {
  return [...text.matchAll(/\/[adr]\/([\w.-]{20,})/gu)].map(([, token = ""]) => token);
}

/** Pieces of what makes each token this one: its claims and its signature, in stretches that nothing has by chance. */
function piecesFound(tokens: readonly string[], texts: readonly string[]): string[] {
  const pieces = tokens.flatMap((token) => {
    const [, ...own] = token.split(".");
    return own.flatMap((part) => part.match(/.{12}/gu) ?? []);
  });
  return [...new Set(pieces)].filter((piece) => texts.some((text) => text.includes(piece)));
}
