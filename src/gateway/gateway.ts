/** The gateway as one thing to start and stop, for whichever process it is part of. */
import { randomUUID } from "node:crypto";
import type { Router } from "express";
import type { KnownPeople } from "../approval/same-person.ts";
import type { Authenticate } from "../auth/authenticate.ts";
import type { Durable } from "../durable/durable.ts";
import { type EventLog, NO_EVENT_LOG } from "../evidence/event-log.ts";
import type { WitnessedHeads } from "../evidence/witness/daily.ts";
import { NO_LEDGER } from "../ledger/embedded.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Audit, NO_AUDIT } from "../lib/audit.ts";
import type { Logger } from "../lib/log.ts";
import { isLoopback } from "../lib/loopback.ts";
import type { Measures } from "../lib/measures.ts";
import { type MessagesFor, messagesFor as ownMessages } from "../lib/messages.ts";
import { randomName } from "../lib/random.ts";
import type { RelayState } from "../lib/relay-state.ts";
import type { Traces } from "../lib/traces.ts";
import { openAbsenceBook } from "../service/absences/book.ts";
import { createSigner, type SignerOptions } from "../signing/signer.ts";
import { createLinkTokens, type LinkTokensOptions } from "../tokens/tokens.ts";
import type { Sources } from "../webhooks/source.ts";
import { type Catalogue, createCatalogue } from "../workflows/catalogue.ts";
import { type AdminOptions, createApp } from "./app.ts";
import { createMessages } from "./http/messages.ts";
import { listen } from "./http/server.ts";
import { createPages } from "./pages/pages.ts";

export interface GatewayOptions {
  readonly durable: Durable;
  /** What lists of approvals are read from. Default: there are none. */
  readonly ledger?: Ledger;
  readonly log: Logger;
  /** Default: nothing is measured. */
  readonly measures?: Measures | undefined;
  /** Default: nothing is traced. */
  readonly traces?: Traces | undefined;
  /** What is known of the relay in this process. Default: nothing. */
  readonly relay?: (() => RelayState | undefined) | undefined;
  /** Who did what is written there. Default: nowhere. */
  readonly audit?: Audit;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Origin of every link; undefined: where the gateway itself listens. */
  readonly publicUrl: string | undefined;
  /** Origins that `publicUrl` was before: what was sent with them still works. Default: none. */
  readonly formerPublicUrls?: readonly string[];
  /** Keys for links: the first signs, all verify. */
  readonly keys: LinkTokensOptions["keys"];
  /** Seeds of the keys for what a stranger can verify. */
  readonly signingKeys: { readonly sign: SignerOptions["keys"]; readonly log?: readonly Uint8Array[] };
  /** The log of events. Default: there is none. */
  readonly eventLog?: EventLog | undefined;
  /** What witnesses have said of its head; undefined until somebody asks them. Default: nobody does. */
  readonly witnessed?: (() => WitnessedHeads | undefined) | undefined;
  readonly mailbox: Router | undefined;
  /** Whether people have an inbox. Default: they have none. */
  readonly inbox?: boolean;
  /** Whether agents may use the tools of `/mcp`. Default: they may. */
  readonly mcp?: boolean;
  /** The ways into the administration. Default: there is none. */
  readonly admin?: AdminOptions | undefined;
  /** Public keys of those that sign callbacks, to be published. Default: there are none. */
  readonly callbackKeys?: () => readonly string[];
  /** What must be different about a callback URL, if something must. */
  readonly callbackUrlProblem: (url: string) => string | undefined;
  /** Whether requests may say that silence counts as approval. Default: no. */
  readonly mayApproveByDeadline?: boolean | undefined;
  /** Which addresses are one person's, by the operator's list. Default: it is empty. */
  readonly known?: KnownPeople | undefined;
  /** Senders of webhooks, by name. Default: none. */
  readonly sources?: Sources | undefined;
  /** Workflows that are known here. Default: `foo`, which is begun when nothing is asked for. */
  readonly catalogue?: Catalogue;
  /** Who may use the API. */
  readonly authenticate: Authenticate;
  /** Whether the disk that requests end up on takes more. Default: it is another machine's, which will say so. */
  readonly canStore?: () => Promise<boolean>;
  /** Whether something is set up so that the gateway must not or cannot work: it is not ready then. Default: no. */
  readonly isMisconfigured?: () => boolean;
  /** What is wrong and keeps nobody from working, in a word each, for `/readyz`. Default: nothing. */
  readonly warnings?: () => readonly string[];
  /** Reverse proxies in front whose word about the caller's address is believed. Default 0. */
  readonly trustProxyHops?: number;
  /** Default: the texts that come with Countersign. */
  readonly messagesFor?: MessagesFor | undefined;
  /** Other sites whose pages may use the API. Default: none. */
  readonly corsOrigins?: readonly string[];
  /** How long it keeps accepting connections once it is told to stop, in milliseconds. Default 0. */
  readonly drainDelayMs?: number;
  /** How long a cancellation waits for a worker to report, in milliseconds. Default 2,000. */
  readonly outcomeWaitMs?: number | undefined;
}

