import express, { type Express, type Router } from "express";
import type { KnownPeople } from "../approval/same-person.ts";
import type { Authenticate } from "../auth/authenticate.ts";
import type { Provider } from "../auth/entry.ts";
import type { TasksFound } from "../durable/administration.ts";
import type { Durable } from "../durable/durable.ts";
import { knownTime } from "../durable/engine-time.ts";
import type { EventLog } from "../evidence/event-log.ts";
import type { WitnessedHeads } from "../evidence/witness/daily.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Audit } from "../lib/audit.ts";
import type { Logger } from "../lib/log.ts";
import type { Measures } from "../lib/measures.ts";
import type { MessagesFor } from "../lib/messages.ts";
import type { RelayState } from "../lib/relay-state.ts";
import type { Traces } from "../lib/traces.ts";
import type { AbsenceBook } from "../service/absences/book.ts";
import { knownPerson } from "../service/inbox/list.ts";
import { relyingPartyAt } from "../service/sign-in/webauthn.ts";
import type { Signer } from "../signing/signer.ts";
import type { LinkTokens } from "../tokens/tokens.ts";
import type { Sources } from "../webhooks/source.ts";
import type { Catalogue } from "../workflows/catalogue.ts";
import { createNeeds } from "./http/auth.ts";
import { requestContext } from "./http/context.ts";
import { allowOrigins } from "./http/cors.ts";
import { errorHandler, notFound } from "./http/errors.ts";
import { noCrossSitePresses, noCrossSiteWrites, ownNamesOnly, wellFormedAddress } from "./http/guards.ts";
import { createFailureLimit } from "./http/rate-limit.ts";
import { createTracing } from "./http/tracing.ts";
import { WaitingRoom } from "./http/waiting-room.ts";
import type { Pages } from "./pages/pages.ts";
import { addAbsenceRoutes } from "./routes/absences.ts";
import { addAdminActRoutes } from "./routes/admin/acts.ts";
import { addAdminApprovalRoute } from "./routes/admin/approval.ts";
import { addAdminEntryRoutes } from "./routes/admin/entry.ts";
import { addAdminListRoute } from "./routes/admin/list.ts";
import { createOperators } from "./routes/admin/operators.ts";
import { addAdminOverviewRoutes } from "./routes/admin/overview.ts";
import { RETURN_PATH } from "./routes/admin/provider-entry.ts";
import { entranceOf } from "./routes/admin/signed-in.ts";
import { addApprovalActRoutes } from "./routes/approval-acts.ts";
import { addApprovalRoutes } from "./routes/approvals.ts";
import { addBallotActRoutes } from "./routes/ballot-acts.ts";
import { addCallbackUrlRoutes } from "./routes/callback-urls.ts";
import { addCallbackRoutes } from "./routes/callbacks.ts";
import { addConsumeRoutes } from "./routes/consume.ts";
import { addDecisionRoutes } from "./routes/decisions.ts";
import { addCheckpointRoutes, addEventLogRoutes } from "./routes/event-log.ts";
import { addEvidenceRoutes } from "./routes/evidence.ts";
import { addFirstApprovalRoute } from "./routes/first-approval.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addInboxRoutes } from "./routes/inbox.ts";
import { addInboxAbsenceRoutes } from "./routes/inbox-absences.ts";
import { addInboxRequestRoutes } from "./routes/inbox-requests.ts";
import { addKeySetRoute } from "./routes/key-set.ts";
import { addMcpRoute } from "./routes/mcp.ts";
import { addPasskeyRoutes } from "./routes/passkeys.ts";
import { addPromiseRoutes } from "./routes/promises.ts";
import { addReceiptRoutes } from "./routes/receipts.ts";
import { addReferenceRoutes } from "./routes/reference.ts";
import { addRequesterRoutes } from "./routes/requester.ts";
import { addSignInRoutes } from "./routes/sign-in.ts";
import { createSignInLimits } from "./routes/sign-in-limits.ts";
import { createVisitors } from "./routes/visitors.ts";
import { addWebhookRoutes } from "./routes/webhooks.ts";
import { addWorkflowRoutes } from "./routes/workflows.ts";

