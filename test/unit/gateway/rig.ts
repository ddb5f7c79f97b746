/** Gateway, engine and worker in one process, real but for the mail, which is kept for the test to open. */

import { pino } from "pino";
import type { Delivery } from "../../../src/approval/approval.ts";
import { KIND_TAG } from "../../../src/approval/ids.ts";
import { APPROVAL_SLACK_MS, readApprovalContent } from "../../../src/approval/request.ts";
import type { KnownPeople } from "../../../src/approval/same-person.ts";
import type { Authenticate } from "../../../src/auth/authenticate.ts";
import type { CallbackSender } from "../../../src/callback/sender.ts";
import type {
  LogHeadMail,
  Mail,
  PasskeyMail,
  RequestMail,
  SignInMail,
} from "../../../src/channels/mail/mailer.ts";
import { createAdministration } from "../../../src/durable/administration.ts";
import type { Durable, StoredPromise } from "../../../src/durable/durable.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
// Tests set the time, and no ten minutes shall pass until it is believed.
import { SYSTEM_CLOCK } from "../../../src/engine/clock.ts";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import { embeddedEventLog } from "../../../src/evidence/event-log.ts";
import { evidenceTrail } from "../../../src/evidence/trail.ts";
import { type GatewayOptions, startGateway } from "../../../src/gateway/gateway.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import type { AuditEntry } from "../../../src/lib/audit.ts";
import type { Measures } from "../../../src/lib/measures.ts";
import type { RelayState } from "../../../src/lib/relay-state.ts";
import type { Traces } from "../../../src/lib/traces.ts";
import { createLinkTokens, type LinkTokens } from "../../../src/tokens/tokens.ts";
import type { Sources } from "../../../src/webhooks/source.ts";
import { startWorker } from "../../../worker/runtime/worker.ts";
import { WORKFLOWS } from "../../../worker/workflows/index.ts";
import { callbackUrlProblem, NO_CALLBACKS } from "../../support/callbacks.ts";
import { EVERYBODY_MAY, TEST_SIGNING_KEYS } from "../../support/gateway.ts";
import { LEDGER, ledgerIn } from "../../support/ledger-engine.ts";
import { mailerOf } from "../../support/mailer.ts";

export const SECRET = Buffer.alloc(32, 1);

export interface Rig extends AsyncDisposable {
  readonly url: string;
  readonly durable: Durable;
  readonly tokens: LinkTokens;
  readonly engine: Engine;
  /** Log lines of the gateway, as text. */
  readonly log: readonly string[];
  /** Mails by which people sign in, as far as they went out. */
  readonly signInMails: readonly SignInMail[];
  /** Mails that tell of a new passkey. */
  readonly passkeyMails: readonly PasskeyMail[];
  /** Those with the head of the log. */
  readonly headMails: readonly LogHeadMail[];
  /** What the gateway has written to the audit record so far. */
  readonly audit: readonly AuditEntry[];
  /** Runs a worker; approvals wait without one. */
  work(): void;
  /** Ends the worker. */
  rest(): Promise<void>;
  call(path: string, init?: RequestInit): Promise<Answer>;
  /** Starts an approval as `POST /approvals` does, but with any time until its deadline. */
  ask(id: string, request: Record<string, unknown>, deadlineMs: number): Promise<void>;
  json(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Mails that ask for an answer, so far. */
  readonly asks: readonly Mail[];
  /** Mails that asked for nothing, so far. */
  readonly told: readonly Mail[];
  /** How many different people were mailed. */
  mailed(): number;
  /** The path of the link that the nth approver was mailed. */
  link(approval: string, choice: string, n?: number): Promise<string>;
  /** The return path of the mail to the nth approver. */
  returnPath(approval: string, n?: number): Promise<string>;
  press(
    link: string,
    fields?: Readonly<Record<string, string>>,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  settled(id: string): Promise<StoredPromise>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // What a test expects of it fails in the test.
  readonly body: Record<string, unknown>;
  /** `data-decision` and `data-effective` of the page. */
  readonly result: string;
}

export interface RigOptions {
  readonly deliver?: (mail: RequestMail) => Delivery;
  /** Runs a worker from the start. */
  readonly work?: boolean;
  readonly measures?: Measures;
  readonly traces?: Traces;
  /** What calls receivers of events. Default: there are none. */
  readonly callbacks?: CallbackSender;
  /** What is known of the relay. Default: nothing. */
  readonly relay?: () => RelayState;
  /** Senders of webhooks. Default: none. */
  readonly sources?: Sources;
  /** The address that mails come back to. Default: none. */
  readonly bounceAddress?: string;
  /** Whether silence may count as approval. */
  readonly mayApproveByDeadline?: boolean;
  /** Which addresses are one person's. Default: none are but by their form. */
  readonly known?: KnownPeople;
  /** How long a cancellation waits for a worker, for tests that have none. Default: as in production. */
  readonly outcomeWaitMs?: number;
  /** Where lists are read. Default: the engine's own index. */
  readonly ledger?: Ledger;
  /** Default: where it listens. */
  readonly publicUrl?: string;
  /** Default: nobody needs a key. */
  readonly authenticate?: Authenticate;
  /** Whether there is `/mcp`. Default: there is. */
  readonly mcp?: boolean;
  /** How operators sign in. Default: with a key. */
  readonly admin?: GatewayOptions["admin"];
}

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const { deliver, work = true, mayApproveByDeadline, outcomeWaitMs, ledger, publicUrl } = options;
  const { authenticate = EVERYBODY_MAY } = options;
  const engine = openEngine({
    file: ":memory:",
    projection: LEDGER,
    trail: evidenceTrail(),
    clock: SYSTEM_CLOCK,
  });
  const network = engine.network({ group: "gateway" });
  const durable = createDurable(network);
  network.start();
  const administration = createAdministration(network, { isEmbedded: true });
  const halted = () => administration.tasks("halted", 100);
  const admin = "admin" in options ? options.admin : { byKey: true, halted };
  const lines: string[] = [];
  const audit: AuditEntry[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(line) });
  const keys = [{ kid: "k1", secret: SECRET }];
  const gateway = await startGateway({
    durable,
    eventLog: embeddedEventLog(network),
    ledger: ledger ?? ledgerIn(engine),
    log,
    host: "127.0.0.1",
    port: 0,
    publicUrl,
    inbox: true,
    admin,
    ...(options.mcp !== undefined && { mcp: options.mcp }),
    keys,
    signingKeys: TEST_SIGNING_KEYS,
    mailbox: undefined,
    callbackUrlProblem,
    authenticate,
    audit: { record: (entry) => void audit.push(entry) },
    trustProxyHops: 1,
    mayApproveByDeadline,
    known: options.known,
    outcomeWaitMs,
    sources: options.sources,
    measures: options.measures,
    traces: options.traces,
    relay: options.relay,
  });
  let calls = 0;
  const tokens = createLinkTokens({ keys, issuer: gateway.publicUrl });
  const mails = new Map<string, RequestMail>();
  const signInMails: SignInMail[] = [];
  const passkeyMails: PasskeyMail[] = [];
  const headMails: LogHeadMail[] = [];
  const told: Mail[] = [];
  const asks: Mail[] = [];
  let worker: ReturnType<typeof startWorker> | undefined;
  let workers = 0;

