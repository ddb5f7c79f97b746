import type { Logger } from "../lib/log.ts";
import { type Authenticate, createAuthenticate, type ReadBearer } from "./authenticate.ts";
import { openKeyRing } from "./key-ring.ts";
import { createLastUsed } from "./last-used.ts";
import type { OidcOptions } from "./oidc.ts";

export interface AuthOptions {
  /** File of hashed keys, there or not. */
  readonly file: string;
  /** Folder whose files tell when keys were used. */
  readonly usedFolder: string;
  /** Whether other machines reach the gateway: it is never open then. */
  readonly isExposed: boolean;
  /** Whose tokens people's tools may show. */
  readonly oidc: OidcOptions | undefined;
  readonly log: Logger;
}

/** Who may use the API, by the files of this installation. @throws KeyFileError if the file cannot be used */
export function openAuth({ file, usedFolder, isExposed, oidc, log }: AuthOptions): Authenticate {
  const lastUsed = createLastUsed({
    folder: usedFolder,
    clock: Date.now,
    onFault: (err) => log.warn({ err }, "cannot note when keys are used"),
  });
  const ring = openKeyRing({
    file,
    lastUsed,
    alwaysClosed: isExposed,
    onFault: (err) => log.error({ err }, "cannot read the API keys: those read before stay in force"),
  });
  const onUnusableKey = (err: unknown) => log.warn({ err }, "a key of the identity provider cannot be used");
  return createAuthenticate(ring, oidc && tokenReader({ ...oidc, onUnusableKey }));
}

/** What reads tokens is loaded for the first of them: few installations have an issuer, and each start would wait. */
function tokenReader(options: OidcOptions): ReadBearer {
  let reader: Promise<ReadBearer> | undefined;
  return async (bearer) => {
    reader ??= import("./oidc.ts").then(({ createOidcReader }) => createOidcReader(options));
    return (await reader)(bearer);
  };
}
