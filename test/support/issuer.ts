/** A real OpenID Connect issuer on the loopback: `oidc-provider`, with people who sign in and consent without being asked. */
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Configuration, Provider } from "oidc-provider";

export interface Issuer extends AsyncDisposable {
  readonly url: string;
  /** Who signs in next: their claims beside `sub`. */
  person: Readonly<Record<string, unknown>> & { readonly sub: string };
  /** Answers every request like this instead, while it is set. */
  instead: ((req: IncomingMessage, res: ServerResponse) => void) | undefined;
  /** The keys that it publishes, while they are set: not its own. */
  jwks: string | undefined;
  /** How many requests came. */
  readonly requests: readonly string[];
  /** Visits an address as a browser does, until it is sent to one that is not the issuer's: that address. */
  visit(address: string): Promise<string>;
}

export interface IssuerOptions {
  readonly redirectUri: string;
  readonly clientId?: string;
  /** Default: a public client. */
  readonly clientSecret?: string;
  readonly method?: "client_secret_basic" | "client_secret_post";
  /** Whether claims are in the user info alone. Default: in the ID token. */
  readonly isSparse?: boolean;
  /** Claims that are in the ID token even so. */
  readonly inIdToken?: readonly string[];
}

export async function openIssuer({
  redirectUri,
  clientId = "countersign",
  clientSecret,
  method = "client_secret_basic",
  isSparse = false,
  inIdToken = [],
}: IssuerOptions): Promise<Issuer> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const requests: string[] = [];

  const configuration: Configuration = {
    clients: [
      {
        client_id: clientId,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: clientSecret === undefined ? "none" : method,
        ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
      },
    ],
    clientAuthMethods: clientSecret === undefined ? ["none"] : [method],
    claims: {
      openid: ["sub", ...inIdToken],
      profile: ["name", "groups", "realm_access", "preferred_username"],
      email: ["email", "email_verified"],
    },
    conformIdTokenClaims: isSparse,
    cookies: { keys: ["test"] },
    // Its default keys are the same for every issuer.
    jwks: { keys: [newKey()] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ ...issuer.person, sub }) }),
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        accountId: ctx.oidc.session?.accountId ?? "",
        clientId: ctx.oidc.client?.clientId ?? "",
      });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
  };
  const provider = new Provider(url, configuration);
  const serve = provider.callback();
  server.on("request", (req, res) => {
    requests.push(`${req.method ?? ""} ${(req.url ?? "").split("?")[0] ?? ""}`);
    if (issuer.instead !== undefined) return issuer.instead(req, res);
    if (req.url === "/jwks" && issuer.jwks !== undefined) {
      return void res.writeHead(200, { "content-type": "application/json" }).end(issuer.jwks);
    }
    if (req.url?.startsWith("/interaction/") === true) {
      const login = { accountId: issuer.person.sub };
      return void provider.interactionFinished(req, res, { login }, { mergeWithLastSubmission: false });
    }
    void serve(req, res);
  });

  const issuer: Issuer = {
    url,
    person: { sub: "kim-1" },
    instead: undefined,
    jwks: undefined,
    requests,
    async visit(address) {
      const cookies = new Map<string, string>();
      let next = address;
      for (let hops = 0; hops < 10; hops += 1) {
        if (!next.startsWith(url)) return next;
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
        const answer = await fetch(next, { redirect: "manual", headers: { cookie, connection: "close" } });
        for (const each of answer.headers.getSetCookie()) {
          const [, name = "", value = ""] = /^([^=]+)=([^;]*)/u.exec(each) ?? [];
          cookies.set(name, value);
        }
        const location = answer.headers.get("location");
        if (location === null)
          throw new Error(`The issuer answered ${answer.status}: ${await answer.text()}`);
        await answer.body?.cancel();
        next = new URL(location, next).href;
      }
      throw new Error("The issuer sends browsers in circles");
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return issuer;
}

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  return { ...privateKey.export({ format: "jwk" }), kid: "key", alg: "RS256", use: "sig" };
}
