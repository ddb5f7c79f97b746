/** How operators sign in to `/admin`. */
import { isLoopback } from "../lib/loopback.ts";
import { isPlainAndRemote } from "./origins.ts";
import * as read from "./read.ts";

export interface AdminConfig {
  /** Whether an API key signs in. */
  readonly byKey: boolean;
}

/** Undefined if there is no way in: then there is no `/admin`. */
export function adminConfig(
  source: read.Source,
  { host, publicUrl }: { readonly host: string; readonly publicUrl: string | undefined },
): AdminConfig | undefined {
  const isPlain = publicUrl !== undefined && isPlainAndRemote(publicUrl);
  const isDefault = isLoopback(host) && !isPlain;
  const byKey = read.oneOf(source, "ADMIN_KEY_SIGN_IN", ["on", "off"], isDefault ? "on" : "off") === "on";
  if (byKey && isPlain) {
    source.problems.push(
      `ADMIN_KEY_SIGN_IN cannot be on: keys would be typed into an unprotected page, so PUBLIC_URL must be https, not ${publicUrl}`,
    );
  }
  return byKey ? { byKey } : undefined;
}
