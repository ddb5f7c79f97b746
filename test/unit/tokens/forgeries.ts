import { createHmac, generateKeyPairSync, sign as signBytes } from "node:crypto";

/** A token taken apart, to be put together wrongly. */
export interface Parts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface Forgery {
  readonly name: string;
  readonly token: string;
}

export function partsOf(token: string): Parts {
  const [header, claims] = token.split(".").map((part) => Buffer.from(part, "base64url").toString());
  return { header: JSON.parse(header!), claims: JSON.parse(claims!) };
}

/** Signs whatever it is given, without the library that the service uses. */
export function signed({ header, claims }: Parts, secret: Buffer): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

/**
 * Tokens that must all be refused, made from one that is good. Some need the key: a service that shares it, or an
 * older release, may have signed things that are no links of ours.
 */
export function forgeries(good: string, secret: Buffer): Forgery[] {
  const { header, claims } = partsOf(good);
  const [head, body, mac] = good.split(".") as [string, string, string];
  const other = Buffer.alloc(32, 7);
  const forged: Forgery[] = [];
  const add = (name: string, token: string) => forged.push({ name, token });
  const withHeader = (name: string, change: Record<string, unknown>) =>
    add(`header ${name}`, signed({ header: { ...header, ...change }, claims }, secret));
  const withClaims = (name: string, change: Record<string, unknown>) =>
    add(`claim ${name}`, signed({ header, claims: { ...claims, ...change } }, secret));

  add("signed with another key", signed({ header, claims }, other));
  add("signed with an empty key", signed({ header, claims }, Buffer.alloc(0)));
  add("unsigned, alg none", `${encoded({ ...header, alg: "none" })}.${body}.`);
  add("unsigned, alg none, with the old signature", `${encoded({ ...header, alg: "none" })}.${body}.${mac}`);
  add("signed as HS512", hs512({ header: { ...header, alg: "HS512" }, claims }, secret));
  add("HS512 under the name of HS256", hs512({ header, claims }, secret));
  add("signed as RS256", rs256({ header: { ...header, alg: "RS256" }, claims }));
  withHeader("alg hs256", { alg: "hs256" });
  withHeader("typ JWT", { typ: "JWT" });
  withHeader("typ of a receipt", { typ: "approval-receipt+jwt" });
  withHeader("without typ", { typ: undefined });
  withHeader("without kid", { kid: undefined });
  withHeader("kid unknown", { kid: "k9" });
  withHeader("kid __proto__", { kid: "__proto__" });
  withHeader("kid constructor", { kid: "constructor" });
  withHeader("kid a path", { kid: "../../dev/null" });
  withHeader("kid a number", { kid: 1 });
  withHeader("with crit", { crit: ["exp"] });
  withHeader("with jwk", { jwk: { kty: "oct", k: other.toString("base64url") } });
  withHeader("with jku", { jku: "https://evil.example/keys" });
  withHeader("with x5u", { x5u: "https://evil.example/cert" });

  const wrong: Record<string, readonly unknown[]> = {
    iss: ["https://evil.example", "", 1, [claims["iss"]]],
    aud: ["approval-receipt", "callback", ["approval-decision"], ["approval-decision", "x"], 1],
    sub: ["AAAAAAAAAAAAAAAAAAAAAA", "", "ana@example.com", 7],
    pid: [`${String(claims["pid"])}0`, "", 7, "x".repeat(401), null],
    act: ["Approve", "approve ", "", 1, ["approve"], "__proto__"],
    gen: [Number(claims["gen"]) + 1, -1, "0", 0.5, null],
    jti: ["", "short", 5],
    iat: ["now", -1, 1.5, null],
    exp: [0, 1, "9999999999", 1e21, null],
  };
  for (const [claim, values] of Object.entries(wrong)) {
    withClaims(`${claim} missing`, { [claim]: undefined });
    for (const value of values)
      withClaims(`${claim} = ${JSON.stringify(value)}`.slice(0, 60), { [claim]: value });
  }
  withClaims("nbf in addition", { nbf: 1 });
  withClaims("admin in addition", { admin: true });
  add("claims a list", `${head}.${encoded([])}.${mac}`);
  add("claims a list, signed", signed({ header, claims: [] as never }, secret));

  // The answer flipped, the old signature kept.
  const flipped = { ...claims, act: claims["act"] === "approve" ? "reject" : "approve" };
  add("answer flipped", `${head}.${encoded(flipped)}.${mac}`);
  add("signature of no bytes", `${head}.${body}.`);
  add("no signature part", `${head}.${body}`);
  add("four parts", `${good}.x`);
  add("padded", `${good}=`);
  add("blank at the end", `${good} `);
  add("longer than 1,024", `${head}.${body}.${"A".repeat(1_025)}`);
  add("header not JSON", `${Buffer.from("{").toString("base64url")}.${body}.${mac}`);
  add("header of UTF-8 rubbish", `_-8.${body}.${mac}`);
  add("only dots", "..");
  add("nothing of the kind", "po-4711");
  for (const at of [0, head.length + 5, good.length - 20, good.length - 1]) {
    add(`character ${at} changed`, `${good.slice(0, at)}${neighbour(good[at]!)}${good.slice(at + 1)}`);
  }
  return forged;
}

/** The next letter of base64url: in the last place it changes only bits that a lenient decoder drops. */
function neighbour(letter: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[alphabet.indexOf(letter) ^ 1] ?? "A";
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function hs512({ header, claims }: Parts, secret: Buffer): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${createHmac("sha512", secret).update(input).digest("base64url")}`;
}

function rs256({ header, claims }: Parts): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${signBytes("sha256", Buffer.from(input), privateKey).toString("base64url")}`;
}
