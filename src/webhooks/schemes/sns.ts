/**
 * Amazon SNS, by which Amazon SES reports about mails: RSA over some members of the body, with a certificate whose address is in
 * the body.
 *
 * A1 Everybody who has an account there can have SNS sign messages and send them anywhere. So a message counts only if it is
 *    about a topic that is named in the settings.
 * A2 The certificate comes from SNS itself, in the topic's region: the host follows from the topic, and the message only says
 *    which of its files it is.
 * A3 A new subscription of such a topic is confirmed, at an address that we make: none that was sent is ever visited.
 */
import { verify as verifySignature, X509Certificate } from "node:crypto";
import { z } from "zod";
import { ServiceError } from "../../lib/errors.ts";
import { badSignature, jsonIn, refuse, type Scheme, timeProblem } from "../verify.ts";

/** The text at an https address, of no more than some kilobytes; undefined if there is no such file. @throws Error */
type Get = (url: string) => Promise<string | undefined>;

const text = z.string();
const message = z.object({
  Type: z.enum(["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  MessageId: text.regex(/^[\w-]{1,100}$/),
  TopicArn: text,
  Subject: z.nullish(text),
  Message: text,
  Timestamp: text,
  Token: z.nullish(text.max(1_024)),
  SubscribeURL: z.nullish(text),
  SignatureVersion: z.enum(["1", "2"]),
  Signature: text.regex(/^[A-Za-z0-9+/]{1,1024}={0,2}$/),
  SigningCertURL: text,
});

type Message = z.output<typeof message>;

/** Tries of an hour have the time of the first, and operators send what was left over again. */
const TRIES_MS = 24 * 3_600_000;

const SIGNED = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  SubscriptionConfirmation: [
    "Message",
    "MessageId",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
  ],
  UnsubscribeConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
} as const;

const HASHES = { 1: "sha1", 2: "sha256" } as const;

/** `arn:<partition>:sns:<region>:<account>:<name>`. */
export const TOPIC = /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]{3,30}):\d{12}:[\w-]{1,256}$/;

export function sns(topics: readonly string[], get: Get = getText): Scheme {
  const known = new Map(topics.map((topic) => [topic, hostOf(topic)]));
  const certificateAt = certificates(get);
  return {
    format: "json",
    verify: (_head, nowMs) => ({
      ok: true,
      async check(body) {
        const read = message.safeParse(jsonIn(body));
        if (!read.success)
          return refuse("malformed", "The body must be a message of Amazon SNS, with its signature");
        const { data } = read;
        const { Type, TopicArn, MessageId, Timestamp, SignatureVersion, Signature } = data;
        const host = known.get(TopicArn);
        if (host === undefined) return refuse("credentials", "The topic is none of this source");
        const late = timeProblem(Timestamp, nowMs, "rfc3339", TRIES_MS);
        if (late !== undefined) return late;
        const address = URL.parse(data.SigningCertURL);
        if (address === null || !isCertificateOf(host, address)) {
          return refuse("malformed", `SigningCertURL must be a certificate of ${host}`);
        }
        const key = await certificateAt(address.href, nowMs);
        const bytes = Buffer.from(Signature, "base64");
        const isGood =
          key !== undefined && verifySignature(HASHES[SignatureVersion], signedText(data), key, bytes);
        if (!isGood) return badSignature();
        const confirm = Type === "SubscriptionConfirmation" ? () => subscribe(get, host, data) : undefined;
        return { ok: true, replayKey: MessageId, ...(confirm && { confirm }) };
      },
    }),
    /** What was published to the topic. */
    unwrap(content) {
      const read = message.safeParse(content);
      return read.success && read.data.Type === "Notification" ? read.data.Message : undefined;
    },
  };
}

function hostOf(topic: string): string {
  const [, partition, region] = TOPIC.exec(topic) ?? [];
  return `sns.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`;
}

function isCertificateOf(
  host: string,
  { protocol, host: named, username, password, pathname, search, hash }: URL,
) {
  return (
    protocol === "https:" &&
    named === host &&
    `${username}${password}${search}${hash}` === "" &&
    /^\/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem$/.test(pathname)
  );
}

