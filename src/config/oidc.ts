/** Whose tokens people's tools may show in place of a key. */
import { isLoopback } from "../lib/loopback.ts";
import * as read from "./read.ts";

export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
}

export function oidcConfig(source: read.Source): OidcConfig | undefined {
  const issuer = read.url(source, "OIDC_ISSUER", ["https:", "http:"]);
  const audience = read.text(source, "OIDC_AUDIENCE");
  const isSet = read.text(source, "OIDC_ISSUER") !== undefined;
  if (isSet !== (audience !== undefined)) {
    source.problems.push(
      `OIDC_ISSUER and OIDC_AUDIENCE belong together: ${isSet ? "OIDC_AUDIENCE" : "OIDC_ISSUER"} is not set`,
    );
  }
  if (issuer?.protocol === "http:" && !isLoopback(issuer.hostname)) {
    source.problems.push("OIDC_ISSUER must be an https address: whoever is in between could be anybody");
  }
  if (issuer !== undefined && (issuer.username !== "" || /[?#]/.test(issuer.href))) {
    source.problems.push(
      "OIDC_ISSUER must be an address without user, query and #, as it stands in the tokens' iss",
    );
  }
  // Tokens are compared with the text as it is given: some issuers end in a slash.
  const text = read.text(source, "OIDC_ISSUER");
  return issuer === undefined || text === undefined || audience === undefined
    ? undefined
    : { issuer: text, audience };
}
