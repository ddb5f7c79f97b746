/**
 * A device with passkeys, in software: it makes real keys, and signs as WebAuthn Level 3 says (§6.1, §6.5.4). What a good one never
 * does can be asked of it too.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

export interface Lies {
  /** Where the browser says that it was. */
  readonly origin?: string;
  /** The service that the device says it signs for. */
  readonly rpId?: string;
  readonly challenge?: string;
  /** Whether it says that it has verified its user. Default: yes. */
  readonly isVerified?: boolean;
  readonly type?: string;
  /** What it says about its count of signatures, in place of the next. */
  readonly counter?: number;
  readonly userHandle?: string;
}

interface Made {
  readonly id: Buffer;
  readonly privateKey: KeyObject;
  readonly userHandle: string;
  counter: number;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const HAS_CREDENTIAL = 0x40;

export class Authenticator {
  readonly passkeys: Made[] = [];
  readonly #origin: string;
  readonly #counts: boolean;

  constructor(origin: string, { counts = false }: { readonly counts?: boolean } = {}) {
    this.#origin = origin;
    this.#counts = counts;
  }

  /** A copy of it, as a thief makes one. */
  copy(): Authenticator {
    const made = new Authenticator(this.#origin, { counts: this.#counts });
    made.passkeys.push(...this.passkeys.map((one) => ({ ...one })));
    return made;
  }

  /** Makes a passkey. @param options as the page has them @returns what the page posts */
  create(options: string, lies: Lies = {}): string {
    const { challenge, user, rp } = JSON.parse(options) as {
      challenge: string;
      user: { id: string };
      rp: { id: string };
    };
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const id = randomBytes(32);
    this.passkeys.push({ id, privateKey, userHandle: user.id, counter: 0 });
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    const key = cborMap([
      [cborInt(1), cborInt(2)],
      [cborInt(3), cborInt(-7)],
      [cborInt(-1), cborInt(1)],
      [cborInt(-2), cborBytes(Buffer.from(x, "base64url"))],
      [cborInt(-3), cborBytes(Buffer.from(y, "base64url"))],
    ]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const authData = Buffer.concat([
      this.#head(lies.rpId ?? rp.id, HAS_CREDENTIAL, 0, lies),
      Buffer.alloc(16),
      length,
      id,
      key,
    ]);
    const attestationObject = cborMap([
      [cborText("fmt"), cborText("none")],
      [cborText("attStmt"), cborMap([])],
      [cborText("authData"), cborBytes(authData)],
    ]);
    return JSON.stringify({
      id: id.toString("base64url"),
      rawId: id.toString("base64url"),
      type: "public-key",
      response: {
        clientDataJSON: this.#clientData("webauthn.create", challenge, lies).toString("base64url"),
        attestationObject: attestationObject.toString("base64url"),
      },
    });
  }

  /** Signs in by its latest passkey. @param options as the page has them @returns what the page posts */
  get(options: string, lies: Lies = {}): string {
    const { challenge, rpId } = JSON.parse(options) as { challenge: string; rpId: string };
    const passkey = this.passkeys.at(-1);
    if (passkey === undefined) throw new Error("This device has no passkey");
    if (this.#counts) passkey.counter += 1;
    const authData = this.#head(lies.rpId ?? rpId, 0, lies.counter ?? passkey.counter, lies);
    const clientData = this.#clientData("webauthn.get", challenge, lies);
    const signed = Buffer.concat([authData, createHash("sha256").update(clientData).digest()]);
    return JSON.stringify({
      id: passkey.id.toString("base64url"),
      rawId: passkey.id.toString("base64url"),
      type: "public-key",
      response: {
        clientDataJSON: clientData.toString("base64url"),
        authenticatorData: authData.toString("base64url"),
        signature: sign("sha256", signed, passkey.privateKey).toString("base64url"),
        userHandle: lies.userHandle ?? passkey.userHandle,
      },
    });
  }

  #head(rpId: string, flags: number, counter: number, { isVerified = true }: Lies): Buffer {
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags | USER_PRESENT | (isVerified ? USER_VERIFIED : 0));
    rest.writeUInt32BE(counter, 1);
    return Buffer.concat([createHash("sha256").update(rpId).digest(), rest]);
  }

  #clientData(type: string, challenge: string, lies: Lies): Buffer {
    const data = {
      type: lies.type ?? type,
      challenge: lies.challenge ?? challenge,
      origin: lies.origin ?? this.#origin,
    };
    return Buffer.from(JSON.stringify({ ...data, crossOrigin: false }));
  }
}

/** CBOR (RFC 8949): a head with the major type and a number below 65,536. */
function cborHead(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
}

function cborInt(value: number): Buffer {
  return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
}

function cborBytes(bytes: Buffer): Buffer {
  return Buffer.concat([cborHead(2, bytes.length), bytes]);
}

function cborText(text: string): Buffer {
  return Buffer.concat([cborHead(3, Buffer.byteLength(text)), Buffer.from(text)]);
}

function cborMap(entries: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([cborHead(5, entries.length), ...entries.flat()]);
}