/** Each member that is there: its name and its value, a line each. */
function signedText(data: Message): Buffer {
  const lines = SIGNED[data.Type].flatMap((name) => {
    const value = data[name];
    return value === undefined || value === null ? [] : [`${name}\n${value}\n`];
  });
  return Buffer.from(lines.join(""));
}

async function subscribe(get: Get, host: string, { TopicArn, Token }: Message): Promise<void> {
  const query = new URLSearchParams({ Action: "ConfirmSubscription", TopicArn, Token: Token ?? "" });
  const refused = (cause?: unknown): ServiceError =>
    new ServiceError("SENDER_UNAVAILABLE", `The subscription cannot be confirmed at ${host} now`, { cause });
  const answer = await get(`https://${host}/?${query.toString()}`).catch((cause: unknown) => {
    throw refused(cause);
  });
  if (answer === undefined) throw refused();
}

/** SNS has one certificate for a region at a time. */
const KEPT_MAX = 16;
/** A stranger's delivery can name any file, and each name makes us ask for it. */
const ASKED_MAX = 10;
const ASKED_WITHIN_MS = 60_000;
/** How long a file that is no certificate is not asked for again, so that naming it costs nobody else a place. */
const MISSING_MS = 10 * 60_000;

/** Keys of certificates by their addresses; undefined for what is not of now. */
function certificates(get: Get) {
  const kept = new Map<string, X509Certificate>();
  /** What is being fetched: deliveries of the same moment wait for the same answer. */
  const coming = new Map<string, Promise<X509Certificate>>();
  /** When an address was found to have none: at most as many as were asked for within that time. */
  const missing = new Map<string, number>();
  let asked: number[] = [];

  const read = async (url: string, nowMs: number): Promise<X509Certificate> => {
    const pem = await get(url).catch((cause: unknown) => {
      throw unavailable(url, cause);
    });
    const found = pem === undefined ? undefined : certificateIn(pem);
    if (found === undefined) {
      missing.set(url, nowMs);
      throw unavailable(url);
    }
    const [oldest] = kept.keys();
    if (kept.size >= KEPT_MAX && oldest !== undefined) kept.delete(oldest);
    kept.set(url, found);
    return found;
  };

  const ask = (url: string, nowMs: number): Promise<X509Certificate> => {
    for (const [each, atMs] of missing) if (Math.abs(nowMs - atMs) >= MISSING_MS) missing.delete(each);
    if (missing.has(url)) throw unavailable(url);
    asked = asked.filter((atMs) => Math.abs(nowMs - atMs) < ASKED_WITHIN_MS);
    if (asked.length >= ASKED_MAX) throw unavailable(url);
    asked.push(nowMs);
    const answer = read(url, nowMs).finally(() => coming.delete(url));
    coming.set(url, answer);
    return answer;
  };

  return async (url: string, nowMs: number) => {
    const found = kept.get(url) ?? (await (coming.get(url) ?? ask(url, nowMs)));
    const isNow = found.validFromDate.getTime() <= nowMs && nowMs <= found.validToDate.getTime();
    return isNow && found.publicKey.asymmetricKeyType === "rsa" ? found.publicKey : undefined;
  };
}

function unavailable(url: string, cause?: unknown): ServiceError {
  const { host } = new URL(url);
  return new ServiceError(
    "SENDER_UNAVAILABLE",
    `The certificate of the signature cannot be read from ${host} now`,
    {
      cause,
    },
  );
}

function certificateIn(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

const GET_MS = 10_000;
const GET_BYTES_MAX = 64 * 1024;

/** As S3 says that there is no such file, too. */
const NO_SUCH_FILE = [403, 404, 410];

async function getText(url: string): Promise<string | undefined> {
  const answer = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(GET_MS) });
  let found = "";
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    found += decoder.decode(chunk, { stream: true });
    if (found.length > GET_BYTES_MAX) throw new Error(`More than ${GET_BYTES_MAX} bytes came`);
  }
  if (NO_SUCH_FILE.includes(answer.status)) return undefined;
  if (!answer.ok) throw new Error(`It answered ${answer.status}`);
  return found;
}
