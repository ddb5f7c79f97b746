/** One approval on its way through a path of rules, and what everybody was told of it. */
import type { Outcome } from "../../src/approval/approval.ts";
import { decodeValue } from "../../src/durable/value.ts";
import type { Value } from "../../src/protocol/records.ts";
import { type Api, expectStatus } from "./api.ts";
import { rootOf } from "./deaths.ts";
import type { Asked, Moment } from "./engine-proxy.ts";
import { eventually } from "./eventually.ts";
import { post } from "./http.ts";
import type { AnyMail } from "./mails.ts";
import { look, press } from "./press.ts";
import type { Relay } from "./relay.ts";
import type { RulePath } from "./rule-paths.ts";

/** Each of the deaths takes a second of lease away from those that it hits. */
const PATIENCE = { withinMs: 300_000 };

/** The end of an approval as everybody sees it, in words that are the same for all approvals of a path. */
export interface Told {
  readonly outcome: string;
  readonly decisions: readonly string[];
  readonly ballots: readonly string[];
  /** Kinds of the notices that were ordered. */
  readonly notices: readonly string[];
  /** Addressee and subject of each mail; copies of one Message-ID are one mail. */
  readonly mails: readonly string[];
  /** What the links of each mail say now. */
  readonly pages: readonly string[];
}

interface Parts {
  readonly api: Api;
  readonly relay: Relay;
}

export class Story {
  readonly id: string;
  readonly path: RulePath;
  readonly #api: Api;
  readonly #relay: Relay;
  /** How many things have happened to the approval, itself included. */
  #acts = 0;
  /** After how many of them the approval has come to rest. */
  #restsAfter = -1;
  /** Kinds by the ids of their workflows. */
  readonly #notices = new Map<string, string>();
  /** Those that the engine has stored. */
  readonly #ordered = new Set<string>();

  constructor(id: string, path: RulePath, { api, relay }: Parts) {
    this.id = id;
    this.path = path;
    this.#api = api;
    this.#relay = relay;
  }

  /** Sees a request of a worker that is about this approval. */
  note(moment: Moment, { kind, action, id, data }: Asked): void {
    if (moment === "reply" && kind === "task.suspend" && id === this.id) this.#restsAfter = this.#acts;
    if (!NOTICE.test(id) || id !== noticeIn(id) || (action ?? kind) !== "promise.create") return;
    this.#notices.set(id, kindOf(data));
    if (moment === "reply") this.#ordered.add(id);
  }

  /** The name of a request: the same for all approvals of a path, and another one after each act. */
  stepOf({ kind, action = "", id }: Asked): string {
    const place = id.slice(this.id.length);
    // Notices go their own way, whatever happens to the approval meanwhile.
    if (!NOTICE.test(place)) return `${this.#acts} ${kind} ${action} ${place.replace(/~\w+/u, "~")}`;
    const notice = this.#notices.get(noticeIn(id)) ?? "unknown";
    return `${kind} ${action} ${place.replace(NOTICE, `:notice(${notice})`)}`;
  }

  async ask(): Promise<void> {
    const { before, request: asked } = this.path;
    const request = typeof asked === "function" ? asked(this.id) : asked;
    await before?.(this);
    await this.#api.ask({ deadline: "P7D", ...request, id: this.id, title: this.id, requester: REQUESTER });
    await this.#rest();
  }

  /** What is done before any time passes. */
  async begin(): Promise<void> {
    await this.#play(this.path.acts, this.path.later !== undefined);
  }

  /** The clock is about to be moved. */
  timePasses(): void {
    this.#acts += 1;
  }

  /** What is done after that time, up to the end of the approval and of the mails that tell of it. */
  async end(): Promise<Told> {
    const { later = [] } = this.path;
    if (later.length > 0) await this.#rest();
    await this.#play(later, false);
    return this.#told();
  }

