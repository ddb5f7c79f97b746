/** How operators sign in to `/admin`. */
import { isLoopback } from "../lib/loopback.ts";
import { readTextFile } from "../lib/text-file.ts";
import { isPlainAndRemote } from "./origins.ts";
import * as read from "./read.ts";
import { Secret } from "./secret.ts";

export interface AdminConfig {
  /** Whether an API key signs in. */
  readonly byKey: boolean;
  readonly provider: AdminProvider | undefined;
}

/** The identity provider, and what of its claims lets somebody in. */
interface AdminProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret | undefined;
  readonly scopes: string;
  readonly claim: string;
  readonly operators: readonly string[];
  readonly viewers: readonly string[];
}

interface Place {
  readonly host: string;
  readonly publicUrl: string | undefined;
  /** Whether this process serves the pages: others need not be able to read the file of the secret. */
  readonly isGateway: boolean;
}

/** Undefined if there is no way in: then there is no `/admin`. */
export function adminConfig(source: read.Source, place: Place): AdminConfig | undefined {
  const { host, publicUrl } = place;
  const isPlain = publicUrl !== undefined && isPlainAndRemote(publicUrl);
  const isDefault = isLoopback(host) && !isPlain;
  const byKey = read.oneOf(source, "ADMIN_KEY_SIGN_IN", ["on", "off"], isDefault ? "on" : "off") === "on";
  if (byKey && isPlain) {
    source.problems.push(
      `ADMIN_KEY_SIGN_IN cannot be on: keys would be typed into an unprotected page, so PUBLIC_URL must be https, not ${publicUrl}`,
    );
  }
  const provider = providerOf(source, place);
  if (provider !== undefined && isPlain) {
    source.problems.push(
      `ADMIN_OIDC_ISSUER cannot be used: operators would stay signed in over an unprotected connection, so PUBLIC_URL must be https, not ${publicUrl}`,
    );
  }
  return byKey || provider !== undefined ? { byKey, provider } : undefined;
}

const OTHERS = [
  "ADMIN_OIDC_CLIENT_ID",
  "ADMIN_OIDC_CLIENT_SECRET_FILE",
  "ADMIN_OIDC_SCOPES",
  "ADMIN_OIDC_CLAIM",
  "ADMIN_OIDC_OPERATORS",
  "ADMIN_OIDC_VIEWERS",
] as const;

function providerOf(source: read.Source, { isGateway }: Place): AdminProvider | undefined {
  const issuer = read.text(source, "ADMIN_OIDC_ISSUER");
  if (issuer === undefined) {
    const [first] = OTHERS.filter((name) => read.text(source, name) !== undefined);
    if (first !== undefined) source.problems.push(`${first} is set, and ADMIN_OIDC_ISSUER is not`);
    return undefined;
  }
  const url = read.url(source, "ADMIN_OIDC_ISSUER", ["https:", "http:"]);
  if (url?.protocol === "http:" && !isLoopback(url.hostname)) {
    source.problems.push(
      "ADMIN_OIDC_ISSUER must be an https address: whoever is in between could be anybody",
    );
  }
  if (url !== undefined && (url.username !== "" || /[?#]/.test(url.href))) {
    source.problems.push("ADMIN_OIDC_ISSUER must be an address without user, query and #");
  }
  const clientId = read.text(source, "ADMIN_OIDC_CLIENT_ID");
  if (clientId === undefined) {
    source.problems.push(
      "ADMIN_OIDC_CLIENT_ID is not set: it must be the id under which the issuer knows this service",
    );
  }
  const operators = valuesOf(source, "ADMIN_OIDC_OPERATORS");
  const viewers = valuesOf(source, "ADMIN_OIDC_VIEWERS");
  if (operators.length + viewers.length === 0) {
    source.problems.push(
      "ADMIN_OIDC_OPERATORS or ADMIN_OIDC_VIEWERS must be set: without a value of the claim nobody can enter",
    );
  }
  const scopes = read.text(source, "ADMIN_OIDC_SCOPES") ?? "openid profile email";
  if (
    !/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(scopes) ||
    !scopes.split(" ").includes("openid")
  ) {
    source.problems.push(
      "ADMIN_OIDC_SCOPES must be scopes separated by single blanks, and openid must be among them",
    );
  }
  const clientSecret = isGateway ? secretIn(source, "ADMIN_OIDC_CLIENT_SECRET_FILE") : undefined;
  return {
    issuer,
    clientId: clientId ?? "",
    clientSecret,
    scopes,
    claim: read.text(source, "ADMIN_OIDC_CLAIM") ?? "groups",
    operators,
    viewers,
  };
}

const VALUES_MAX = 20;

function valuesOf(
  source: read.Source,
  name: "ADMIN_OIDC_OPERATORS" | "ADMIN_OIDC_VIEWERS",
): readonly string[] {
  const right = "values of the claim, separated by commas";
  return read.list(source, name, VALUES_MAX, (entry) => entry || undefined, right) ?? [];
}

/** The first line of the file; the text of a secret is never repeated. */
function secretIn(source: read.Source, name: "ADMIN_OIDC_CLIENT_SECRET_FILE"): Secret | undefined {
  const file = read.text(source, name);
  if (file === undefined) return undefined;
  try {
    const text = readTextFile(file).trim();
    if (text !== "" && !/\s/u.test(text)) return new Secret(text);
    source.problems.push(`${name} must be a file with the client's secret and nothing else: ${file} is not`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    source.problems.push(`${name} must be a file that can be read: ${why}`);
  }
  return undefined;
}
