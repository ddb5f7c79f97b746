/**
 * The identity provider by which operators sign in: OpenID Connect's code flow, with PKCE, state and nonce.
 *
 * P1 The provider is asked for nothing before somebody wants to sign in, so a provider that is away stops no start.
 * P2 What it says counts only with the state, nonce and verifier of the browser that was sent there, and with the
 *    signature of a key that it publishes.
 * P3 What somebody may do follows from one claim. It is looked for in the ID token, and then in the user info.
 */
import * as oidc from "openid-client";
import { ServiceError } from "../lib/errors.ts";
import { isLoopback } from "../lib/loopback.ts";
import { EntryRefused, type Provider, type ProviderPerson } from "./entry.ts";
import { countingValues } from "./provider-roles.ts";

export interface ProviderOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: the client is a public one. */
  readonly clientSecret: string | undefined;
  /** Separated by blanks; `openid` is among them. */
  readonly scopes: string;
  /** Name of the claim, or its path: names separated by dots. */
  readonly claim: string;
  /** Values of the claim that let somebody act, and those that let somebody look. */
  readonly operators: readonly string[];
  readonly viewers: readonly string[];
  /** Where the provider sends browsers back to. */
  readonly redirectUri: string;
}

const TIMEOUT_S = 10;
/** Providers change their addresses and keys rarely. The library looks for new keys by itself. */
const KNOWN_MS = 3_600_000;

export function createProvider(options: ProviderOptions): Pick<Provider, "entryUrl" | "whoCame"> {
  const { issuer, redirectUri, scopes } = options;
  let known: { readonly config: Promise<oidc.Configuration>; readonly untilMs: number } | undefined;

  const configuration = async (): Promise<oidc.Configuration> => {
    if (known === undefined || performance.now() >= known.untilMs) {
      known = { config: discover(options), untilMs: performance.now() + KNOWN_MS };
    }
    const { config } = known;
    try {
      return await config;
    } catch (error) {
      if (known?.config === config) known = undefined;
      throw unavailable(issuer, error);
    }
  };

  return {
    async entryUrl({ state, nonce, verifier }) {
      const config = await configuration();
      return oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: scopes,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      }).href;
    },
    async whoCame(query, { state, nonce, verifier }) {
      const config = await configuration();
      try {
        const tokens = await oidc.authorizationCodeGrant(config, new URL(`${redirectUri}?${query}`), {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims: Claims = { ...tokens.claims() };
        const isRoleKnown = valueOf(claims, options.claim) !== undefined;
        const isNamed = textOf(claims, "name") !== undefined || textOf(claims, "email") !== undefined;
        const { userinfo_endpoint: hasMore } = config.serverMetadata();
        if ((isRoleKnown && isNamed) || hasMore === undefined) return personOf(claims, options);
        const asked = oidc.fetchUserInfo(config, tokens.access_token, String(claims["sub"]));
        // For the name alone nobody is kept out.
        const more = isRoleKnown ? await asked.catch(() => ({})) : await asked;
        return personOf({ ...more, ...claims }, options);
      } catch (error) {
        throw isOutage(error) ? unavailable(issuer, error) : refusal(error);
      }
    },
  };
}

async function discover({ issuer, clientId, clientSecret }: ProviderOptions): Promise<oidc.Configuration> {
  const url = new URL(issuer);
  const insecure = url.protocol === "http:" && isLoopback(url.hostname) ? [oidc.allowInsecureRequests] : [];
  const config = await oidc.discovery(url, clientId, undefined, authentication(clientSecret), {
    timeout: TIMEOUT_S,
    execute: [...insecure, oidc.enableNonRepudiationChecks],
  });
  if (clientSecret === undefined || offersBasic(config.serverMetadata())) return config;
  const posted = new oidc.Configuration(
    config.serverMetadata(),
    clientId,
    undefined,
    oidc.ClientSecretPost(clientSecret),
  );
  posted.timeout = TIMEOUT_S;
  for (const execute of [...insecure, oidc.enableNonRepudiationChecks]) execute(posted);
  return posted;
}

function authentication(clientSecret: string | undefined): oidc.ClientAuth {
  return clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret);
}

/** The default of OpenID Connect Discovery 1.0 §3, where nothing is said. */
function offersBasic({ token_endpoint_auth_methods_supported: methods }: oidc.ServerMetadata): boolean {
  return methods === undefined || methods.includes("client_secret_basic");
}

type Claims = Readonly<Record<string, unknown>>;

function personOf(claims: Claims, options: ProviderOptions): ProviderPerson {
  return {
    name: textOf(claims, "name"),
    own: ownOf(claims),
    subject: String(claims["sub"]),
    values: countingValues(options, textsIn(valueOf(claims, options.claim))),
  };
}

/** Names of claims may have dots themselves, as in `https://example.com/roles`: those come first. */
function valueOf(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Claims)[name];
  }
  return value;
}

function textsIn(value: unknown): readonly string[] {
  return [value].flat().filter((each): each is string => typeof each === "string");
}

function textOf(claims: Claims, name: string): string | undefined {
  return textsIn(claims[name])[0]?.trim() || undefined;
}

/** An address that nobody checked may be a colleague's, also where the account is named after it. */
function ownOf(claims: Claims): string {
  const email = textOf(claims, "email");
  // Some providers send texts.
  const isUnchecked = String(claims["email_verified"]) === "false";
  const account = textOf(claims, "preferred_username");
  const owns = isUnchecked ? [account === email ? undefined : account] : [email, account];
  return owns.find((each) => each !== undefined) ?? String(claims["sub"]);
}

function unavailable(issuer: string, cause: unknown): ServiceError {
  const { host } = new URL(issuer);
  return new ServiceError(
    "IDENTITY_UNAVAILABLE",
    `The identity provider at ${host} cannot be reached, or does not answer as one. Try again in a moment`,
    { cause },
  );
}

/** Whether it is the provider's, or the network's, and another try may help. */
function isOutage(error: unknown): boolean {
  if (error instanceof oidc.ClientError) return OUTAGES.has(error.code ?? "");
  if (error instanceof oidc.ResponseBodyError) return error.status >= 500;
  return error instanceof TypeError;
}

const OUTAGES: ReadonlySet<string> = new Set([
  "OAUTH_TIMEOUT",
  "OAUTH_ABORT",
  "OAUTH_RESPONSE_IS_NOT_JSON",
  "OAUTH_RESPONSE_IS_NOT_CONFORM",
]);

/** In words for the person: what the provider says, or that it did not fit. */
function refusal(error: unknown): EntryRefused {
  if (error instanceof oidc.AuthorizationResponseError) {
    return new EntryRefused(`The identity provider refused: ${error.error}.`, { cause: error });
  }
  return new EntryRefused(
    "What the identity provider sent back does not belong to this sign-in, or was used before.",
    {
      cause: error,
    },
  );
}
