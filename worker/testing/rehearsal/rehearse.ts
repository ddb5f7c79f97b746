/**
 * Plays a whole approval in this process and in virtual time: the real workflow on the real engine, the real mails, and
 * real presses on the pages of a real gateway. Only people, the mail relay and outgoing callbacks are played.
 */
import { randomUUID } from "node:crypto";
import type { Outcome } from "../../../src/approval/approval.ts";
import { addressKey } from "../../../src/approval/person.ts";
import { approvalRequestSchema } from "../../../src/approval/schema.ts";
import { callOf, requestOf } from "../../../src/approval/stored.ts";
import { createAddressPolicy } from "../../../src/callback/address-policy.ts";
import type { AskMail, Mail } from "../../../src/channels/mail/mailer.ts";
import type { StoredPromise } from "../../../src/durable/durable.ts";
import type { Gateway } from "../../../src/gateway/gateway.ts";
import { type FieldProblem, ServiceError } from "../../../src/lib/errors.ts";
import { createLogger } from "../../../src/lib/log.ts";
import { cancelApproval } from "../../../src/service/approvals/cancel.ts";
import { startApproval } from "../../../src/service/approvals/start.ts";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import type { GivenServices } from "../../runtime/services.ts";
import { PRODUCT_WORKFLOWS } from "../../workflows/index.ts";
import { LIMIT_MS, START, VirtualService } from "../virtual-service.ts";
import { press } from "./browser.ts";
import { type CollectingMailer, collectMails, type MailKind, type RehearsedMail } from "./mails.ts";
import { type Deed, type People, parsePeople, type Script } from "./people.ts";
import { type Happening, Timeline, type TimelineEntry } from "./timeline.ts";

export interface RehearsalOptions {
  /** What people do. Default: nobody answers. */
  readonly people?: People;
  /** When the approval is asked for. Default: 2030-01-01T09:00:00Z, so that each rehearsal has the same dates. */
  readonly now?: Date | string;
  /** Milliseconds of real time after which the rehearsal is given up. Default 10,000. */
  readonly limitMs?: number;
}

export interface Rehearsal {
  readonly outcome: Outcome;
  /** Everything that happened, in order of time. */
  readonly timeline: readonly TimelineEntry[];
  /** Every mail, in order. */
  readonly mails: readonly RehearsedMail[];
  /** ISO 8601 instants. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Addresses of `people` that got no mail and did nothing. A misspelt one is here. */
  readonly unused: readonly string[];
}

/** The request or the script cannot be used; `problems` names each field. */
export class RehearsalRefused extends Error {
  override readonly name = "RehearsalRefused";
  readonly of: "spec" | "people";
  readonly problems: readonly FieldProblem[];

  constructor(of: RehearsalRefused["of"], problems: readonly FieldProblem[]) {
    const listed = problems.map(({ field, message }) => `  ${field} ${message}`).join("\n");
    super(`Cannot rehearse: some fields of ${of} are wrong\n${listed}`);
    this.of = of;
    this.problems = problems;
  }
}

const GROUP = "worker";
const PUBLIC_URL = "http://countersign.test";
/** No link of a rehearsal leads anywhere, so the key need not be secret; with this one, equal rehearsals have equal mails. */
const KEYS = [{ kid: "rehearsal", secret: Buffer.alloc(32, "rehearsal") }];
const CALLBACK_TARGETS = { ports: [443], allow: { hosts: [], networks: [] } };

/**
 * Asks for the approval, lets people act and time pass until all of it is over, and tells what happened.
 *
 *     const { outcome, mails } = await rehearse(
 *       { title: "Buy pens", approvers: ["ana@example.com"], deadline: "P5D" },
 *       { people: { "ana@example.com": { choice: "approve", after: "P1D" } } },
 *     );
 *
 * @param spec the body of `POST /approvals`
 * @throws RehearsalRefused for a request or a script that cannot be used; TypeError for other options; Error when it is
 *   not over within `limitMs`, or the approval's workflow broke off
 */
