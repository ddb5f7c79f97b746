/**
 * Mailgun signs a time and a token, which stand in the body beside the event and say nothing about it. A person who has seen
 * one delivery could send any event with its signature. So the scheme is for reports about mails alone: they count only with a
 * tag that we have signed ourselves. A token counts once.
 */
import { z } from "zod";
import { jsonIn, macProblem, refuse, type Scheme, timeProblem } from "../verify.ts";

const signed = z.object({
  signature: z.object({
    timestamp: z.union([z.string(), z.int()]).transform(String),
    token: z.string().regex(/^[A-Za-z0-9]{1,128}$/),
    signature: z.string(),
  }),
});

/** Its tries of eight hours may have the time of the first. */
const TRIES_MS = 12 * 3_600_000;

export function mailgun(keys: readonly Buffer[]): Scheme {
  const mac = { algorithm: "sha256", encoding: "hex", keys } as const;
  return {
    format: "json",
    verify: (_head, nowMs) => ({
      ok: true,
      check(body) {
        const read = signed.safeParse(jsonIn(body));
        if (!read.success)
          return refuse("missing", "The body must have signature.timestamp, token and signature");
        const { timestamp, token, signature } = read.data.signature;
        return (
          timeProblem(timestamp, nowMs, "seconds", TRIES_MS) ??
          macProblem(mac, [timestamp, token], [signature]) ?? { ok: true, replayKey: token }
        );
      },
    }),
  };
}
