/**
 * Plays a whole approval in this process and in virtual time: the real workflow on the real engine, the real mails, and
 * real presses on the pages of a real gateway. Only people, the mail relay and outgoing callbacks are played.
 */
import type { z } from "zod";
import type { absenceRequest } from "../../../src/approval/absence-request.ts";
import type { Outcome } from "../../../src/approval/approval.ts";
import { courseOf, evaluationOf } from "../../../src/approval/course.ts";
import { separableItems } from "../../../src/approval/items.ts";
import { addressKey } from "../../../src/approval/person.ts";
import { parseApprovalRequest } from "../../../src/approval/request.ts";
import { ruleOf } from "../../../src/approval/rule.ts";
import { type Aliases, KnownPeople } from "../../../src/approval/same-person.ts";
import { createAddressPolicy } from "../../../src/callback/address-policy.ts";
import type { Mail } from "../../../src/channels/mail/mailer.ts";
import type { StoredPromise } from "../../../src/durable/durable.ts";
import type { Gateway } from "../../../src/gateway/gateway.ts";
import { type FieldProblem, ServiceError } from "../../../src/lib/errors.ts";
import { createLogger } from "../../../src/lib/log.ts";
import { addAbsence } from "../../../src/service/absences/absences.ts";
import { openAbsenceBook } from "../../../src/service/absences/book.ts";
import { startApproval } from "../../../src/service/approvals/start.ts";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import type { GivenServices } from "../../runtime/services.ts";
import { PRODUCT_WORKFLOWS } from "../../workflows/index.ts";
import { instantMs, LIMIT_MS, START, VirtualService } from "../virtual-service.ts";
import { type About, act } from "./acts.ts";
import { type CollectingMailer, collectMails, isAsking, type MailKind, type RehearsedMail } from "./mails.ts";
import { type People, parsePeople, type Script } from "./people.ts";
import type { Deed } from "./reaction.ts";
import { type Happening, standsText, Timeline, type TimelineEntry } from "./timeline.ts";

export interface RehearsalOptions {
  /** What people do. Default: nobody answers. */
  readonly people?: People;
  /** Who is away, and who is asked instead: bodies of `POST /absences`. Durations count from the beginning. */
  readonly absences?: readonly RehearsedAbsence[];
  /** When the approval is asked for. Default: 2030-01-01T09:00:00Z, so that each rehearsal has the same dates. */
  readonly now?: Date | string;
  /** Whether silence may count as approval, as by the setting `ALLOW_APPROVE_BY_DEADLINE`. Default: no. */
  readonly mayApproveByDeadline?: boolean | undefined;
  /** What `ALIASES_FILE` says of people's addresses. Default: nothing. */
  readonly aliases?: Aliases | undefined;
  /** Milliseconds of real time after which the rehearsal is given up. Default 10,000. */
  readonly limitMs?: number;
}

/** As `POST /absences` takes it. */
export type RehearsedAbsence = z.input<typeof absenceRequest>;

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
  readonly of: "spec" | "people" | "absences";
  readonly problems: readonly FieldProblem[];

  constructor(of: RehearsalRefused["of"], problems: readonly FieldProblem[]) {
    const listed = problems.map(({ field, message }) => `  ${field} ${message}`).join("\n");
    super(`Cannot rehearse: some fields of ${of} are wrong\n${listed}`);
    this.of = of;
    this.problems = problems;
  }
}

const NO_LIST = { field: "body", message: "must be a list of absences" };
const GROUP = "worker";
const PUBLIC_URL = "http://countersign.test";
/** No link of a rehearsal leads anywhere, so the key need not be secret; with this one, equal rehearsals have equal mails. */
const KEYS = [{ kid: "rehearsal", secret: Buffer.alloc(32, "rehearsal") }];
const SIGNING_KEYS = { sign: [Buffer.alloc(32, "rehearsal")] } as const;
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
  const request = parseApprovalRequest(spec, {
    nowMs: instantMs(options.now ?? START),
    callbackUrlProblem: createAddressPolicy(CALLBACK_TARGETS).problem,
    mayApproveByDeadline: options.mayApproveByDeadline,
    whoIs: new KnownPeople(options.aliases).whoIs,
  });
  if (!request.ok) throw new RehearsalRefused("spec", request.problems);
  const parsed = parsePeople(options.people, {
    choices: ruleOf(request.value).choices.map(({ value }) => value),
    fieldNames: Object.keys(request.value.fields?.properties ?? {}),
    items: separableItems(request.value),
  });
  if (!parsed.ok) throw new RehearsalRefused("people", parsed.problems);
  const rehearsal = new Play(parsed.script, options);
  try {
    await rehearsal.away(options.absences ?? []);
    return await rehearsal.run(spec);
  } finally {
    await rehearsal.stop();
  }
}

class Play {
  readonly #script: Script;
  readonly #service: VirtualService;
  readonly #timeline: Timeline;
  readonly #tokens = createLinkTokens({ keys: KEYS, issuer: PUBLIC_URL });
  readonly #mailer: CollectingMailer;
  readonly #absences = openAbsenceBook((id) => this.#service.durable.read(id));
  /** How many mails of a kind a person has got. */
  readonly #got = new Map<string, number>();
  readonly #seen = new Set<string>();
  readonly #mayApproveByDeadline: boolean | undefined;
  readonly #known: KnownPeople;
  #gateway: Gateway | undefined;
  #approval: string | undefined;
  /** How the approval stood when it was last looked at, in words. */
  #stood = "";

