/**
 * The signed tokens in URLs: links, by which one approver gives one answer to one ballot; receipts, which show the result
 * of one press; links by which the person who asked follows and steers one approval; and callback URLs, by which another
 * system settles one promise.
 *
 * All are compact JWS under HS256 with everything pinned; `jws.ts` holds the checks. No token is stored anywhere.
 */
import { createHmac } from "node:crypto";
import { z } from "zod";
import { PROMISE_ID_CHARS_MAX } from "../approval/ids.ts";
import { addressKey } from "../approval/person.ts";
import { type AdminTokens, createAdminTokens } from "./admin.ts";
import { createJws, type TokenKey, type Verified } from "./jws.ts";
import { createReturnPathTokens, type ReturnPathTokens } from "./return-path.ts";
import { createSignInTokens, type SignInTokens } from "./sign-in.ts";

export interface LinkTokensOptions {
  /** The first signs, all verify. Each secret has at least 32 random bytes. */
  readonly keys: readonly TokenKey[];
  /** Origin of `PUBLIC_URL`. */
  readonly issuer: string;
  /** Former origins of `PUBLIC_URL`, whose tokens are still accepted. Default: none. */
  readonly formerIssuers?: readonly string[];
}

export interface Link {
  /** Promise id of the ballot. */
  readonly pid: string;
  /** The ballot's `recipient`. */
  readonly recipient: string;
  /** Value of the choice that the page suggests, or `view` for none (`approval/view-link.ts`). The page offers all of them. */
  readonly choice: string;
  /** The ballot's `gen` when the link was made. */
  readonly gen: number;
  /**
   * When the ballot was created, in milliseconds since 1970. So a link does not fit a later ballot of the same id, and a
   * mail that is sent twice carries the same links.
   */
  readonly bornAtMs: number;
  /** Until when the page can be viewed. Whether the link can still decide depends on the engine's clock alone. */
  readonly expiresAtMs: number;
}

export interface Receipt {
  /** Promise id of the ballot. */
  readonly pid: string;
  /** When the ballot was created, in milliseconds since 1970. */
  readonly bornAtMs: number;
  /** Value of the choice that was pressed. */
  readonly choice: string;
  /** Names the press: it counted if the ballot's stored decision carries this nonce. */
  readonly nonce: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** Permits what the person who asked can do about one approval. */
interface RequesterLink {
  /** Promise id of the approval. */
  readonly approval: string;
  /** The requester's opaque id, for the record. */
  readonly recipient: string;
  /** When the approval was created, in milliseconds since 1970. So the link does not fit a later one of the same id. */
  readonly bornAtMs: number;
  /** Until when the page can be viewed. */
  readonly expiresAtMs: number;
}

/** What a callback URL permits: a POST to it settles one promise. */
export interface CallbackUrl {
  /** Id of the promise. */
  readonly pid: string;
  /** Id of the workflow that waits for it. */
  readonly workflow: string;
  /**
   * When that workflow times out, in milliseconds since 1970; the URL expires then. A later workflow of the same id has
   * another time.
   */
  readonly workflowEndsAtMs: number;
}

export interface LinkTokens {
  /** The token of `/d/<token>`; the same link gives the same token. */
  issueLink(link: Link): string;
  verifyLink(token: string, nowMs: number): Verified<Link>;
  /** The token of `/r/<token>`. */
  issueReceipt(receipt: Receipt): string;
  verifyReceipt(token: string, nowMs: number): Verified<Receipt>;
  /** The token of `/a/<token>`; the same link gives the same token. */
  issueRequesterLink(link: RequesterLink): string;
  verifyRequesterLink(token: string, nowMs: number): Verified<RequesterLink>;
  /** The token of `/callbacks/<token>`; the same promise and workflow give the same token. */
  issueCallbackUrl(permitted: CallbackUrl): string;
  verifyCallbackUrl(token: string, nowMs: number): Verified<CallbackUrl>;
  /**
   * Names an approver in links without the address, which would otherwise end up in the logs of every proxy.
   * Keyed, because trying addresses would find the one behind a plain hash.
   */
  recipientId(approvalId: string, email: string): string;
  /** What people sign in to their inbox with. */
  readonly signIn: SignInTokens;
  /** What names a mail in the address that it can come back to. */
  readonly returnPaths: ReturnPathTokens;
  /** What operators sign in with. */
  readonly admin: AdminTokens;
}

/** Values of choices, and `view`. */
const choiceSchema = z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/u);
/** 128 bits in base64url. */
const bits128Schema = z.string().regex(/^[A-Za-z0-9_-]{22}$/u);
const promiseIdSchema = z.string().min(1).max(PROMISE_ID_CHARS_MAX);
const epochMsSchema = z.int().min(0);

const linkClaimsSchema = z.strictObject({
  sub: bits128Schema,
  pid: promiseIdSchema,
  act: choiceSchema,
  gen: z.int().min(0),
  born: epochMsSchema,
  jti: bits128Schema,
});