export interface Gateway {
  readonly url: string;
  readonly publicUrl: string;
  /** Says by `/readyz` that it stops, and ends all waits; `close` does this first. */
  drain(): void;
  /** Answers the open requests, then closes the port. The engine stays connected: the caller owns it. */
  close(): Promise<void>;
}

/** Throws when the address is taken, or a template is broken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  let publicUrl = options.publicUrl ?? "";
  const { formerPublicUrls = [] } = options;
  const { classes, bornFor } = createMessages();
  const server = await listen({ ...options, classes }, ({ url, draining }) => {
    publicUrl ||= url;
    const app = createApp({
      durable: options.durable,
      absences: openAbsenceBook((id) => options.durable.read(id)),
      ledger: options.ledger ?? NO_LEDGER,
      tokens: createLinkTokens({ keys: options.keys, issuer: publicUrl, formerIssuers: formerPublicUrls }),
      signer: createSigner({ keys: options.signingKeys.sign, issuer: publicUrl }),
      eventLog: options.eventLog ?? NO_EVENT_LOG,
      logKeys: options.signingKeys.log ?? [],
      witnessed: options.witnessed ?? (() => undefined),
      callbackKeys: options.callbackKeys ?? (() => []),
      pages: createPages({
        publicUrl,
        mailbox: options.mailbox !== undefined,
        inbox: options.inbox ?? false,
        admin: options.admin !== undefined,
        messagesFor: options.messagesFor,
      }),
      messagesFor: options.messagesFor ?? ownMessages,
      log: options.log,
      measures: options.measures,
      traces: options.traces,
      relay: options.relay,
      audit: options.audit ?? NO_AUDIT,
      publicUrl,
      formerPublicUrls,
      mailbox: options.mailbox,
      inbox: options.inbox ?? false,
      mcp: options.mcp ?? true,
      admin: options.admin,
      callbackUrlProblem: options.callbackUrlProblem,
      mayApproveByDeadline: options.mayApproveByDeadline,
      known: options.known,
      sources: options.sources ?? new Map(),
      catalogue: options.catalogue ?? createCatalogue([{ name: "foo", version: 1 }]),
      authenticate: options.authenticate,
      onLoopback: isLoopback(options.host),
      trustProxyHops: options.trustProxyHops ?? 0,
      corsOrigins: options.corsOrigins ?? [],
      canStore: options.canStore ?? (async () => true),
      isMisconfigured: options.isMisconfigured ?? (() => false),
      warnings: options.warnings ?? (() => []),
      clock: Date.now,
      newId: randomUUID,
      outcomeWaitMs: options.outcomeWaitMs,
      newNonce: randomName,
      draining,
    });
    return bornFor(app);
  });
  return { url: server.url, publicUrl, drain: () => server.drain(), close: () => server.close() };
}