  const mailTo = async (approval: string, n: number): Promise<RequestMail> => {
    const id = `${approval}${approval.includes(":") ? "." : ":"}${n}`;
    const ballot = await until(async () => durable.read(id));
    const { approver } = ballot.param as { approver: { email: string } };
    return await until(async () => mails.get(`${approval} ${approver.email}`));
  };

  const rig: Rig = {
    url: gateway.url,
    durable,
    tokens,
    engine,
    log: lines,
    asks,
    signInMails,
    passkeyMails,
    headMails,
    audit,
    work() {
      workers += 1;
      const network = engine.network({ group: "worker", pid: `worker-${workers}` });
      worker = startWorker({
        network,
        pid: `worker-${workers}`,
        leaseMs: 60_000,
        concurrency: 10,
        log: pino({ level: "silent" }),
        workflows: WORKFLOWS,
        services: {
          mailer: mailerOf(
            async (mail) => {
              mails.set(`${mail.approval} ${mail.approver.email}`, mail);
              asks.push(mail as RequestMail & { readonly kind: "request" });
              return deliver?.(mail) ?? { status: "sent", messageId: `<${mail.recipient}@test>` };
            },
            (mail) => {
              if (mail.kind === "passkey") passkeyMails.push(mail);
              else if (mail.kind === "log-head") headMails.push(mail);
              else signInMails.push(mail);
              return { status: "sent", messageId: `<${mail.name}@test>` };
            },
            (mail) => void told.push(mail),
          ),
          callbacks: options.callbacks ?? NO_CALLBACKS,
          spans: options.traces,
          tokens,
          publicUrl: gateway.publicUrl,
          bounceAddress: options.bounceAddress,
          measures: options.measures,
          group: "worker",
          mayApproveByDeadline,
          known: options.known,
        },
      });
      network.start();
    },
    async rest() {
      await worker?.stop(2_000);
      worker = undefined;
    },
    async call(path, init = {}) {
      const headers = new Headers(init.headers);
      // As if from many callers: the limit on refusals is not what these tests are about.
      calls += 1;
      headers.set("x-forwarded-for", `127.0.${calls >> 8}.${calls & 255}`);
      // A gateway that closes waits 250 ms for those who keep their connection, and these tests open hundreds of gateways.
      headers.set("connection", "close");
      const response = await fetch(new URL(path, gateway.url), { redirect: "manual", ...init, headers });
      const text = await response.text();
      const body = response.headers.get("content-type")?.includes("json") === true ? JSON.parse(text) : {};
      const result = /<main[^>]*data-decision="(\w+)"[^>]*data-effective="(\w+)"/u.exec(text);
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: body as Record<string, unknown>,
        result: result === null ? "" : `${result[1]} ${result[2]}`,
      };
    },
    async ask(id, request, deadlineMs) {
      const content = readApprovalContent(request);
      if (content === undefined) throw new TypeError("This is no request");
      const timeoutAt = Date.now() + deadlineMs + APPROVAL_SLACK_MS;
      const tags = { [KIND_TAG]: "approval" };
      await durable.start({ id, func: "approval", args: [content], timeoutAt, tags });
    },
    json(method, path, body, headers = {}) {
      return rig.call(path, {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    },
    async link(approval, choice, n = 1) {
      const mail = await mailTo(approval, n);
      return new URL((mail.links as Readonly<Record<string, string>>)[choice] ?? "").pathname;
    },
    async returnPath(approval, n = 1) {
      return (await mailTo(approval, n)).returnPath ?? "";
    },
    mailed: () => mails.size,
    told,
    press(link, fields = { confirm: "yes" }, headers = {}) {
      return rig.call(link, { method: "POST", body: new URLSearchParams(fields), headers });
    },
    settled(id) {
      return until(async () => {
        const promise = await durable.waitFor(id, { timeoutMs: 60_000 });
        return promise?.state === "pending" ? undefined : promise;
      });
    },
    async [Symbol.asyncDispose]() {
      await rig.rest();
      await gateway.close();
      await durable.stop();
      await engine.close();
    },
  };
  if (work) rig.work();
  return rig;
}

/** Asks until there is an answer. The test's own timeout is the limit. */
export async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
