import { type Response, Router } from "express";
import { loadAssets } from "../lib/assets.ts";
import { isLocalRequest } from "../lib/caller-address.ts";
import { dateText } from "../lib/date-text.ts";
import { escapeHtml, Html } from "../lib/html.ts";
import { PAGE_POLICY, pageHeaders } from "../lib/page-headers.ts";
import { renderShell } from "../lib/shell.ts";
import { type Locals, loadTemplates } from "../lib/templates.ts";
import { Temporal } from "../lib/temporal.ts";
import { DamagedMail } from "./files.ts";
import type { Mailbox } from "./mailbox.ts";
import { type ReadMail, readMail, unreadMail } from "./read-mail.ts";

export interface MailboxRoutesOptions extends Pick<Mailbox, "mails"> {
  /** Trusted reverse proxies in front, as Express counts them. */
  readonly trustProxyHops: number;
}

/**
 * The mailbox's pages: `/mailbox`, `/mailbox/:id`, and its parts `/mailbox/:id/html` and `/mailbox/:id/raw`.
 * Needs the assets' route of the gateway's pages.
 */
export function mailboxRoutes({ mails, trustProxyHops }: MailboxRoutesOptions): Router {
  const templates = loadTemplates("mailbox", "partials");
  const assets = loadAssets();
  const router = Router();

  function answer(
    res: Response,
    page: { status: number; template: string; title: string; locals: Locals },
  ): void {
    const body = templates.html(page.template, page.locals);
    res.status(page.status).set(PAGE_HEADERS).type("html");
    res.send(renderShell({ templates, assets }, { ...SHELL, title: page.title, body }).toString());
  }

  function notFound(res: Response): void {
    const locals = { headline: "No such mail", explanation: "Only the newest mails are kept." };
    answer(res, { status: 404, template: "mailbox/message", title: "No such mail", locals });
  }

  async function find(id: string): Promise<(ReadMail & { readonly raw?: Buffer }) | undefined> {
    try {
      const raw = await mails.read(id);
      return raw === undefined ? undefined : { ...(await readMail(id, raw)), raw };
    } catch (error) {
      if (error instanceof DamagedMail) return unreadMail(id, error.message);
      throw error;
    }
  }

  router.use("/mailbox", (req, res, next) => {
    // A foreign name that points here (DNS rebinding), or a tunnel, would show decision links to others.
    if (isLocalRequest(req, trustProxyHops)) return next();
    const locals = {
      headline: "Only on this machine",
      explanation:
        "The development mailbox answers browsers on its own machine, at 127.0.0.1 or localhost, and nobody who comes through a proxy or a tunnel.",
    };
    answer(res, { status: 403, template: "mailbox/message", title: "Only on this machine", locals });
  });

  router.get("/mailbox", async (req, res) => {
    const { ids, older } = pageOf(mails.ids(), req.query["before"]);
    const found = await Promise.all(ids.map(find));
    const shown = found.filter((mail) => mail !== undefined);
    const locals = { mails: shown.map(listed), older, count: mails.ids().length };
    answer(res, { status: 200, template: "mailbox/list", title: "Mailbox", locals });
  });

  router.get("/mailbox/:id", async (req, res) => {
    const mail = await find(req.params.id);
    if (mail === undefined) return notFound(res);
    const locals = {
      ...listed(mail),
      from: mail.from,
      hasHtml: mail.html !== undefined,
      text: mail.text === undefined ? undefined : withLinks(mail.text),
      headers: mail.headers,
      unreadable: mail.unreadable,
    };
    answer(res, { status: 200, template: "mailbox/mail", title: mail.subject, locals });
  });

  router.get("/mailbox/:id/html", async (req, res) => {
    const mail = await find(req.params.id);
    if (mail?.html === undefined) return notFound(res);
    res.set(FRAME_HEADERS).type("html").send(withTopTarget(mail.html));
  });

  router.get("/mailbox/:id/raw", async (req, res) => {
    const mail = await find(req.params.id);
    if (mail?.raw === undefined) return notFound(res);
    res.set(PAGE_HEADERS).type("text/plain").send(mail.raw);
  });

  return router;
}

const SHELL = {
  note: "Development mailbox",
  homeHref: "/",
  footer: "For development only: mails that this service sends end here and reach nobody.",
} as const;

/** Links in the mail open in the whole window, and in new tabs without the sandbox: decision pages refuse frames. */
const SANDBOX = "allow-top-navigation-by-user-activation allow-popups allow-popups-to-escape-sandbox";

const PAGE_HEADERS = pageHeaders({
  https: false,
  contentSecurityPolicy: `${PAGE_POLICY}; frame-src 'self'`,
});

/** The mail's HTML part: no script, no pictures, nothing from elsewhere; styles as mails have them; our frame only. */
const FRAME_HEADERS = {
  ...pageHeaders({
    https: false,
    contentSecurityPolicy: `default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; base-uri 'none'; sandbox ${SANDBOX}`,
  }),
  "X-Frame-Options": "SAMEORIGIN",
};

const MAILS_PER_PAGE = 50;

/** One page of ids, newest first, and from where the next page goes on. */
function pageOf(
  ids: readonly string[],
  before: unknown,
): { ids: readonly string[]; older: string | undefined } {
  const rest = typeof before === "string" ? ids.filter((id) => id < before) : ids;
  const page = rest.slice(0, MAILS_PER_PAGE);
  return { ids: page, older: rest.length > page.length ? page.at(-1) : undefined };
}

function listed(mail: ReadMail) {
  const { id, subject, to, receivedAtMs } = mail;
  // In the zone of this machine, which is the reader's: the mailbox does not leave it.
  const at = dateText(receivedAtMs, { timeZone: Temporal.Now.timeZoneId() });
  return { id, subject, to: to.join(", "), at: { ...at, utc: undefined }, sandbox: SANDBOX };
}

function withTopTarget(html: string): string {
  const base = '<base target="_top">';
  // Without `<` in the tag, so that a mail full of tags that never end costs one look at each character.
  return /<head(?:\s[^<>]*)?>/iu.test(html)
    ? html.replace(/<head(?:\s[^<>]*)?>/iu, (head) => `${head}${base}`)
    : `<!doctype html>${base}${html}`;
}

/** The text part with its addresses made links, as mail programs do. */
function withLinks(text: string): Html {
  const parts = text.split(/(https?:\/\/[^\s<>"]+)/u);
  const markup = parts.map((part, i) =>
    i % 2 === 1 ? `<a href="${escapeHtml(part)}" rel="noreferrer">${escapeHtml(part)}</a>` : escapeHtml(part),
  );
  return new Html(markup.join(""));
}
