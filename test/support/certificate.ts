/** A certificate authority made on the spot, for https receivers in tests: written as DER by hand, as Node only reads it. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

export interface Certificate {
  /** PEM, as `https.createServer` takes them. */
  readonly cert: string;
  readonly key: string;
  /** PEM of the authority, for the client that is to trust it. */
  readonly ca: string;
}

/** @param names host names and IPv4 addresses that the certificate is valid for */
export function createCertificate(...names: readonly string[]): Certificate {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = commonName("Countersign test authority");
  const ca = certificate(issuer, issuer, authority.publicKey, authority.privateKey, [
    extension("551d13", true, sequence(der(0x01, Buffer.from([0xff])))),
  ]);
  const alternatives = names.map((name) =>
    isIPv4(name) ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name)),
  );
  const cert = certificate(issuer, commonName(names[0] ?? ""), server.publicKey, authority.privateKey, [
    extension("551d11", false, sequence(...alternatives)),
  ]);
  const key = server.privateKey.export({ type: "pkcs8", format: "pem" });
  return { cert: pem(cert), key, ca: pem(ca) };
}

/** PEM of a certificate for somebody else's key, which signs messages. */
export function certificateOf(publicKey: KeyObject, name: string): string {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = commonName("Countersign test authority");
  return pem(certificate(issuer, commonName(name), publicKey, authority.privateKey, []));
}

function certificate(
  issuer: Buffer,
  subject: Buffer,
  publicKey: KeyObject,
  signer: KeyObject,
  extensions: readonly Buffer[],
): Buffer {
  const ecdsaWithSha256 = sequence(der(0x06, Buffer.from("2a8648ce3d040302", "hex")));
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256,
    issuer,
    sequence(time(-1), time(1)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", content, signer);
  return sequence(content, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(der(0x06, Buffer.from("550403", "hex")), der(0x0c, Buffer.from(name)))));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(der(0x06, Buffer.from(id, "hex")), ...flag, der(0x04, value));
}

function time(daysFromNow: number): Buffer {
  const at = new Date(Date.now() + daysFromNow * 24 * 3_600_000);
  return der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]|\..*/g, "")}Z`));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
