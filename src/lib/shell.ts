import type { Asset } from "./assets.ts";
import type { Html } from "./html.ts";
import type { Templates } from "./templates.ts";

export interface ShellContent {
  /** For the browser's tab and for screen readers, which say it first. */
  readonly title: string;
  readonly body: Html;
  /** A word beside the name at the top. */
  readonly note?: string;
  readonly width?: "narrow" | "wide";
  /** Where the name at the top leads. Pages behind a decision link have none: nothing leads away from the question. */
  readonly homeHref?: string;
  /** What is recorded, as attributes of `<main>` for people's tools and tests. */
  readonly decision?: string;
  readonly effective?: boolean;
  readonly outcome?: string;
  readonly footer?: string;
  /** File name of the asset that the page runs. Nearly all run none. */
  readonly script?: string;
  /** BCP 47 tag of the page's language. Default: English. */
  readonly lang?: string;
  readonly dir?: "ltr" | "rtl";
}

/** The document around every page: head, masthead, main, footer. Needs the templates of `partials`. */
export function renderShell(
  { templates, assets }: { templates: Templates; assets: ReadonlyMap<string, Asset> },
  content: ShellContent,
): Html {
  return templates.html("partials/layout", {
    lang: content.lang ?? "en",
    dir: content.dir ?? "ltr",
    title: content.title,
    body: content.body,
    note: content.note ?? "",
    width: content.width ?? "narrow",
    homeHref: content.homeHref,
    decision: content.decision,
    effective: content.effective?.toString(),
    outcome: content.outcome,
    footer:
      content.footer ??
      "Anyone who holds a decision link can answer in its owner's name. Do not forward the mail it came in.",
    style: assetHref(assets, "style.css"),
    icon: assetHref(assets, "icon.svg"),
    script: content.script === undefined ? undefined : assetHref(assets, content.script),
  });
}

function assetHref(assets: ReadonlyMap<string, Asset>, name: string): string {
  const asset = assets.get(name);
  if (asset === undefined) throw new Error(`Cannot render: views/assets/${name} is missing`);
  return asset.href;
}