const receiptClaimsSchema = z.strictObject({
  pid: promiseIdSchema,
  born: epochMsSchema,
  act: choiceSchema,
  jti: bits128Schema,
});

const requesterClaimsSchema = z.strictObject({
  sub: bits128Schema,
  pid: promiseIdSchema,
  born: epochMsSchema,
  jti: bits128Schema,
});

const callbackUrlClaimsSchema = z.strictObject({
  pid: promiseIdSchema,
  wf: promiseIdSchema,
  ends: epochMsSchema,
  jti: bits128Schema,
});

/** Means nothing. But a token must have an `iat`, and the library treats 0 as none. */
const CALLBACK_URL_ISSUED_AT_MS = 1_000;

/** @throws TypeError if a key is too short or a kid is given twice */
export function createLinkTokens({ keys, issuer, formerIssuers = [] }: LinkTokensOptions): LinkTokens {
  const links = createJws({
    keys,
    issuer,
    formerIssuers,
    typ: "approval+jwt",
    audience: "approval-decision",
    claims: linkClaimsSchema,
  });
  const receipts = createJws({
    keys,
    issuer,
    formerIssuers,
    typ: "approval-receipt+jwt",
    audience: "approval-receipt",
    claims: receiptClaimsSchema,
  });
  const requesters = createJws({
    keys,
    issuer,
    formerIssuers,
    typ: "approval-requester+jwt",
    audience: "approval-requester",
    claims: requesterClaimsSchema,
  });
  const callbackUrls = createJws({
    keys,
    issuer,
    formerIssuers,
    typ: "callback+jwt",
    audience: "callback",
    claims: callbackUrlClaimsSchema,
  });

  /** 128 bits that look random to everybody without the key: HMAC-SHA256 is a pseudo-random function. */
  const derive = (purpose: string, ...parts: readonly (string | number)[]): string =>
    createHmac("sha256", links.signingKey)
      .update(`countersign/${purpose}\n${JSON.stringify(parts)}`)
      .digest()
      .subarray(0, 16)
      .toString("base64url");

  return {
    issueLink: ({ pid, recipient, choice, gen, bornAtMs, expiresAtMs }) =>
      links.sign(
        {
          sub: recipient,
          pid,
          act: choice,
          gen,
          born: bornAtMs,
          // Derived rather than random, so that every copy of a mail carries the same links. It protects nothing: the
          // signature does.
          jti: derive("link", pid, choice, gen, bornAtMs),
        },
        { issuedAtMs: bornAtMs, expiresAtMs },
      ),
    verifyLink: (token, nowMs) =>
      links.verify(token, nowMs, ({ sub, pid, act, gen, born }, { expiresAtMs }) => ({
        pid,
        recipient: sub,
        choice: act,
        gen,
        bornAtMs: born,
        expiresAtMs,
      })),
    issueReceipt: ({ pid, bornAtMs, choice, nonce, issuedAtMs, expiresAtMs }) =>
      receipts.sign({ pid, born: bornAtMs, act: choice, jti: nonce }, { issuedAtMs, expiresAtMs }),
    verifyReceipt: (token, nowMs) =>
      receipts.verify(token, nowMs, ({ pid, born, act, jti }, times) => ({
        pid,
        bornAtMs: born,
        choice: act,
        nonce: jti,
        ...times,
      })),
    issueRequesterLink: ({ approval, recipient, bornAtMs, expiresAtMs }) =>
      requesters.sign(
        {
          sub: recipient,
          pid: approval,
          born: bornAtMs,
          jti: derive("requester", approval, recipient, bornAtMs),
        },
        { issuedAtMs: bornAtMs, expiresAtMs },
      ),
    verifyRequesterLink: (token, nowMs) =>
      requesters.verify(token, nowMs, ({ sub, pid, born }, { expiresAtMs }) => ({
        approval: pid,
        recipient: sub,
        bornAtMs: born,
        expiresAtMs,
      })),
    issueCallbackUrl: ({ pid, workflow, workflowEndsAtMs }) =>
      callbackUrls.sign(
        {
          pid,
          wf: workflow,
          ends: workflowEndsAtMs,
          jti: derive("callback", pid, workflow, workflowEndsAtMs),
        },
        // No clock is read, so a replay, or a step that runs again after a crash, gets the same URL.
        { issuedAtMs: CALLBACK_URL_ISSUED_AT_MS, expiresAtMs: workflowEndsAtMs },
      ),
    verifyCallbackUrl: (token, nowMs) =>
      callbackUrls.verify(token, nowMs, ({ pid, wf, ends }) => ({
        pid,
        workflow: wf,
        workflowEndsAtMs: ends,
      })),
    recipientId: (approvalId, email) => derive("recipient", approvalId, addressKey(email)),
    signIn: createSignInTokens({ keys, issuer, formerIssuers }),
    returnPaths: createReturnPathTokens(keys),
    admin: createAdminTokens({ keys, issuer, formerIssuers }),
  };
}
