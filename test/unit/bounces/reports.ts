/**
 * Delivery status notifications as mail systems write them, each put together from its documentation and RFC 3464: the fields, their
 * order, and what is odd about them.
 */
export interface Shape {
  readonly type?: string;
  readonly headers?: readonly string[];
  readonly words?: string;
  readonly status: readonly string[];
  readonly statusType?: string;
  readonly returned?: string;
}

const BOUNDARY = "=_report/1";

/** A whole mail. */
export function notification(shape: Shape, to = "bounces+tag@example.com"): string {
  const { type = `multipart/report; report-type=delivery-status; boundary="${BOUNDARY}"` } = shape;
  return [
    "Return-Path: <>",
    "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>",
    `To: ${to}`,
    "Subject: Undelivered Mail Returned to Sender",
    ...(shape.headers ?? []),
    "MIME-Version: 1.0",
    `Content-Type: ${type}`,
    "",
    "This is a MIME-encapsulated message.",
    "",
    `--${BOUNDARY}`,
    "Content-Type: text/plain; charset=us-ascii",
    "",
    shape.words ?? "I'm sorry to have to inform you that your message could not be delivered.",
    "",
    `--${BOUNDARY}`,
    `Content-Type: ${shape.statusType ?? "message/delivery-status"}`,
    "",
    ...shape.status,
    "",
    `--${BOUNDARY}`,
    "Content-Type: message/rfc822",
    "",
    shape.returned ??
      "Subject: Decision needed: Order\r\nMessage-ID: <1@example.com>\r\n\r\nApprove: https://x.example/d/a.b.c",
    "",
    `--${BOUNDARY}--`,
    "",
  ].join("\r\n");
}

/** Postfix (bounce(8), DSN_README): `Auto-Submitted: auto-replied`, X-Postfix fields. */
export const POSTFIX: Shape = {
  headers: ["Auto-Submitted: auto-replied"],
  status: [
    "Reporting-MTA: dns; mail.example.com",
    "X-Postfix-Queue-ID: 4Xyz1A2b3c",
    "X-Postfix-Sender: rfc822; bounces+tag@example.com",
    "Arrival-Date: Mon, 30 Nov 2026 09:00:00 +0000 (UTC)",
    "",
    "Final-Recipient: rfc822; ana@example.net",
    "Original-Recipient: rfc822;ana@example.net",
    "Action: failed",
    "Status: 5.1.1",
    "Remote-MTA: dns; mx.example.net",
    "Diagnostic-Code: smtp; 550 5.1.1 <ana@example.net>: Recipient address rejected:",
    "    User unknown in virtual mailbox table",
  ],
};

/** Postfix after maximal_queue_lifetime: it gives up, with the temporary code of its last attempt. */
export const POSTFIX_EXPIRED: Shape = {
  ...POSTFIX,
  status: [
    "Reporting-MTA: dns; mail.example.com",
    "",
    "Final-Recipient: rfc822; ana@example.net",
    "Action: failed",
    "Status: 4.4.1",
    "Diagnostic-Code: X-Postfix; connect to mx.example.net[192.0.2.7]:25: Connection timed out",
  ],
};

/** Postfix's warning after delay_warning_time. */
export const POSTFIX_DELAYED: Shape = {
  ...POSTFIX,
  status: [
    "Reporting-MTA: dns; mail.example.com",
    "",
    "Final-Recipient: rfc822; ana@example.net",
    "Action: delayed",
    "Status: 4.4.1",
    "Diagnostic-Code: X-Postfix; connect to mx.example.net[192.0.2.7]:25: Connection timed out",
    "Will-Retry-Until: Sat, 5 Dec 2026 09:00:00 +0000 (UTC)",
  ],
};

/** Exim (since 4.85, RFC 3461 notifications): no X fields, `5.0.0` for nearly everything. */
export const EXIM: Shape = {
  headers: ["Auto-Submitted: auto-replied", "X-Failed-Recipients: ana@example.net"],
  status: [
    "Reporting-MTA: dns; mail.example.com",
    "",
    "Action: failed",
    "Final-Recipient: rfc822;ana@example.net",
    "Status: 5.0.0",
    "Remote-MTA: dns; mx.example.net",
    "Diagnostic-Code: smtp; 550 Unknown user",
  ],
};

/** Exchange Online: long parameters on lines of their own, several X headers, codes of its own. */
export const EXCHANGE: Shape = {
  type: `multipart/report; report-type=delivery-status;\r\n\tboundary="${BOUNDARY}"`,
  headers: [
    "Content-Language: en-US",
    "Auto-Submitted: auto-replied",
    "X-MS-Exchange-Message-Is-Ndr:",
    "X-Auto-Response-Suppress: DR, OOF, AutoReply",
  ],
  status: [
    "Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.exchangelabs.com",
    "Received-From-MTA: dns;mail.example.com",
    "Arrival-Date: Mon, 30 Nov 2026 09:00:00 +0000",
    "",
    "Final-Recipient: rfc822;ana@example.net",
    "Action: failed",
    "Status: 5.1.10",
    "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "X-Display-Name: Ana",
  ],
};

/** Gmail: lines that end in LF, four of them, and comments after words. */
export const GMAIL: Shape = {
  headers: ["Auto-Submitted: auto-replied", "X-Failed-Recipients: ana@gmail.com"],
  status: [
    "Reporting-MTA: dns; googlemail.com",
    "Arrival-Date: Mon, 30 Nov 2026 01:00:00 -0800 (PST)",
    "X-Original-Message-ID: <1@example.com>",
    "",
    "Final-Recipient: rfc822; ana@gmail.com",
    "Action: failed",
    "Status: 5.1.1",
    "Remote-MTA: dns; gmail-smtp-in.l.google.com. (192.0.2.26, the server for the domain",
    " gmail.com.)",
    "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try",
    " 550 5.1.1 double-checking the recipient's email address",
    "Last-Attempt-Date: Mon, 30 Nov 2026 01:00:01 -0800 (PST)",
  ],
};

/** An address list that expands: one of two could not be reached. */
export const PARTLY: Shape = {
  status: [
    "Reporting-MTA: dns; mail.example.com",
    "",
    "Final-Recipient: rfc822; ana@example.net",
    "Action: failed",
    "Status: 5.1.1",
    "",
    "Final-Recipient: rfc822; bo@example.net",
    "Action: relayed",
    "Status: 2.0.0",
  ],
};

/** RFC 3834: an out-of-office note. */
export const OUT_OF_OFFICE = [
  "Return-Path: <>",
  "From: ana@example.net",
  "To: bounces+tag@example.com",
  "Subject: Out of office: Decision needed",
  "Auto-Submitted: auto-replied",
  "MIME-Version: 1.0",
  "Content-Type: text/plain",
  "",
  "I am back on Monday. Action: failed",
  "Status: 5.1.1",
  "",
].join("\r\n");

/** RFC 8098: a receipt that says that the mail was read, or deleted unread. */
export const READ_RECEIPT: Shape = {
  type: `multipart/report; report-type=disposition-notification; boundary="${BOUNDARY}"`,
  statusType: "message/disposition-notification",
  status: [
    "Final-Recipient: rfc822; ana@example.net",
    "Disposition: automatic-action/MDN-sent-automatically; deleted",
  ],
};
