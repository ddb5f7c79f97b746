/** What one simulated user does from beginning to end. Every answer is checked: a wrong one ends the bench. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { createRequest, getRequest, settleRequest } from "./engine-requests.ts";
import type { Answer, HttpClient } from "./http-client.ts";
import type { SignalDesk } from "./signals.ts";

export interface User {
  /** For what is asked and answered at once. */
  readonly client: HttpClient;
  /** For what is held open until there is a result. */
  readonly held: HttpClient;
  readonly desk: SignalDesk;
}

export type CycleName = keyof typeof CYCLES;

/** Milliseconds of the part that its users wait for. */
type Cycle = (user: User, options: CycleOptions) => Promise<number>;

export interface CycleOptions {
  /** Path of what is only read. */
  readonly path?: string | undefined;
  /** The engine's token. */
  readonly token?: string | undefined;
  /** A promise that the engine has. */
  readonly promiseId?: string | undefined;
  /** Mails come by SMTP, to the sink. */
  readonly isMailed?: boolean | undefined;
  /** For a service that tells nobody when a workflow rests: people press so many milliseconds after their mail. */
  readonly pressAfterMs?: number | undefined;
}

/** Longer than anything here takes, so that no wait has to be repeated. */
const HOLD = "Prefer: wait=60\r\n";

export const CYCLES = {
  read,
  engineRead,
  engineWrite,
  begin,
  simple,
  approval: (user, options) => approval(user, options, true),
  approvalOfNobody: (user, options) => approval(user, options, false),
  asked,
  started,
} as const satisfies Record<string, Cycle>;

async function read({ client }: User, { path = "/" }: CycleOptions): Promise<number> {
  const startedAt = performance.now();
  expect(await client.get(path), 200);
  return performance.now() - startedAt;
}

/** One request of the engine's. */
async function engineRead({ client }: User, { token, promiseId = "" }: CycleOptions): Promise<number> {
  const startedAt = performance.now();
  expect(await client.post("/", withToken(getRequest(promiseId), token)), 200);
  return performance.now() - startedAt;
}

/** Two requests of the engine's. */
async function engineWrite({ client }: User, { token }: CycleOptions): Promise<number> {
  const id = randomUUID();
  const startedAt = performance.now();
  expect(await client.post("/", withToken(createRequest(id), token)), 200);
  expect(await client.post("/", withToken(settleRequest(id), token)), 200);
  return performance.now() - startedAt;
}

function withToken(request: object, token: string | undefined): string {
  return JSON.stringify({ ...request, head: { corrId: "bench", version: "2026-04-01", auth: token } });
}

/** A workflow of one step, from the request for it until its result is here. */
async function begin({ client, held }: User): Promise<number> {
  const id = randomUUID();
  const startedAt = performance.now();
  expect(await client.post(`/begin?id=${id}&func=foo`, '{"order":4711}'), 200);
  expectResolved(await held.get(`/wait?id=${id}`, HOLD));
  return performance.now() - startedAt;
}

/** The simple approval: begun, waited for, at rest, decided; the time is from the decision to the result. */
async function simple({ client, held, desk }: User, { isMailed }: CycleOptions): Promise<number> {
  const id = randomUUID();
  const input = JSON.stringify({ to: `${id}@example.com`, title: "Order 40 laptops" });
  expect(await client.post(`/begin?id=${id}&func=simple`, input), 200);
  const result = held.get(`/wait?id=${id}`, HOLD);
  await desk.next("rest", id);
  if (isMailed) await desk.next("mail", id);
  const decidedAt = performance.now();
  expect(await client.post(`/decide?id=${id}:0`, '{"decision":"approve"}'), 200);
  expectResolved(await result, '"decision":"approve"');
  return performance.now() - decidedAt;
}

/**
 * The product's approval: asked for, mailed, at rest, pressed; the time is from the press to the outcome.
 *
 * @param hasRequester whether there is somebody who is told of the outcome by a mail
 */
async function approval(
  { client, held, desk }: User,
  { isMailed, pressAfterMs }: CycleOptions,
  hasRequester: boolean,
): Promise<number> {
  const id = randomUUID();
  expect(await client.post("/approvals", approvalBody(id, hasRequester)), 202);
  const result = held.get(`/wait?id=${id}`, HOLD);
  const atRest = pressAfterMs === undefined ? await desk.next("rest", id) : "";
  const link = isMailed ? await desk.next("mail", id) : atRest;
  if (pressAfterMs) await pause(pressAfterMs);
  const pressedAt = performance.now();
  expect(await client.post(link, "confirm=yes&comment=", "application/x-www-form-urlencoded"), 303);
  expectResolved(await result, '"outcome":"approved"');
  return performance.now() - pressedAt;
}

/** An approval that nobody answers, until its mail is there. */
async function asked({ client, desk }: User): Promise<number> {
  const id = randomUUID();
  const startedAt = performance.now();
  expect(await client.post("/approvals", approvalBody(id)), 202);
  await desk.next("mail", id);
  return performance.now() - startedAt;
}

/** An approval that nobody waits for. */
async function started({ client }: User): Promise<number> {
  const startedAt = performance.now();
  expect(await client.post("/approvals", approvalBody(randomUUID())), 202);
  return performance.now() - startedAt;
}

/** An approval as ordinary as the README's. The approver's address tells the mail sink which it is. */
export function approvalBody(id: string, hasRequester = true): string {
  return JSON.stringify({
    id,
    title: "Order 40 laptops",
    summary: "The **spring batch** for the new office, by the frame contract.",
    details: [
      { label: "Amount", value: "41 200 EUR" },
      { label: "Cost centre", value: "4711" },
    ],
    ...(hasRequester ? { requester: { email: "kim@example.com", name: "Kim" } } : {}),
    approvers: [`${id}@example.com`],
    deadline: "P5D",
  });
}

function expectResolved(answer: Answer, part = ""): void {
  expect(answer, 200);
  if (!answer.body.includes('"status":"resolved"') || !answer.body.includes(part)) {
    throw new Error(`Expected a result with ${part}, got ${answer.body}`);
  }
}

function expect(answer: Answer, status: number): void {
  if (answer.status !== status) {
    throw new Error(
      `Expected ${status}, got ${answer.head.split("\r\n", 1)[0]} ${answer.body.slice(0, 500)}`,
    );
  }
}
