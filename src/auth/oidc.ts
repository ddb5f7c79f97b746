/**
 * Bearer tokens of people's tools: JWTs of one OpenID Connect issuer.
 *
 * O1 Only asymmetric signatures by keys that the issuer publishes; what a token says of keys, places and algorithms of
 *    its own is not followed.
 * O2 A token is for us (`aud`), of the issuer (`iss`), and ends (`exp`). What it may do stands in its scopes, under our
 *    names; others are no concern of ours.
 * O3 The issuer is asked for keys when they are needed, at most every half a minute for keys that it may not have, with
 *    bounds on time and size. While it does not answer, nobody can be told from nobody: that is 503 and not 401.
 */
import { createHash } from "node:crypto";
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from "jose";
import { ServiceError } from "../lib/errors.ts";
import type { ReadBearer } from "./authenticate.ts";
import { isScope, type Scope } from "./scopes.ts";

export interface OidcOptions {
  /** As it stands in tokens, without a slash at its end unless they have one. */
  readonly issuer: string;
  readonly audience: string;
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

export function createOidcReader({ issuer, audience }: OidcOptions): ReadBearer {
  let keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;

  const issuersKeys = async (): Promise<ReturnType<typeof createRemoteJWKSet>> => {
    if (keys === undefined && performance.now() - failedAt < KEYS_PAUSE_MS / 10) {
      throw new Error("The issuer did not answer a moment ago");
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
      return { id: `person:${nameless(payload)}`, scopes: scopesIn(payload) };
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw new ServiceError("IDENTITY_UNAVAILABLE", "The identity provider does not answer", {
        cause: error,
      });
    }
  };
}

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Whether it is the token that is at fault. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return false;
  // The library's own word for a set of keys that could not be had.
  return (
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    error.code !== "ERR_JOSE_GENERIC"
  );
}

async function discover(issuer: string): Promise<ReturnType<typeof createRemoteJWKSet>> {
  const address = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const response = await boundedFetch(address.href, {
    method: "GET",
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    redirect: "error",
  });
  const found = response.ok ? ((await response.json()) as { issuer?: unknown; jwks_uri?: unknown }) : {};
  const uri = typeof found.jwks_uri === "string" ? URL.parse(found.jwks_uri) : null;
  // An issuer that publishes its keys in plain text would let anybody in between be everybody.
  if (
    found.issuer !== issuer ||
    uri === null ||
    (uri.protocol !== "https:" && uri.protocol !== address.protocol)
  ) {
    throw new Error(`${address.href} does not describe the issuer`);
  }
  return createRemoteJWKSet(uri, {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: KEYS_PAUSE_MS,
    cacheMaxAge: KEYS_AGE_MAX_MS,
    [customFetch]: (url, init) => boundedFetch(url, { ...init, redirect: "error" }),
  });
}

async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > FETCH_BYTES_MAX) throw new Error(`${new URL(url).host} answers with too much`);
    chunks.push(chunk);
  }
  const { status, headers } = response;
  return new Response(Buffer.concat(chunks), { status, headers });
}

/** Our scopes among those of the token: `scope` as RFC 9068 has it, or `scp` or `permissions` as some issuers do. */
function scopesIn(payload: JWTPayload): readonly Scope[] {
  const claims = [payload["scope"], payload["scp"], payload["permissions"]].flat();
  return claims.flatMap((claim) => (typeof claim === "string" ? claim.split(" ") : [])).filter(isScope);
}

/** Whoever it is, always by the same name, which tells nothing of them: subjects may be mail addresses. */
function nameless({ iss, sub }: JWTPayload): string {
  return createHash("sha256")
    .update(JSON.stringify([iss, sub]))
    .digest("hex")
    .slice(0, 16);
}
