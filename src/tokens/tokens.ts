/**
 * The signed tokens in URLs: links, by which one approver gives one answer to one ballot; receipts, which show what one
 * press led to and can do nothing else; and callbacks, by which a system settles the one promise it was told of.
 *
 * All are compact JWS under HS256 with everything pinned; `jws.ts` holds the checks. No token is stored anywhere.
 */
import { createHmac } from "node:crypto";
import { z } from "zod";
import type { Choice } from "../approval/approval.ts";
import { PROMISE_ID_CHARS_MAX } from "../approval/ids.ts";
import { addressKey } from "../approval/person.ts";
import { createJws, type TokenKey, type Verified } from "./jws.ts";

export interface LinkTokensOptions {
  /** The first signs, all verify. Each secret has at least 32 random bytes. */
  readonly keys: readonly TokenKey[];
  /** Origin of `PUBLIC_URL`. */
  readonly issuer: string;
  /** Origins that were it before, whose tokens still hold. Default: none. */
  readonly formerIssuers?: readonly string[];
}

export interface Link {
  /** Promise id of the ballot. */
  readonly pid: string;
  /** The ballot's `recipient`. */
  readonly recipient: string;
  /** The one answer that this link can give. */
  readonly choice: Choice;
  /** The ballot's `gen` when the link was made. */
  readonly gen: number;
  /**
   * When the ballot was created, in milliseconds since 1970. A link fits this ballot alone, also where another has its id
   * later; and a mail that is sent twice carries the same links.
   */
  readonly bornAtMs: number;
  /** Until then the link can be viewed; whether it can still decide is for the engine's clock alone. */
  readonly expiresAtMs: number;
}

export interface Receipt {
  /** Promise id of the ballot. */
  readonly pid: string;
  /** When the ballot was created, in milliseconds since 1970. */
  readonly bornAtMs: number;
  /** What the press wanted. */
  readonly choice: Choice;
  /** The press: it was effective if the ballot's stored decision carries this nonce. */
  readonly nonce: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** Leave to settle one promise, for a system that a workflow hands a URL to. */
export interface CallbackLeave {
  readonly pid: string;
  /** Id of the workflow that waits for it. */
  readonly workflow: string;
  /**
   * When that workflow's time is over, in milliseconds since 1970; the leave ends then. A later workflow of the same id
   * has another time.
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
  /** The token of `/callbacks/<token>`; the same leave gives the same token. */
  issueCallback(leave: CallbackLeave): string;
  verifyCallback(token: string, nowMs: number): Verified<CallbackLeave>;
  /**
   * Names an approver in links without telling the address, which would otherwise end up in the logs of every proxy.
   * Keyed, because a plain hash of an address could be found by trying addresses.
   */
  recipientId(approvalId: string, email: string): string;
}

const choiceSchema = z.enum(["approve", "reject"]);
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

const callbackClaimsSchema = z.strictObject({
  pid: promiseIdSchema,
  wf: promiseIdSchema,
  ends: epochMsSchema,
  jti: bits128Schema,
});

/** Says nothing, but a token must have one, and the library takes 0 for none. */
const CALLBACK_ISSUED_AT_MS = 1_000;

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
  const callbacks = createJws({
    keys,
    issuer,
    formerIssuers,
    typ: "callback+jwt",
    audience: "callback",
    claims: callbackClaimsSchema,
  });

  /** 128 bits that nobody without the key can tell from random ones: HMAC-SHA256 is a pseudo-random function. */
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
          // Derived rather than drawn, so that every copy of a mail carries the same links. It guards nothing by itself:
          // what cannot be forged is the signature.
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
    issueCallback: ({ pid, workflow, workflowEndsAtMs }) =>
      callbacks.sign(
        {
          pid,
          wf: workflow,
          ends: workflowEndsAtMs,
          jti: derive("callback", pid, workflow, workflowEndsAtMs),
        },
        // No clock: a replay, and a step that runs again after a crash, hands over the very same URL.
        { issuedAtMs: CALLBACK_ISSUED_AT_MS, expiresAtMs: workflowEndsAtMs },
      ),
    verifyCallback: (token, nowMs) =>
      callbacks.verify(token, nowMs, ({ pid, wf, ends }) => ({
        pid,
        workflow: wf,
        workflowEndsAtMs: ends,
      })),
    recipientId: (approvalId, email) => derive("recipient", approvalId, addressKey(email)),
  };
}
