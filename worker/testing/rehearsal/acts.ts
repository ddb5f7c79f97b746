/** What people do in a rehearsal, as the service's doors do it. */
import { randomUUID } from "node:crypto";
import type { Reassignment, Recusal, Undo } from "../../../src/approval/approval.ts";
import { type Course, courseOf } from "../../../src/approval/course.ts";
import { childId, parentId } from "../../../src/approval/ids.ts";
import type { Durable } from "../../../src/durable/durable.ts";
import { ServiceError } from "../../../src/lib/errors.ts";
import { cancelApproval } from "../../../src/service/approvals/cancel.ts";
import type { LinkTokens } from "../../../src/tokens/tokens.ts";
import { press } from "./browser.ts";
import type { Answer, Deed, Instead } from "./reaction.ts";
import type { Happening } from "./timeline.ts";

/** The service that people reach. */
export interface Reached {
  readonly durable: Durable;
  readonly tokens: LinkTokens;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Where the gateway listens. */
  readonly pages: string;
}

/** What a deed is about: an approval, and the links of the mail that somebody reacts to. */
export interface About {
  readonly approval: string;
  /** By the value of the choice. Empty: the mail has none. */
  readonly links: Readonly<Record<string, string>>;
}

/** Does it, and answers what came of it. */
export async function act(reached: Reached, who: string, deed: Deed, about: About): Promise<Happening> {
  return "choice" in deed.act
    ? await answer(reached, who, deed.act, about)
    : await doInstead(reached, who, deed.act, about);
}

async function answer(
  { pages }: Reached,
  who: string,
  { choice, comment, fields = {} }: Answer,
  { links }: About,
): Promise<Happening> {
  const said = { what: "answer", who, choice, ...(comment === undefined ? {} : { comment }) } as const;
  // One page has all choices, whichever link leads to it.
  const link = links[choice] ?? anyLink(links);
  if (link === undefined) return { ...said, effective: false, told: NO_LINK };
  const typed = {
    ...(comment === undefined ? {} : { comment }),
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [`field.${name}`, String(value)])),
  };
  const isLinkOfChoice = links[choice] !== undefined;
  const { told, effective } = await press({ link, at: pages, choice, isLinkOfChoice, typed });
  return { ...said, effective: effective === true, told };
}

const NO_LINK = "The mail has no link to answer with";

function anyLink(links: About["links"]): string | undefined {
  return Object.values(links)[0];
}

async function doInstead(reached: Reached, who: string, deed: Instead, about: About): Promise<Happening> {
  const { do: what, comment } = deed;
  const said = { what: "act", who, did: what, ...(comment === undefined ? {} : { comment }) } as const;
  try {
    const told = await done(reached, who, deed, about);
    return { ...said, effective: told === undefined, ...(told === undefined ? {} : { told }) };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { ...said, effective: false, told: error.message };
  }
}

/** @returns why it took no effect, if it took none */
async function done(reached: Reached, who: string, deed: Instead, about: About): Promise<string | undefined> {
  const { durable } = reached;
  const act = { by: who, door: "mail", nonce: randomUUID() } as const;
  const reason = deed.comment === undefined ? {} : { reason: deed.comment };
  switch (deed.do) {
    case "cancel": {
      const { root, request } = await courseNow(durable, about.approval);
      const cancelling = { durable, newId: randomUUID, signal: new AbortController().signal };
      await cancelApproval(cancelling, { root, request }, deed.comment);
      return undefined;
    }
    case "reassign": {
      const reassigned: Reassignment = { kind: "reassigned", to: { email: deed.to }, ...reason, ...act };
      return settle(durable, ballotIn(reached, about), reassigned);
    }
    case "recuse": {
      const recused: Recusal = { kind: "recused", ...reason, ...act };
      return settle(durable, ballotIn(reached, about), recused);
    }
    case "undo": {
      const undone: Undo = { kind: "undone", ...act };
      return settle(durable, undoOf(ballotIn(reached, about)), undone);
    }
  }
}

/** Why it took no effect, if something else was first. */
async function settle(
  durable: Durable,
  id: string | undefined,
  record: { readonly kind: string; readonly nonce: string },
): Promise<string | undefined> {
  const stored = id === undefined ? undefined : await durable.settle(id, record);
  if (stored === undefined) return "There is nothing that it could be done to";
  const value: unknown = stored.value;
  if (typeof value !== "object" || value === null) return "The time for it is over";
  if ("nonce" in value && value.nonce === record.nonce) return undefined;
  return `Something else was first: ${"kind" in value ? String(value.kind) : "unknown"}`;
}

async function courseNow(durable: Durable, approval: string): Promise<Course> {
  const root = await durable.read(approval);
  const course = root && courseOf(root, await durable.children(approval));
  if (course === undefined) throw new Error(`Cannot rehearse: the approval ${approval} is gone`);
  return course;
}

/** The ballot that the mail's links lead to; undefined if it has none. */
function ballotIn({ tokens, now }: Reached, { links }: About): string | undefined {
  const link = anyLink(links);
  const token = link === undefined ? undefined : new URL(link).pathname.split("/").at(-1);
  const verified = token === undefined ? undefined : tokens.verifyLink(token, now());
  return verified?.ok === true ? verified.value.pid : undefined;
}

/** The promise that says whether a decision on the ballot was taken back follows it. */
function undoOf(ballot: string | undefined): string | undefined {
  const approval = ballot === undefined ? undefined : parentId(ballot);
  if (ballot === undefined || approval === undefined) return undefined;
  return childId(approval, Number(ballot.slice(approval.length + 1)) + 1);
}
