/** How somebody has come to a page: by the link in its address, or signed in. */
import type { Response } from "express";
import type { ActForm } from "../pages/act-form.ts";
import type { Pages } from "../pages/pages.ts";
import type { Visitor } from "./visitors.ts";

export interface Way {
  /** Of the page: where its acts are. */
  readonly path: string;
  readonly door: "mail" | "inbox";
  /** The person, for the audit record. */
  readonly who: string;
  /** Given where they are signed in. */
  readonly visitor?: Visitor;
}

/**
 * Whether a form may do what it asks for; if not, answers with a refusal. A link is enough by itself. A signed-in browser also
 * sends its cookie with forms of other sites, so such a form must name the session.
 */
export function isOwnForm(
  { pages }: { readonly pages: Pages },
  res: Response,
  { visitor }: Pick<Way, "visitor">,
  { session }: Pick<ActForm, "session">,
): boolean {
  if (visitor === undefined || visitor.isOwnForm(session)) return true;
  pages.render(res, { status: 403, view: "signInOver", data: { because: "stale" } });
  return false;
}
