/** Requests as mail scanners, link previews and prefetchers send them: everything but a person's press. */

export interface ScannerRequest {
  readonly method: "GET" | "HEAD" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Real ones name themselves, or look like somebody's browser. */
const AGENTS: readonly Readonly<Record<string, string>>[] = [
  {},
  {
    "user-agent":
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    accept: "text/html,application/xhtml+xml,*/*;q=0.8",
    "upgrade-insecure-requests": "1",
    "sec-fetch-site": "none",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    "sec-fetch-user": "?1",
  },
  { "user-agent": "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2) BarracudaCentral" },
  { "user-agent": "Mozilla/5.0 (Proofpoint URL Defense)", accept: "*/*" },
  { "user-agent": "mimecast-url-protect/1.0", via: "1.1 mimecast" },
  { "user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", range: "bytes=0-32767" },
  { "user-agent": "Microsoft Office/16.0 (Microsoft Outlook 16.0; Pro)", "x-ms-office-preview": "1" },
  { "user-agent": "GoogleImageProxy", accept: "image/*" },
  { purpose: "prefetch", "x-moz": "prefetch" },
  { "sec-purpose": "prefetch;prerender", "sec-fetch-site": "none", "sec-fetch-dest": "document" },
  { "x-purpose": "preview" },
  { "if-none-match": '"x"', "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT" },
  { accept: "application/json" },
  { "x-http-method-override": "POST", "x-method-override": "POST" },
  { "x-forwarded-host": "scanner.example", "x-original-url": "/d/x", "x-rewrite-url": "/d/x" },
];

const FORM = "application/x-www-form-urlencoded";

/** Bodies without the form's confirmation, whatever else they say. */
const BODIES: readonly { readonly type?: string; readonly body?: string }[] = [
  {},
  { type: FORM, body: "" },
  // RFC 8058: what a mail program posts when somebody unsubscribes with one click.
  { type: FORM, body: "List-Unsubscribe=One-Click" },
  { type: "multipart/form-data; boundary=x", body: formData({ "List-Unsubscribe": "One-Click" }) },
  { type: "multipart/form-data; boundary=x", body: formData({ confirm: "yes", comment: "" }) },
  { type: "application/json", body: '{"confirm":"yes"}' },
  {
    type: "application/json",
    body: '{"confirm":"yes","comment":"","choice":"approve","decision":"approved"}',
  },
  { type: "text/plain", body: "confirm=yes" },
  { body: "confirm=yes" },
  { type: FORM, body: "comment=hello" },
  { type: FORM, body: "confirm=" },
  { type: FORM, body: "confirm=no" },
  { type: FORM, body: "confirm=YES" },
  { type: FORM, body: "Confirm=yes" },
  { type: FORM, body: "confirm=on&submit=Approve" },
  { type: FORM, body: "confirm=yes&confirm=yes" },
  { type: FORM, body: "confirm=yes&comment=a&comment=b" },
  { type: FORM, body: "confirm[]=yes" },
  { type: FORM, body: "confirm[a]=yes&__proto__[confirm]=yes" },
  { type: FORM, body: "choice=approve&act=approve&decision=approved" },
  { type: `${FORM}; charset=utf-16`, body: "confirm=yes" },
  { type: "application/xml", body: "<confirm>yes</confirm>" },
];

/** What a link may be followed by: nothing in it has a meaning. */
const QUERIES: readonly string[] = ["", "?confirm=yes", "?_method=POST&confirm=yes", "?utm_source=mail", "/"];

/**
 * `count` different-looking requests of a method for a link. Which of them is sent follows from its number alone, so
 * that each body meets each agent sooner or later.
 */
export function scannerRequests(
  link: string,
  method: ScannerRequest["method"],
  count: number,
): (ScannerRequest & { readonly url: string })[] {
  return Array.from({ length: count }, (_, i) => {
    const url = `${link}${QUERIES[Math.floor(i / 3) % QUERIES.length]}`;
    const agent = AGENTS[i % AGENTS.length] ?? {};
    if (method !== "POST") return { url, method, headers: agent };
    const { type, body } = BODIES[i % BODIES.length] ?? {};
    return {
      url,
      method,
      headers: { ...agent, ...(type === undefined ? {} : { "content-type": type }) },
      ...(body === undefined ? {} : { body }),
    };
  });
}

function formData(fields: Readonly<Record<string, string>>): string {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return `${parts.join("")}--x--\r\n`;
}