/** How operators sign in. */
export interface AdminOptions {
  /** Whether an API key signs in. */
  readonly byKey: boolean;
  /** The identity provider that signs in, made for the address to which it sends browsers back. Default: there is none. */
  readonly provider?: ((redirectUri: string) => Provider) | undefined;
  /** Halted workflows; undefined where the engine cannot say. */
  readonly halted?: (() => Promise<TasksFound | undefined>) | undefined;
}

/** All that routes need, and may know. */
export interface AppOptions {
  /** Who calls the API. */
  readonly authenticate: Authenticate;
  /** Whether other machines cannot reach this one. */
  readonly onLoopback: boolean;
  /** Whether the disk that requests end up on takes more. */
  readonly canStore: () => Promise<boolean>;
  /** Whether the engine accepts calls without a token, or refuses those of this service. */
  readonly isMisconfigured: () => boolean;
  /** What is wrong and keeps nobody from working, in a word each. */
  readonly warnings: () => readonly string[];
  /** Reverse proxies in front whose word about the caller's address is believed. */
  readonly trustProxyHops: number;
  readonly durable: Durable;
  /** Who is away, and who is asked instead. */
  readonly absences: AbsenceBook;
  /** What lists of approvals are read from. */
  readonly ledger: Ledger;
  readonly tokens: LinkTokens;
  /** Signs what a stranger can verify. */
  readonly signer: Signer;
  readonly eventLog: EventLog;
  /** Seeds of the keys that sign the log's head. */
  readonly logKeys: readonly Uint8Array[];
  /** What witnesses have said of it; undefined where nobody asks them. */
  readonly witnessed: () => WitnessedHeads | undefined;
  /** Public keys of those that sign callbacks, to be published. */
  readonly callbackKeys: () => readonly string[];
  readonly pages: Pages;
  /** The texts of a language. */
  readonly messagesFor: MessagesFor;
  readonly log: Logger;
  /** Default: nothing is measured. */
  readonly measures?: Measures | undefined;
  /** Default: nothing is traced. */
  readonly traces?: Traces | undefined;
  /** What is known of the relay in this process. Default: nothing. */
  readonly relay?: (() => RelayState | undefined) | undefined;
  readonly audit: Audit;
  /** Origin of every link. */
  readonly publicUrl: string;
  /** Origins that it was before, under which requests are answered as well. */
  readonly formerPublicUrls: readonly string[];
  /** Other sites whose pages may use the API. */
  readonly corsOrigins: readonly string[];
  /** What is wrong with the URL of a receiver; undefined if nothing is. */
  readonly callbackUrlProblem: (url: string) => string | undefined;
  /** Whether requests may say that silence counts as approval. Default: no. */
  readonly mayApproveByDeadline?: boolean | undefined;
  /** Which addresses are one person's, by the operator's list. Default: it is empty. */
  readonly known?: KnownPeople | undefined;
  /** Senders of webhooks, by name. */
  readonly sources: Sources;
  /** Workflows that are known here. */
  readonly catalogue: Catalogue;
  /** The development mailbox, where there is one. */
  readonly mailbox: Router | undefined;
  /** Whether people have an inbox. */
  readonly inbox: boolean;
  /** Whether agents may use the tools of `/mcp`. */
  readonly mcp: boolean;
  /** The ways into the administration; undefined: there is none. */
  readonly admin?: AdminOptions | undefined;
  /** This process's own, in milliseconds since 1970. Deadlines go by the engine's. */
  readonly clock: () => number;
  /** An unguessable id. */
  readonly newId: () => string;
  /** How long a cancellation waits for a worker to report, in milliseconds. Default 2,000. */
  readonly outcomeWaitMs?: number | undefined;
  /** 128 random bits in base64url. */
  readonly newNonce: () => string;
  /** Aborted when the process is asked to stop. */
  readonly draining: AbortSignal;
}

/** Where people's forms are. */
const FORMS = ["/d", "/r", "/a", "/inbox", "/admin", "/first-approval"] as const;

