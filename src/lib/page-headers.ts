/**
 * The headers of every HTML response, errors included. A page gets no script, nothing from elsewhere, no frame around it
 * and no place in a cache, and no other site gets its address (a decision link is a credential).
 */
export function pageHeaders(site: {
  https: boolean;
  contentSecurityPolicy?: string;
}): Record<string, string> {
  return {
    "Content-Security-Policy": site.contentSecurityPolicy ?? PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    ...httpsForGood(site),
  };
}

/** Tells browsers to come by https for a year, where that is how they come. */
export function httpsForGood({ https }: { readonly https: boolean }): Record<string, string> {
  return https ? { "Strict-Transport-Security": "max-age=31536000" } : {};
}

/** Of pages with a script of ours, which may ask nobody for anything. */
export const SCRIPT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

export const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
