import { type Response, Router } from "express";
import { loadAssets } from "../../lib/assets.ts";
import { type MessagesFor, messagesFor as ownMessages } from "../../lib/messages.ts";
import { pageHeaders, SCRIPT_POLICY } from "../../lib/page-headers.ts";
import { renderShell } from "../../lib/shell.ts";
import { loadTemplates } from "../../lib/templates.ts";
import { readersMessages } from "./language.ts";
import type { Page } from "./page.ts";
import { pageContent } from "./page-content.ts";

export { type Page, type Standing } from "./page.ts";

export interface Pages {
  /** Answers with a page and all headers that every HTML answer carries. For HEAD, Express leaves the body out. */
  render(res: Response, page: Page & { readonly status: number }): void;
  /** `GET /assets/…` and `GET /`. */
  readonly routes: Router;
}

export interface PagesOptions {
  /** `PUBLIC_URL`, an origin; HSTS is sent when it is https. */
  readonly publicUrl: string;
  /** Whether `/mailbox` is mounted. */
  readonly mailbox: boolean;
  /** Whether `/inbox` is mounted. Default: it is not. */
  readonly inbox?: boolean;
  /** Whether `/admin` is mounted. Default: it is not. */
  readonly admin?: boolean;
  /** Default: the texts that come with Countersign. */
  readonly messagesFor?: MessagesFor | undefined;
}

/** Reads templates and assets at once and keeps them. */
export function createPages(options: PagesOptions): Pages {
  const { publicUrl, mailbox, inbox = false, admin = false, messagesFor = ownMessages } = options;
  const templates = loadTemplates("pages", "admin", "partials");
  const assets = loadAssets();
  const https = publicUrl.startsWith("https:");
  const headers = pageHeaders({ https });
  const headersWithScript = pageHeaders({ https, contentSecurityPolicy: SCRIPT_POLICY });

  const render: Pages["render"] = (res, page) => {
    const messages = (locale?: string) => readersMessages(res.req, locale, messagesFor);
    const { template, locals, shell } = pageContent(page, publicUrl, messages);
    const body = templates.html(template, locals);
    res
      .status(page.status)
      .set(shell.script === undefined ? headers : headersWithScript)
      .type("html");
    res.send(renderShell({ templates, assets }, { ...shell, body }).toString());
  };

  const routes = Router();
  routes.get("/", (_req, res) => render(res, { status: 200, view: "home", data: { mailbox, inbox, admin } }));
  routes.get("/assets/:name", (req, res, next) => {
    const asset = assets.get(req.params.name);
    if (asset === undefined) return next();
    // During a rolling upgrade an older gateway may be asked for a newer version: it answers, but not for good.
    const forGood = req.query["v"] === asset.version;
    res.set({
      "Content-Type": asset.type,
      "Cache-Control": forGood ? "public, max-age=31536000, immutable" : "no-cache",
      "X-Content-Type-Options": "nosniff",
      "Cross-Origin-Resource-Policy": "same-origin",
    });
    res.send(asset.body);
  });
  return { render, routes };
}