  constructor(
    script: Script,
    { now = START, limitMs = LIMIT_MS, mayApproveByDeadline, aliases }: RehearsalOptions,
  ) {
    this.#script = script;
    this.#mayApproveByDeadline = mayApproveByDeadline;
    this.#known = new KnownPeople(aliases);
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
      onRest: () => this.#look(),
    });
    this.#timeline = new Timeline(this.#service.startedAtMs);
  }

  async stop(): Promise<void> {
    await this.#gateway?.close();
    await this.#service.stop();
  }

  /** Stores the rules of those who are away. */
  async away(absences: readonly RehearsedAbsence[]): Promise<void> {
    if (!Array.isArray(absences)) throw new RehearsalRefused("absences", [NO_LIST]);
    const options = { durable: this.#service.durable, absences: this.#absences, clock: () => 0 };
    for (const [i, absence] of absences.entries()) {
      const actor = { door: "api", nonce: `absence-${i}` } as const;
      await addAbsence(options, absence, actor).catch((error: unknown) => {
        if (!(error instanceof ServiceError)) throw error;
        const problems = error.problems.map(({ field, message }) => ({ field: `[${i}].${field}`, message }));
        throw new RehearsalRefused("absences", problems);
      });
    }
  }

  async run(spec: unknown): Promise<Rehearsal> {
    const { durable, startedAtMs } = this.#service;
    const root = await this.#begin(spec);
    this.#approval = root.id;
    const course = courseOf(root, []);
    if (course === undefined) throw new Error(`Cannot rehearse: ${root.id} is no approval`);
    this.#note({
      what: "begun",
      approval: root.id,
      deadline: new Date(course.deadlineAtMs).toISOString(),
    });
    this.#gateway = await openPages(this.#service);
    for (const { address, deed } of this.#script.fromStart()) {
      this.#plan(address, deed, { approval: root.id, links: {} });
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

  /** Notes how the approval stands now, if that has changed. */
  async #look(): Promise<void> {
    const { durable } = this.#service;
    const root = this.#approval === undefined ? undefined : await durable.read(this.#approval);
    if (root?.state !== "pending") return;
    const course = courseOf(root, await durable.children(root.id));
    if (course === undefined) return;
    const { explanation } = evaluationOf(course, this.#service.now());
    const stands = standsText(explanation);
    if (stands !== this.#stood) this.#note({ what: "stands", explanation });
    this.#stood = stands;
  }

  async #begin(spec: unknown): Promise<StoredPromise> {
    return await startApproval(
      {
        durable: this.#service.durable,
        absences: this.#absences,
        clock: () => this.#service.now(),
        newId: () => "rehearsal",
        callbackUrlProblem: createAddressPolicy(CALLBACK_TARGETS).problem,
        mayApproveByDeadline: this.#mayApproveByDeadline,
        known: this.#known,
      },
      { body: spec, idempotencyKeys: [] },
    );
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
      tokens: this.#tokens,
      publicUrl: PUBLIC_URL,
      group: GROUP,
      mayApproveByDeadline: this.#mayApproveByDeadline,
      known: this.#known,
    };
  }

  #mailed({ n, to, kind, subject }: RehearsedMail, source: Mail): void {
    this.#note({ what: "mail", mail: n, to, kind, subject });
    const nthAsking = isAsking(kind) ? this.#count(to, "asking") : 0;
    const received = { kind, nth: this.#count(to, kind), nthAsking };
    const { approval } = source;
    const links = "links" in source ? source.links : {};
    for (const deed of this.#script.reactionsTo(to, received)) {
      this.#plan(to, deed, { approval, links });
    }
  }

  /** How many of these a person has got, with this one. */
  #count(to: string, what: MailKind | "asking"): number {
    const address = addressKey(to);
    this.#seen.add(address);
    const key = JSON.stringify([address, what]);
    const count = (this.#got.get(key) ?? 0) + 1;
    this.#got.set(key, count);
    return count;
  }

  #plan(who: string, deed: Deed, about: About): void {
    this.#seen.add(addressKey(who));
    this.#service.after(deed.afterMs, async () => {
      if (this.#gateway === undefined) throw new Error("Cannot rehearse: the pages are closed");
      const note = this.#timeline.begin(this.#service.now());
      const { durable } = this.#service;
      const reached = {
        durable,
        tokens: this.#tokens,
        now: () => this.#service.now(),
        pages: this.#gateway.url,
      };
      note(await act(reached, who, deed, about));
    });
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
    signingKeys: SIGNING_KEYS,
    mailbox: undefined,
    callbackUrlProblem: createAddressPolicy(CALLBACK_TARGETS).problem,
    authenticate: { open: () => undefined, identify: async () => undefined, again: () => undefined },
  });
}

function outcomeOf({ id, state, value }: StoredPromise): Outcome {
  if (state === "resolved") return value as Outcome;
  const why = value instanceof Error ? value.message : state;
  throw new Error(`The workflow of the approval ${id} broke off: ${why}`, { cause: value });
}