/**
 * Everything the gateway serves, in the order in which a request meets it. Nearly all routes are on one router: each
 * router within costs every request that passes it by as much as ten routes.
 */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  // For the caller's address (`req.ip`) alone: no route reads `req.hostname` or `req.protocol`, which Express would then
  // take from the header of a proxy too. Addresses in links come from PUBLIC_URL.
  app.set("trust proxy", options.trustProxyHops);
  app.set("query parser", "simple");

  const { durable, traces } = options;
  const tracing = traces && createTracing(traces, async (id) => (await durable.read(id))?.tags);
  app.use(requestContext({ ...options, tracing }));
  app.use(wellFormedAddress);
  addHealthRoutes(app, options);
  // What is on the loopback may be there without keys. Elsewhere, balancers and neighbours use names of their own.
  if (options.onLoopback) app.use(ownNamesOnly(options.publicUrl, options.formerPublicUrls));

  // For people. Their forms have a rule of their own for where a press may come from.
  app.use([...FORMS], noCrossSitePresses([options.publicUrl, ...options.formerPublicUrls]));
  app.use(options.pages.routes);
  addReferenceRoutes(app, options);
  addKeySetRoute(app, options);
  addCheckpointRoutes(app, options);
  const byEngine = { ...options, clock: () => knownTime(options) };
  addDecisionRoutes(app, byEngine);
  addBallotActRoutes(app, byEngine);
  addReceiptRoutes(app, byEngine);
  addRequesterRoutes(app, byEngine);
  if (options.inbox) addInbox(app, byEngine);
  if (options.admin !== undefined) addAdmin(app, byEngine, options.admin);
  if (options.mailbox !== undefined) {
    app.use(options.mailbox);
    addFirstApprovalRoute(app, byEngine);
  }

  // For other systems. What they send shows by itself where it comes from; they have no key.
  addWebhookRoutes(app, options);
  addCallbackUrlRoutes(app, byEngine);

  // For programs. Each route names the scope that its callers need.
  const needs = createNeeds(options.authenticate, options.trustProxyHops);
  const waiting = new WaitingRoom(options);
  if (options.corsOrigins.length > 0) app.use(allowOrigins(options.corsOrigins));
  app.use(noCrossSiteWrites(options.publicUrl, options.corsOrigins));
  addWorkflowRoutes(app, { ...byEngine, needs, waiting });
  addApprovalRoutes(app, { ...byEngine, needs });
  addApprovalActRoutes(app, { ...byEngine, needs });
  addConsumeRoutes(app, { ...byEngine, needs });
  addEvidenceRoutes(app, { ...options, needs });
  addAbsenceRoutes(app, { ...byEngine, needs });
  addPromiseRoutes(app, { ...byEngine, needs });
  addCallbackRoutes(app, { ...byEngine, needs });
  addEventLogRoutes(app, { ...options, needs });
  if (options.mcp) addMcpRoute(app, { ...byEngine, needs, waiting });

  app.use(notFound);
  app.use(errorHandler({ ...options, refusals: createFailureLimit(options) }));
  return app;
}

/** Signing in, and the pages of those who are. */
function addInbox(app: Express, options: AppOptions): void {
  const { ledger } = options;
  const { signIn } = options.tokens;
  const https = options.publicUrl.startsWith("https:");
  const visitors = createVisitors({ ...options, signIn, https });
  const personOf = (email: string) => knownPerson(ledger, email);
  const addressOf = async (email: string) => (await personOf(email))?.email;
  const limits = createSignInLimits(options);
  const relyingParty = relyingPartyAt(options.publicUrl);
  const way = { ...options, signIn, https, visitors, limits };
  const passkeys = addPasskeyRoutes(app, { ...way, personOf, relyingParty });
  addSignInRoutes(app, { ...way, passkeys, addressOf });
  addInboxRoutes(app, { ...options, visitors });
  addInboxAbsenceRoutes(app, { ...options, visitors, personOf });
  addInboxRequestRoutes(app, { ...options, visitors });
}

/** The pages of operators. */
function addAdmin(app: Express, options: AppOptions, admin: AdminOptions): void {
  const https = options.publicUrl.startsWith("https:");
  const { byKey } = admin;
  const ways = { byKey, provider: admin.provider?.(`${options.publicUrl}${RETURN_PATH}`) };
  const operators = createOperators({ ...options, ...ways, admin: options.tokens.admin, https });
  const entrance = entranceOf(operators);
  addAdminEntryRoutes(app, { ...options, ...ways, operators, admin: options.tokens.admin, https });
  addAdminListRoute(app, { ...options, entrance });
  const witnesses = () => options.witnessed()?.states();
  addAdminOverviewRoutes(app, { ...options, entrance, halted: admin.halted, witnesses });
  addAdminApprovalRoute(app, { ...options, entrance });
  addAdminActRoutes(app, { ...options, entrance });
}
