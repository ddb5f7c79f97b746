/** What Express has mounted, so that tests can go through all of it, and nothing new is forgotten. */
import { NO_EVENT_LOG } from "../../src/evidence/event-log.ts";
import { createApp } from "../../src/gateway/app.ts";
import { createPages } from "../../src/gateway/pages/pages.ts";
import { NO_LEDGER } from "../../src/ledger/embedded.ts";
import { NO_AUDIT } from "../../src/lib/audit.ts";
import { createLogger } from "../../src/lib/log.ts";
import { messagesFor } from "../../src/lib/messages.ts";
import { createSigner } from "../../src/signing/signer.ts";
import { createLinkTokens } from "../../src/tokens/tokens.ts";
import { createCatalogue } from "../../src/workflows/catalogue.ts";
import { EVERYBODY_MAY, TEST_SIGNING_KEYS } from "./gateway.ts";

const PUBLIC_URL = "http://127.0.0.1:5001";

export interface MountedRoute {
  /** As Express writes it: `/d/:token`. */
  readonly path: string;
  /** In lower case. */
  readonly methods: readonly string[];
}

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: { readonly stack?: readonly Layer[] };
}

/** Of a gateway with its inbox and administration; `more` switches on what else there is. */
export function mountedRoutes(
  more: Partial<Pick<Parameters<typeof createApp>[0], "mailbox" | "admin">> = {},
): MountedRoute[] {
  const app = createApp({
    durable: {} as never,
    absences: {} as never,
    eventLog: NO_EVENT_LOG,
    logKeys: [],
    witnessed: () => undefined,
    callbackKeys: () => [],
    ledger: NO_LEDGER,
    signer: createSigner({ keys: TEST_SIGNING_KEYS.sign, issuer: PUBLIC_URL }),
    tokens: createLinkTokens({ keys: [{ kid: "k", secret: Buffer.alloc(32, 1) }], issuer: PUBLIC_URL }),
    pages: createPages({ publicUrl: PUBLIC_URL, mailbox: more.mailbox !== undefined }),
    log: createLogger({ level: "silent", part: "test" }),
    authenticate: EVERYBODY_MAY,
    onLoopback: true,
    formerPublicUrls: [],
    trustProxyHops: 0,
    corsOrigins: [],
    audit: NO_AUDIT,
    isMisconfigured: () => false,
    warnings: () => [],
    canStore: async () => true,
    publicUrl: PUBLIC_URL,
    callbackUrlProblem: () => undefined,
    messagesFor,
    sources: new Map(),
    catalogue: createCatalogue([]),
    mailbox: undefined,
    inbox: true,
    mcp: true,
    admin: { byKey: true },
    clock: Date.now,
    newId: () => "id",
    newNonce: () => "nonce",
    draining: new AbortController().signal,
    ...more,
  });
  return routesIn((app.router as unknown as { readonly stack: readonly Layer[] }).stack);
}

function routesIn(stack: readonly Layer[]): MountedRoute[] {
  return stack.flatMap(({ route, handle }) => {
    if (route === undefined) return routesIn(handle.stack ?? []);
    const methods = Object.keys(route.methods).filter((method) => method !== "_all");
    return [{ path: route.path, methods }];
  });
}
