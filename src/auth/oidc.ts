/**
 * Bearer tokens of people's tools: JWTs of one OpenID Connect issuer.
 *
 * O1 Only asymmetric signatures by keys that the issuer publishes; what a token says of keys, places and algorithms of
 *    its own is not followed.
 * O2 A token is for us (`aud`), of the issuer (`iss`), and ends (`exp`). What it may do stands in its scopes, under our
 *    names; others are no concern of ours.
 * O3 The issuer is asked for keys when they are needed, at most every half a minute for keys that it may not have, with
 *    bounds on time and size. While it does not answer, or not with a set of keys, nobody can be told from nobody: that
 *    is 503. Whatever else goes wrong is the token's fault, or that of the key it names, and 401: another try would not
 *    help. A key that the issuer publishes and that cannot be used (too short, of a wrong form) is told to the operator.
 */
import { createHash } from "node:crypto";
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import { ServiceError } from "../lib/errors.ts";
import type { ReadBearer } from "./authenticate.ts";
import { isScope, type Scope } from "./scopes.ts";

export interface OidcOptions {
  /** As it stands in tokens, without a slash at its end unless they have one. */
  readonly issuer: string;
  readonly audience: string;
  /** Called with what is wrong with a key that the issuer publishes, at most every half a minute. */
  readonly onUnusableKey?: (reason: unknown) => void;
}

/** The issuer does not answer, or not as an issuer. */
class IssuerFault extends Error {
  override readonly name = "IssuerFault";
}

const ALGORITHMS = ["RS256", "ES256", "EdDSA"];
/** Tokens with many claims have some kilobytes; headers as a whole may have 16. */
const TOKEN_CHARS_MAX = 8_192;
const FETCH_TIMEOUT_MS = 5_000;
/** A dozen RSA keys with certificate chains. */
const FETCH_BYTES_MAX = 128 * 1024;
const KEYS_AGE_MAX_MS = 600_000;
const KEYS_PAUSE_MS = 30_000;
/** Clocks of machines that keep time. */
const CLOCK_TOLERANCE_S = 30;

export function createOidcReader({ issuer, audience, onUnusableKey }: OidcOptions): ReadBearer {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let toldAt = Number.NEGATIVE_INFINITY;

  const issuersKeys = async (): Promise<JWTVerifyGetKey> => {
    if (keys === undefined && performance.now() - failedAt < KEYS_PAUSE_MS / 10) {
      throw new IssuerFault("The issuer did not answer a moment ago");
    }
    keys ??= discover(issuer).catch((error: unknown) => {
      keys = undefined;
      failedAt = performance.now();
      throw error;
    });
    return await keys;
  };

  return async (bearer) => {
    if (bearer.length > TOKEN_CHARS_MAX || !JWT.test(bearer)) return undefined;
    try {
      const { payload } = await jwtVerify(bearer, await issuersKeys(), {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ["exp", "sub"],
        clockTolerance: CLOCK_TOLERANCE_S,
      });
      const id = `person:${nameless(payload)}`;
      return { id, client: id, scopes: scopesIn(payload) };
    } catch (error) {
      if (error instanceof IssuerFault) {
        const message = "The identity provider does not answer, or not with its keys";
        throw new ServiceError("IDENTITY_UNAVAILABLE", message, { cause: error });
      }
      // The library's errors are of tokens; what the platform throws beside them is of the key.
      if (!(error instanceof errors.JOSEError) && performance.now() - toldAt >= KEYS_PAUSE_MS) {
        toldAt = performance.now();
        onUnusableKey?.(error);
      }
      return undefined;
    }
  };
}

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Whether the set of keys could not be had, by the library's own words. */
function isSetAtFault(error: unknown): boolean {
  return (
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    (error instanceof errors.JOSEError && error.code === "ERR_JOSE_GENERIC")
  );
}

/** @throws IssuerFault */
async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const address = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const response = await boundedFetch(address.href, {
    method: "GET",
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    redirect: "error",
  });
  const found = response.ok ? await described(response) : {};
  const uri = typeof found.jwks_uri === "string" ? URL.parse(found.jwks_uri) : null;
  // An issuer that publishes its keys in plain text would let anybody in between be everybody.
  if (
    found.issuer !== issuer ||
    uri === null ||
    (uri.protocol !== "https:" && uri.protocol !== address.protocol)
  ) {
    throw new IssuerFault(`${address.href} does not describe the issuer`);
  }
  const set = createRemoteJWKSet(uri, {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: KEYS_PAUSE_MS,
    cacheMaxAge: KEYS_AGE_MAX_MS,
    [customFetch]: (url, init) => boundedFetch(url, { ...init, redirect: "error" }),
  });
  return async (header, token) => {
    try {
      return await set(header, token);
    } catch (cause) {
      throw isSetAtFault(cause) ? new IssuerFault(`${uri.href} holds no set of keys`, { cause }) : cause;
    }
  };
}

async function described(response: Response): Promise<{ issuer?: unknown; jwks_uri?: unknown }> {
  const found: unknown = await response.json().catch(() => undefined);
  return typeof found === "object" && found !== null ? found : {};
}

/** @throws IssuerFault */
async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, init);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > FETCH_BYTES_MAX) throw new Error("The response is too long");
      chunks.push(chunk);
    }
    const { status, headers } = response;
    return new Response(Buffer.concat(chunks), { status, headers });
  } catch (cause) {
    throw new IssuerFault(`${new URL(url).host} does not answer`, { cause });
  }
}

/** Our scopes among those of the token: `scope` as RFC 9068 has it, or `scp` or `permissions` as some issuers do. */
function scopesIn(payload: JWTPayload): readonly Scope[] {
  const claims = [payload["scope"], payload["scp"], payload["permissions"]].flat();
  return claims.flatMap((claim) => (typeof claim === "string" ? claim.split(" ") : [])).filter(isScope);
}

/** A person's name in the log: always the same, and opaque, because subjects may be mail addresses. */
function nameless({ iss, sub }: JWTPayload): string {
  return createHash("sha256")
    .update(JSON.stringify([iss, sub]))
    .digest("hex")
    .slice(0, 16);
}
