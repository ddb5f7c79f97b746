/** Requests of the protocol: a promise as a program creates one for somebody to settle. */
import { Codec } from "@resonatehq/sdk";

const codec = new Codec();
const param = codec.encode({
  question: "Order 40 laptops?",
  amount: "41 200 EUR",
  asked: ["ana@example.com"],
});
const value = codec.encode({ decision: "approve", by: "ana@example.com" });
const head = { corrId: "bench", version: "2026-04-01" };
const TIMEOUT_AT = Date.now() + 5 * 24 * 3_600_000;

export function createRequest(id: string): object {
  const lineage = { "resonate:origin": id, "resonate:branch": id, "resonate:parent": id };
  const tags = { ...lineage, "resonate:scope": "global", "resonate:external": "true" };
  return { kind: "promise.create", head, data: { id, timeoutAt: TIMEOUT_AT, param, tags } };
}

export function settleRequest(id: string): object {
  return { kind: "promise.settle", head, data: { id, state: "resolved", value } };
}

export function getRequest(id: string): object {
  return { kind: "promise.get", head, data: { id } };
}
