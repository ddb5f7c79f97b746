/**
 * Reads what a mail system reports about a mail that we sent: a delivery status notification (RFC 3464).
 *
 * D1 Only such a notification counts. Whatever else comes to a return path is left alone: out-of-office notes and other
 *    automatic answers (RFC 3834), receipts of reading (RFC 8098), people's answers, spam. `Auto-Submitted` tells none of them
 *    apart, because Postfix marks its own notifications as `auto-replied`, too.
 * D2 `Action` says what became of the mail, and not the first digit of `Status`: a system that has given up after days reports
 *    `failed` with the temporary code of its last attempt, such as 4.4.1 (RFC 3464 §2.3.4).
 * D3 Nothing else in it is believed or kept: not whom it names, and no words. Which mail it is about, the return path says.
 */
import PostalMime from "postal-mime";
import { type BounceReport, STATUS_CODE } from "../approval/bounce.ts";

export type ReadReport =
  | {
      readonly ok: true;
      readonly report: BounceReport;
      /** Addresses that it was sent to, by its header: for callers that did not get the envelope with it. */
      readonly to: readonly string[];
    }
  /** `why` is for the log. */
  | { readonly ok: false; readonly why: string };

/** Notifications with the whole of a mail of ours are below 400 KiB. */
export const REPORT_BYTES_MAX = 1024 * 1024;
/**
 * What is read of it. The part for programs comes second (RFC 3464 §2), and after it only the mail that came back. The library
 * takes its time for each line, so a mail of nothing but line breaks would hold up the process for many seconds.
 */
const READ_BYTES_MAX = 128 * 1024;
const READ_LINES_MAX = 2_000;

/** A notification has three parts, the last of which can be a whole mail. */
const NESTING_MAX = 16;
const HEADERS_BYTES_MAX = 64 * 1024;
/** Of the part for programs: some hundred bytes for each recipient, and we have one. */
const STATUS_BYTES_MAX = 64 * 1024;
const RECIPIENTS_MAX = 100;

/** Never throws: what cannot be read is no notification. */
export async function readReport(raw: Uint8Array): Promise<ReadReport> {
  try {
    const mail = await PostalMime.parse(beginningOf(raw), {
      maxNestingDepth: NESTING_MAX,
      maxHeadersSize: HEADERS_BYTES_MAX,
      forceRfc822Attachments: true,
      attachmentEncoding: "arraybuffer",
    });
    const type = mail.headers.find(({ key }) => key === "content-type")?.value ?? "";
    if (!/^multipart\/report\b/iu.test(type.trim())) return none("it is no report");
    const reportType = /;\s*report-type\s*=\s*"?([\w-]+)/iu.exec(type)?.[1]?.toLowerCase();
    if (reportType !== undefined && reportType !== "delivery-status") {
      return none(`it is a report of another kind: ${reportType}`);
    }
    const part = mail.attachments.find(({ mimeType }) => STATUS_TYPES.has(mimeType.toLowerCase()));
    if (part === undefined) return none("it has no part for programs");
    const text = Buffer.from(part.content as ArrayBuffer)
      .subarray(0, STATUS_BYTES_MAX)
      .toString("latin1");
    const report = reportIn(text);
    if (typeof report === "string") return none(report);
    const to = mail.headers.flatMap(({ key, value }) =>
      RECIPIENT_HEADERS.has(key) ? addressesIn(value.slice(0, HEADER_CHARS_MAX)) : [],
    );
    return { ok: true, report, to: to.slice(0, TO_MAX) };
  } catch (error) {
    return none(`it cannot be read: ${error instanceof Error ? error.message : "unknown reason"}`);
  }
}

/** What mail systems note the recipient of a delivery in; the sender's own `To` comes last. */
const RECIPIENT_HEADERS: ReadonlySet<string> = new Set([
  "delivered-to",
  "x-original-to",
  "envelope-to",
  "to",
]);
const TO_MAX = 10;
const HEADER_CHARS_MAX = 1_000;

/** Words with an at sign between their ends, whatever stands around them. */
function addressesIn(header: string): string[] {
  return header.split(/[\s<>,"]/u).filter((word) => {
    const at = word.lastIndexOf("@");
    return at > 0 && at < word.length - 1;
  });
}

function beginningOf(raw: Uint8Array): Uint8Array {
  let end = -1;
  for (let lines = 0; lines < READ_LINES_MAX; lines++) {
    const next = raw.indexOf(LINE_FEED, end + 1);
    if (next === -1) return raw.subarray(0, READ_BYTES_MAX);
    if (next >= READ_BYTES_MAX) break;
    end = next;
  }
  return raw.subarray(0, end + 1);
}

const LINE_FEED = 0x0a;

/** RFC 3464 §2.1, and RFC 6533 §6.1 for addresses that are not ASCII. */
const STATUS_TYPES: ReadonlySet<string> = new Set([
  "message/delivery-status",
  "message/global-delivery-status",
]);

/**
 * Of several recipients, as where an address stands for a list, the mail has failed only if it reached none. A sentence says why
 * it is no report.
 */
function reportIn(text: string): BounceReport | string {
  const recipients = groupsOf(text).flatMap((fields) => {
    const action = wordIn(fields.get("action"));
    return action === undefined ? [] : [{ action, status: statusIn(fields.get("status")) }];
  });
  if (recipients.length === 0) return "it names no recipient";
  const failed = recipients.filter(({ action }) => action === "failed");
  const delayed = recipients.filter(({ action }) => action === "delayed");
  if (failed.length === recipients.length) return reported("failed", failed[0]?.status);
  if (delayed.length > 0 && failed.length + delayed.length === recipients.length) {
    return reported("delayed", delayed[0]?.status);
  }
  return "the mail has reached somebody";
}

function reported(kind: BounceReport["kind"], status: string | undefined): BounceReport | string {
  if (status?.startsWith("2") === true) return `its status ${status} says that the mail was delivered`;
  return { kind, ...(status === undefined ? {} : { status }) };
}

/** Groups of fields, between empty lines: first those of the mail, then those of each recipient. */
function groupsOf(text: string): ReadonlyMap<string, string>[] {
  return text
    .replaceAll(/\r\n?/gu, "\n")
    .split(/\n[ \t]*\n/u)
    .slice(0, RECIPIENTS_MAX + 1)
    .map((group) => {
      const fields = new Map<string, string>();
      // Folded lines are put together; of fields that are only to be there once, the first counts.
      for (const line of group.replaceAll(/\n[ \t]+/gu, " ").split("\n")) {
        const colon = line.indexOf(":");
        const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
        if (name !== "" && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
      }
      return fields;
    });
}

/** The value without the comment that may follow (RFC 3464 §2.1.1). */
function wordIn(value: string | undefined): string | undefined {
  return /^[\w-]+/u.exec(value ?? "")?.[0].toLowerCase();
}

function statusIn(value: string | undefined): string | undefined {
  const status = /^[\d.]+/u.exec(value ?? "")?.[0];
  return status !== undefined && STATUS_CODE.test(status) ? status : undefined;
}

function none(why: string): ReadReport {
  return { ok: false, why };
}
