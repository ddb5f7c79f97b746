/** What people do in a rehearsal, as the service's doors do it. */
import { randomUUID } from "node:crypto";
import { courseOf } from "../../../src/approval/course.ts";
import type { Durable } from "../../../src/durable/durable.ts";
import { ServiceError } from "../../../src/lib/errors.ts";
import type { Acted } from "../../../src/service/approvals/act.ts";
import {
  type BallotNamed,
  reassignBallot,
  recuseBallot,
  undoDecision,
} from "../../../src/service/approvals/ballot-acts.ts";
import { cancelApproval } from "../../../src/service/approvals/cancel.ts";
import { changeApproval, extendApproval } from "../../../src/service/approvals/end-acts.ts";
import { refusalText } from "../../../src/service/approvals/failure.ts";
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
  { choice, comment, fields = {}, except = [] }: Answer,
  { links }: About,
): Promise<Happening> {
  const said = { what: "answer", who, choice, ...(comment === undefined ? {} : { comment }) } as const;
  // One page has all choices, whichever link leads to it.
  const link = links[choice] ?? anyLink(links);
  if (link === undefined) return { ...said, effective: false, told: NO_LINK };
  const typed = {
    ...(comment === undefined ? {} : { comment }),
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [`field.${name}`, String(value)])),
    ...Object.fromEntries(except.map((n) => [`except.${n}`, "yes"])),
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
  const told =
    deed.do === "cancel" ? await cancel(reached, about, comment) : await done(reached, who, deed, about);
  return { ...said, effective: told === undefined, ...(told === undefined ? {} : { told }) };
}

/** @returns why it took no effect, if it took none */
async function cancel(
  { durable }: Reached,
  { approval }: About,
  reason: string | undefined,
): Promise<string | undefined> {
  const root = await durable.read(approval);
  const course = root && courseOf(root, []);
  if (root === undefined || course === undefined) return UNKNOWN;
  const cancelling = { durable, signal: new AbortController().signal };
  const act = { reason, door: "api", nonce: randomUUID() } as const;
  try {
    await cancelApproval(cancelling, { root, request: course.request }, act);
    return undefined;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return error.message;
  }
}

/** @returns why it took no effect, if it took none */
async function done(
  reached: Reached,
  who: string,
  deed: Exclude<Instead, { readonly do: "cancel" }>,
  about: About,
): Promise<string | undefined> {
  const { durable, now } = reached;
  const { approval } = about;
  const acting = { durable, clock: now, signal: new AbortController().signal };
  const actor = { by: who, door: "mail", nonce: randomUUID() } as const;
  const reason = deed.comment;
  if (deed.do === "change") {
    return toldOf(await changeApproval(acting, approval, { content: deed.content, note: reason, ...actor }));
  }
  if (deed.do === "extend") {
    return toldOf(await extendApproval(acting, approval, { deadline: deed.until, reason, ...actor }));
  }
  const ballot = ballotIn(reached, about);
  if (ballot === undefined) return NO_LINK;
  if (deed.do === "reassign") {
    return toldOf(await reassignBallot(acting, ballot, { to: { email: deed.to }, reason, ...actor }));
  }
  if (deed.do === "recuse") return toldOf(await recuseBallot(acting, ballot, { reason, ...actor }));
  return toldOf(await undoDecision(acting, ballot, actor));
}

const UNKNOWN = "There is nothing that it could be done to";

function toldOf(acted: Acted<object>): string | undefined {
  switch (acted.kind) {
    case "unknown":
    case "other-content":
      return UNKNOWN;
    case "refused":
      return refusalText(acted.why);
    case "stands":
      return acted.effective ? undefined : "Something else was first";
  }
}

/** The ballot that the mail's links lead to; undefined if it has none. */
function ballotIn({ tokens, now }: Reached, { approval, links }: About): BallotNamed | undefined {
  const link = anyLink(links);
  const token = link === undefined ? undefined : new URL(link).pathname.split("/").at(-1);
  const verified = token === undefined ? undefined : tokens.verifyLink(token, now());
  if (verified?.ok !== true) return undefined;
  return { approval, n: Number(verified.value.pid.slice(approval.length + 1)) };
}
