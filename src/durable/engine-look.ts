/** Looks at an engine in another process: whether it answers, and lets this program work. */
import { type Span, timeIn } from "./engine-time.ts";
import { EXTERNAL, lineage, PROTOCOL_VERSION } from "./lineage.ts";
import { type Token, tokenNow } from "./token.ts";

export interface Endpoint {
  readonly url: string;
  readonly token: Token;
}

/** What keeps a program from working with an engine. */
export type Obstacle =
  /** It may be there again in a moment. */
  | { readonly kind: "away"; readonly why: string }
  /** `code` as Node names what is wrong with the certificate, or with TLS as such. */
  | { readonly kind: "tls"; readonly code: string }
  | { readonly kind: "token" }
  /** The token is good, for some ids only. */
  | { readonly kind: "prefix" }
  /** What answers is no engine. */
  | { readonly kind: "stranger"; readonly status: number }
  /** It refuses requests that every engine takes. */
  | { readonly kind: "protocol"; readonly why: string };

export type Look =
  | {
      readonly kind: "works";
      /** Its clock minus ours, in milliseconds, to the second; undefined if it tells no time. */
      readonly aheadMs: number | undefined;
    }
  | Obstacle;

/**
 * Two ids that have no beginning in common. Callers choose the ids of approvals, so a token must be good for all. Neither
 * is ever created.
 */
const LOOKED_FOR = ["countersign-look", "look-countersign"] as const;

/** Two reads. Never throws. */
export async function lookAt(endpoint: Endpoint, signal: AbortSignal): Promise<Look> {
  const looks = await Promise.all(
    LOOKED_FOR.map((id) => request(endpoint, "promise.get", { id }, signal, [200, 404])),
  );
  return looks.find(({ kind }) => kind !== "works") ?? looks[0] ?? AWAY;
}

const AWAY: Look = { kind: "away", why: "it was not asked" };

/** Born with its end: at its server nothing ever waits for it. */
const TRIAL = "countersign-probe:0";

/**
 * Whether it takes ids such as `order:0`, as the SDK makes them. Leaves one promise behind, the same each time. Never
 * throws: the trial's own obstacle otherwise.
 */
export async function takesIds(endpoint: Endpoint, signal: AbortSignal): Promise<Look> {
  const data = { id: TRIAL, timeoutAt: 1, param: {}, tags: { ...lineage(TRIAL), ...EXTERNAL } };
  const look = await request(endpoint, "promise.create", data, signal, [200]);
  return look.kind === "protocol" ? { kind: "protocol", why: REFUSES_IDS } : look;
}

const REFUSES_IDS =
  "refuses ids such as order:0, which the SDK uses, so no workflow can take a step. Builds between 0.9.8 and 0.10.0 do that. Use a released version";

async function request(
  { url, token: source }: Endpoint,
  kind: string,
  data: object,
  signal: AbortSignal,
  answers: readonly number[],
): Promise<Look> {
  const corrId = "look";
  const token = tokenNow(source);
  const head = { corrId, version: PROTOCOL_VERSION, ...(token !== undefined && { auth: token }) };
  const sentAt = Date.now();
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ kind, head, data }),
      signal,
    });
    text = await response.text();
  } catch (error) {
    return unreached(error);
  }
  const { status } = response;
  if (status === 401) return { kind: "token" };
  if (status === 429 || status >= 500) return { kind: "away", why: `it answers ${status}` };
  const answer = answerIn(text);
  if (answer === undefined || answer.kind !== kind) return { kind: "stranger", status };
  if (status === 403) return { kind: "prefix" };
  if (answers.includes(status)) return { kind: "works", aheadMs: ahead(sentAt, timeIn(response.headers)) };
  const said = typeof answer.data === "string" ? `: ${answer.data.slice(0, 200)}` : "";
  const why = `refuses a plain request with ${status}${said}. Countersign speaks version ${PROTOCOL_VERSION} of Resonate's protocol`;
  return { kind: "protocol", why };
}

/** The middle of what is possible. */
function ahead(sentAt: number, time: Span | undefined): number | undefined {
  return time && Math.round((time.from + time.to - sentAt - Date.now()) / 2);
}

function answerIn(text: string): { readonly kind?: unknown; readonly data?: unknown } | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    const isAnswer = typeof answer === "object" && answer !== null && "kind" in answer && "head" in answer;
    return isAnswer ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** What Node calls a certificate that it does not accept, or an answer that is no TLS. */
const TLS_CODE = /CERT|_CA$|ISSUER|VERIFY_LEAF|^ERR_SSL_|HOSTNAME_MISMATCH/u;

function unreached(error: unknown): Obstacle {
  if (!(error instanceof Error)) return { kind: "away", why: String(error) };
  // The message of `fetch` says only that it failed; the reason is in the cause.
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = "code" in cause ? String(cause.code) : "";
  if (TLS_CODE.test(code)) return { kind: "tls", code };
  return { kind: "away", why: cause.message || code };
}