export async function rehearse(spec: unknown, options: RehearsalOptions = {}): Promise<Rehearsal> {
  const parsed = parsePeople(options.people, choicesIn(spec));
  if (!parsed.ok) throw new RehearsalRefused("people", parsed.problems);
  const rehearsal = new Play(parsed.script, options);
  try {
    return await rehearsal.run(spec);
  } finally {
    await rehearsal.stop();
  }
}

/** The values of the choices that the spec gives people; the request itself is checked later. */
function choicesIn(spec: unknown): string[] {
  const parsed = approvalRequestSchema.shape.choices.safeParse(
    typeof spec === "object" && spec !== null && "choices" in spec ? spec.choices : undefined,
  );
  return parsed.success && parsed.data !== undefined
    ? parsed.data.map(({ value }) => value)
    : ["approve", "reject"];
}

class Play {
  readonly #script: Script;
  readonly #service: VirtualService;
  readonly #timeline: Timeline;
  readonly #mailer: CollectingMailer;
  /** How many mails of a kind a person has got. */
  readonly #got = new Map<string, number>();
  readonly #seen = new Set<string>();
  #gateway: Gateway | undefined;

  constructor(script: Script, { now = START, limitMs = LIMIT_MS }: RehearsalOptions) {
    this.#script = script;
    this.#mailer = collectMails({ publicUrl: PUBLIC_URL, now: () => this.#service.now() }, (mail, source) =>
      this.#mailed(mail, source),
    );
    this.#service = new VirtualService({
      what: "The approval",
      now,
      limitMs,
      group: GROUP,
      workflows: PRODUCT_WORKFLOWS,
      services: (service) => this.#services(service),
    });
    this.#timeline = new Timeline(this.#service.startedAtMs);
  }

  async stop(): Promise<void> {
    await this.#gateway?.close();
    await this.#service.stop();
  }

  async run(spec: unknown): Promise<Rehearsal> {
    const { durable, startedAtMs } = this.#service;
    const root = await this.#begin(spec);
    this.#note({
      what: "begun",
      approval: root.id,
      deadline: new Date(callOf(root)?.terms.deadlineAtMs ?? root.timeoutAt).toISOString(),
    });
    this.#gateway = await openPages(this.#service);
    for (const { address, deed } of this.#script.fromStart()) {
      this.#plan(address, deed, { approval: root.id });
    }
    const ended = await this.#service.settled(root.id);
    const outcome = outcomeOf(ended);
    const endedAtMs = ended.settledAt ?? this.#service.now();
    this.#timeline.note(endedAtMs, { what: "ended", outcome: outcome.outcome, reason: outcome.reason });
    // Those who come too late are told so.
    await this.#service.finished();
    const known = await durable.read(root.id);
    if (known === undefined) throw new Error(`Cannot rehearse: the approval ${root.id} has vanished`);
    return {
      outcome,
      timeline: this.#timeline.entries(),
      mails: this.#mailer.mails,
      startedAt: new Date(startedAtMs).toISOString(),
      endedAt: new Date(endedAtMs).toISOString(),
      unused: this.#script.addresses.filter((address) => !this.#seen.has(address)),
    };
  }

  async #begin(spec: unknown): Promise<StoredPromise> {
    try {
      return await startApproval(
        {
          durable: this.#service.durable,
          clock: () => this.#service.now(),
          newId: () => "rehearsal",
          callbackUrlProblem: createAddressPolicy(CALLBACK_TARGETS).problem,
        },
        { body: spec, idempotencyKeys: [] },
      );
    } catch (error) {
      if (!(error instanceof ServiceError) || error.problems.length === 0) throw error;
      throw new RehearsalRefused("spec", error.problems);
    }
  }

  #services(service: VirtualService): GivenServices {
    return {
      mailer: this.#mailer,
      callbacks: {
        endpointsFor: () => [],
        urlProblem: createAddressPolicy(CALLBACK_TARGETS).problem,
        attempt: async ({ event, to }, n) => {
          const url = to.kind === "url" ? to.url : to.name;
          this.#note({ what: "callback", event: event.type, to: url });
          const at = new Date(service.now()).toISOString();
          return {
            kind: "attempt",
            n,
            at,
            ms: 0,
            result: "2xx",
            next: { kind: "end", status: "delivered" },
          };
        },
      },
      tokens: createLinkTokens({ keys: KEYS, issuer: PUBLIC_URL }),
      publicUrl: PUBLIC_URL,
      group: GROUP,
    };
  }

  #mailed({ n, to, kind, subject }: RehearsedMail, source: Mail): void {
    this.#note({ what: "mail", mail: n, to, kind, subject });
    for (const deed of this.#script.reactionsTo(to, kind, this.#count(to, kind)))
      this.#plan(to, deed, source);
  }

  #count(to: string, kind: MailKind): number {
    const address = addressKey(to);
    this.#seen.add(address);
    const key = JSON.stringify([address, kind]);
    const count = (this.#got.get(key) ?? 0) + 1;
    this.#got.set(key, count);
    return count;
  }

  #plan(who: string, deed: Deed, about: Pick<AskMail, "approval"> & Partial<Pick<AskMail, "links">>): void {
    this.#seen.add(addressKey(who));
    this.#service.after(deed.afterMs, async () => {
      if ("do" in deed.act) await this.#cancel(who, about.approval, deed.comment);
      else if (about.links !== undefined) await this.#answer(who, deed.act.choice, about.links, deed.comment);
    });
  }

  async #answer(
    who: string,
    choice: string,
    links: Readonly<Record<string, string>>,
    comment: string | undefined,
  ): Promise<void> {
    const link = links[choice];
    if (link === undefined || this.#gateway === undefined) {
      throw new Error(`Cannot rehearse: the mail to ${who} has no link for ${choice}`);
    }
    const typed = { choice, ...(comment === undefined ? {} : { comment }) };
    const note = this.#timeline.begin(this.#service.now());
    const { headline, effective } = await press(link, { at: this.#gateway.url, typed });
    note({
      what: "answer",
      who,
      choice,
      ...(comment === undefined ? {} : { comment }),
      effective: effective === true,
      told: headline,
    });
  }

  async #cancel(who: string, approval: string, reason: string | undefined): Promise<void> {
    const { durable } = this.#service;
    const root = await durable.read(approval);
    const request = root && requestOf(root);
    if (root === undefined || request === undefined) throw new Error(`Cannot cancel: ${approval} is gone`);
    const cancelling = { durable, newId: randomUUID, signal: new AbortController().signal };
    const note = this.#timeline.begin(this.#service.now());
    const said = { what: "cancel", who, ...(reason === undefined ? {} : { reason }) } as const;
    try {
      await cancelApproval(cancelling, { root, request }, reason);
      note({ ...said, effective: true, told: "Cancelled" });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      note({ ...said, effective: false, told: error.message });
    }
  }

  #note(happening: Happening): void {
    this.#timeline.note(this.#service.now(), happening);
  }
}

/** The gateway for people; programs have no access. It is loaded here, because tests of workflows need none. */
async function openPages({ durable }: VirtualService): Promise<Gateway> {
  const { startGateway } = await import("../../../src/gateway/gateway.ts");
  return await startGateway({
    durable,
    log: createLogger({ level: "silent", part: "gateway", destination: { write: () => {} } }),
    host: "127.0.0.1",
    port: 0,
    publicUrl: PUBLIC_URL,
    keys: KEYS,
    mailbox: undefined,
    callbackUrlProblem: createAddressPolicy(CALLBACK_TARGETS).problem,
    authenticate: { open: () => undefined, identify: async () => undefined },
  });
}

function outcomeOf({ id, state, value }: StoredPromise): Outcome {
  if (state === "resolved") return value as Outcome;
  const why = value instanceof Error ? value.message : state;
  throw new Error(`The workflow of the approval ${id} broke off: ${why}`, { cause: value });
}