  async press(
    who: string,
    { nth = 1, choice }: { readonly nth?: number; readonly choice?: string } = {},
  ): Promise<void> {
    const mail = await eventually(
      `${this.id}: mail ${nth} to ${who}`,
      () => unlike(this.#relay.mailsOf(this.id)).filter(({ to }) => to === who)[nth - 1],
      PATIENCE,
    );
    const told = await press(mail.links.approve, choice === undefined ? {} : { choice });
    if (told.effective !== true)
      throw new Error(`${this.id}: the press of ${who} had no effect: ${told.page}`);
  }

  /** Of the program that asked. */
  async call(act: string, body: object): Promise<void> {
    await this.post(`/approvals/${this.id}/${act}`, body);
  }

  async post(path: string, body: object): Promise<void> {
    const answer = await post(`${this.#api.origin}${path}`, body, {
      "idempotency-key": `${this.id} ${path}`,
    });
    if (answer.status === 201) return;
    // Stored, but the worker that would have acted on it has died.
    if (answer.status !== 202) expectStatus(answer, 200);
  }

  /** All mails about it, copies included. */
  mails(): AnyMail[] {
    const notices = this.#relay.notices.filter(({ subject }) => subject.includes(this.id));
    return [...this.#relay.mailsOf(this.id), ...notices];
  }

  async #play(acts: RulePath["acts"], goesOn: boolean): Promise<void> {
    for (const [i, act] of acts.entries()) {
      this.#acts += 1;
      await act(this);
      if (goesOn || i + 1 < acts.length) await this.#rest();
    }
  }

  /** Nothing is under way any more: else it would be chance what comes first. */
  async #rest(): Promise<void> {
    const acts = this.#acts;
    await eventually(`${this.id} rests after ${acts} acts`, () => this.#restsAfter >= acts, PATIENCE);
    await this.#noticesEnd();
  }

  async #noticesEnd(): Promise<void> {
    await Promise.all([...this.#ordered].map((notice) => this.#api.ended(notice, PATIENCE)));
  }

  async #told(): Promise<Told> {
    const { result } = await this.#api.ended(this.id, PATIENCE);
    // Workflows of their own, which may end after the approval.
    const count = this.path.notices.length;
    await eventually(
      `${this.id} (${this.path.name}) has ${count} notices`,
      () => this.#ordered.size >= count || Promise.reject(new Error([...this.#notices.values()].join())),
      PATIENCE,
    );
    await this.#noticesEnd();
    const { outcome, decisions } = result as Outcome;
    const { ballots } = await this.#api.approval(this.id);
    const asking = unlike(this.#relay.mailsOf(this.id));
    const pages = await Promise.all(
      asking.map(async ({ to, links }) => `${to}: ${(await look(links.approve)).decision}`),
    );
    const inWords = (line: string) => line.replaceAll(this.id, "…");
    return {
      outcome,
      decisions: decisions.map(({ email, choice }) => inWords(`${email}: ${choice}`)),
      ballots: ballots.map(({ approver, state }) => inWords(`${approver.email} ${state}`)),
      notices: [...this.#ordered].map((notice) => this.#notices.get(notice) ?? "unknown").sort(),
      mails: mailsIn(this.mails()).map(inWords),
      pages: pages.map(inWords).sort(),
    };
  }
}

/** Addressee and subject of each mail, in order; copies of one Message-ID are one mail. */
export function mailsIn(mails: readonly AnyMail[]): string[] {
  return unlike(mails)
    .map(({ to, subject }) => `${to}: ${subject}`)
    .sort();
}

/** What is wrong with these mails of one approval: copies must be copies. */
export function unequalCopies(mails: readonly AnyMail[]): string[] {
  return unlike(mails).flatMap((first) =>
    mails
      .filter(({ messageId }) => messageId === first.messageId)
      .filter((mail) => contentOf(mail) !== contentOf(first))
      .map(({ to, subject }) => `Another content under the same Message-ID: to ${to}, ${subject}`),
  );
}

const contentOf = ({ to, from, subject, text, html }: AnyMail) =>
  JSON.stringify([to, from, subject, text, html]);

/** The first of each Message-ID. */
function unlike<M extends AnyMail>(mails: readonly M[]): M[] {
  const seen = new Set<string>();
  return mails.filter(({ messageId }) => !seen.has(messageId) && seen.add(messageId));
}

const REQUESTER = "kim@example.com";
/** A notice's id ends in a hash that is another one for each approval. */
const NOTICE = /:notice~\w+/u;

/** The notice that this promise is, or is of. */
function noticeIn(id: string): string {
  return `${rootOf(id)}${NOTICE.exec(id)?.[0] ?? ""}`;
}

/** What a notice tells, from the request that begins it. */
function kindOf(data: Asked["data"]): string {
  const action = data["action"] as { readonly data: Asked["data"] } | undefined;
  const { param } = (action?.data ?? data) as { readonly param?: Value };
  const call = decodeValue(param) as { args: [{ says: { mail: string } }] };
  return call.args[0].says.mail;
}
