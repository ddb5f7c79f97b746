/** What browsers and devices sign for a passkey (WebAuthn Level 3), checked by a library that is read when it is first needed. */
import { z } from "zod";
import { CHALLENGE_LIFE_MS, type Credential } from "../../approval/passkey.ts";

/** The service as devices know it. */
export interface RelyingParty {
  /** The host of `PUBLIC_URL`. */
  readonly id: string;
  /** `PUBLIC_URL`: what a browser reports must come from there. */
  readonly origin: string;
}

/**
 * The relying party of a service; undefined where browsers offer no passkeys: on an address without a name, and on plain
 * http but for `localhost`.
 */
export function relyingPartyAt(publicUrl: string): RelyingParty | undefined {
  const { hostname, origin, protocol } = new URL(publicUrl);
  const isName = /[a-z]/iu.test(hostname) && !hostname.startsWith("[");
  const isSafe = protocol === "https:" || hostname === "localhost";
  return isName && isSafe ? { id: hostname, origin } : undefined;
}

const library = () => import("@simplewebauthn/server");

/** What the browser is asked to make a passkey by, as JSON with bytes in base64url. @param person a hash of the address */
export function creationOptions(
  { id }: RelyingParty,
  {
    person,
    email,
    challenge,
    known,
  }: {
    readonly person: string;
    readonly email: string;
    /** 16 bytes in base64url. */
    readonly challenge: string;
    /** Those that the person has: a device makes no second one. */
    readonly known: readonly Pick<Credential, "id">[];
  },
): string {
  return JSON.stringify({
    rp: { id, name: "Countersign" },
    // 16 bytes, which name the person to the device. A passkey that is used without an address names them to us.
    user: { id: Buffer.from(person, "hex").toString("base64url"), name: email, displayName: email },
    challenge,
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
    timeout: CHALLENGE_LIFE_MS,
    attestation: "none",
    excludeCredentials: known.map((one) => ({ type: "public-key", id: one.id })),
    authenticatorSelection: {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    },
  });
}

/** EdDSA, ES256, RS256: what devices have. */
const ALGORITHMS = [-8, -7, -257];

/** What the browser is asked to sign in by, as JSON. @param challenge 16 bytes in base64url */
export function requestOptions({ id }: RelyingParty, challenge: string): string {
  return JSON.stringify({
    rpId: id,
    challenge,
    timeout: CHALLENGE_LIFE_MS,
    userVerification: "required",
  });
}

const text = z.string().max(8_192);
const made = z.object({
  id: text,
  rawId: text,
  type: z.literal("public-key"),
  response: z.object({ clientDataJSON: text, attestationObject: text }),
});
const signed = z.object({
  id: text,
  rawId: text,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: text,
    authenticatorData: text,
    signature: text,
    userHandle: text,
  }),
});

/** The passkey that a device has made; undefined if anything about it is wrong. @param given JSON, as the form has it */
export async function checkMade(
  { id, origin }: RelyingParty,
  given: string,
  challenge: string,
): Promise<Credential | undefined> {
  const response = read(made, given);
  if (response === undefined) return undefined;
  const { verifyRegistrationResponse } = await library();
  const checked = await orNothing(
    verifyRegistrationResponse({
      response: { ...response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  );
  if (checked?.verified !== true) return undefined;
  const { credential } = checked.registrationInfo;
  const publicKey = Buffer.from(credential.publicKey).toString("base64url");
  return { id: credential.id, publicKey, counter: credential.counter };
}

/** Who says that they sign in, by which passkey. Nothing about it is checked. */
export interface Claimed {
  /** A hash of the address. */
  readonly person: string;
  readonly credentialId: string;
  readonly response: z.output<typeof signed>;
}

/** @param given JSON, as the form has it */
export function claimedIn(given: string): Claimed | undefined {
  const response = read(signed, given);
  if (response === undefined) return undefined;
  const person = Buffer.from(response.response.userHandle, "base64url").toString("hex");
  return /^[0-9a-f]{32}$/u.test(person) ? { person, credentialId: response.id, response } : undefined;
}

/**
 * The count of signatures with this one; undefined if the signature is not that passkey's, not of this challenge and service,
 * if the device has not verified its user, or if the count is not higher than before.
 */
export async function checkSigned(
  { id, origin }: RelyingParty,
  { response }: Claimed,
  {
    challenge,
    credential,
    lastCounter,
  }: { readonly challenge: string; readonly credential: Credential; readonly lastCounter: number },
): Promise<number | undefined> {
  const { verifyAuthenticationResponse } = await library();
  const checked = await orNothing(
    verifyAuthenticationResponse({
      response: { ...response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
      credential: { id: credential.id, publicKey: bytesOf(credential.publicKey), counter: lastCounter },
    }),
  );
  return checked?.verified === true ? checked.authenticationInfo.newCounter : undefined;
}

/** The library throws for whatever is wrong with what it is given. */
async function orNothing<T>(checking: Promise<T>): Promise<T | undefined> {
  try {
    return await checking;
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function read<T>(schema: z.ZodType<T>, given: string): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(given));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64url, "base64url"));
}
