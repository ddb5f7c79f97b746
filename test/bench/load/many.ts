/** Approvals that are asked for at once, and decided later: what is killed in between is the bench's affair. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { approvalBody } from "./cycles.ts";
import { type Answer, HttpClient } from "./http-client.ts";
import type { SignalDesk } from "./signals.ts";

export interface AskMany {
  readonly origin: string;
  readonly count: number;
}

export interface Asked {
  readonly id: string;
  /** Path of the link that approves. */
  readonly link: string;
  /** From the first request to its mail, in milliseconds. */
  readonly mailedMs: number;
}

export interface Decisions {
  readonly origin: string;
  readonly asked: readonly Asked[];
}

/** What is lost for longer ends the bench. */
const LATE_MS = 120_000;
const AGAIN_MS = 5;

export async function askMany({ origin, count }: AskMany, desk: SignalDesk): Promise<Asked[]> {
  const began = performance.now();
  return Promise.all(
    Array.from({ length: count }, async () => {
      const id = randomUUID();
      const mail = desk.next("mail", id);
      await persistently(origin, (client) => client.post("/approvals", approvalBody(id, false)), isTaken);
      const link = await mail;
      return { id, link, mailedMs: performance.now() - began };
    }),
  );
}

/** Milliseconds until each outcome was known, from the first press on. */
export async function decideAll({ origin, asked }: Decisions): Promise<number[]> {
  const began = performance.now();
  return Promise.all(
    asked.map(async ({ id, link }) => {
      const form = "application/x-www-form-urlencoded";
      await persistently(
        origin,
        (client) => client.post(link, "confirm=yes&comment=", form),
        ({ status }) => status === 303,
      );
      await persistently(
        origin,
        (client) => client.get(`/wait?id=${id}`, "Prefer: wait=50\r\n"),
        ({ body }) => body.includes('"outcome":"approved"'),
      );
      return performance.now() - began;
    }),
  );
}

function isTaken({ status }: Answer): boolean {
  return status === 202 || status === 200;
}

/** As a caller does it who repeats what failed. */
async function persistently(
  origin: string,
  attempt: (client: HttpClient) => Promise<Answer>,
  isRight: (answer: Answer) => boolean,
): Promise<void> {
  const until = performance.now() + LATE_MS;
  for (;;) {
    const client = new HttpClient(origin);
    const answer = await attempt(client).catch((error: unknown) => error as Error);
    client.close();
    if (!(answer instanceof Error) && isRight(answer)) return;
    if (performance.now() > until) {
      throw new Error(
        `No right answer within two minutes, but ${answer instanceof Error ? answer.message : answer.body}`,
      );
    }
    await pause(AGAIN_MS);
  }
}
