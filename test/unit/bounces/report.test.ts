import { describe, expect, test } from "vitest";
import { readReport } from "../../../src/bounces/report.ts";
import {
  EXCHANGE,
  EXIM,
  GMAIL,
  notification,
  OUT_OF_OFFICE,
  PARTLY,
  POSTFIX,
  POSTFIX_DELAYED,
  POSTFIX_EXPIRED,
  READ_RECEIPT,
  type Shape,
} from "./reports.ts";

const read = (mail: string) => readReport(Buffer.from(mail, "latin1"));
const why = async (mail: string) => {
  const found = await read(mail);
  return found.ok ? found.report : found.why;
};

describe("readReport()", () => {
  test.each([
    ["Postfix", POSTFIX, { kind: "failed", status: "5.1.1" }],
    ["Postfix, after days", POSTFIX_EXPIRED, { kind: "failed", status: "4.4.1" }],
    ["Postfix, late", POSTFIX_DELAYED, { kind: "delayed", status: "4.4.1" }],
    ["Exim", EXIM, { kind: "failed", status: "5.0.0" }],
    ["Exchange", EXCHANGE, { kind: "failed", status: "5.1.10" }],
    ["Gmail", GMAIL, { kind: "failed", status: "5.1.1" }],
  ] satisfies [string, Shape, object][])("reads what %s writes", async (_name, shape, report) => {
    expect(await read(notification(shape))).toEqual({ ok: true, report, to: ["bounces+tag@example.com"] });
    // Relays between may change the ends of lines.
    expect(await read(notification(shape).replaceAll("\r\n", "\n"))).toEqual({
      ok: true,
      report,
      to: ["bounces+tag@example.com"],
    });
  });

  test("reads notifications whose part for programs is encoded, or for addresses that are not ASCII", async () => {
    const status = [Buffer.from(POSTFIX.status.join("\r\n")).toString("base64")];
    const encoded = { status, statusType: "message/delivery-status\r\nContent-Transfer-Encoding: base64" };
    expect(await read(notification(encoded))).toMatchObject({ ok: true, report: { kind: "failed" } });
    const global = { ...POSTFIX, statusType: "message/global-delivery-status" };
    expect(await read(notification(global))).toMatchObject({ ok: true, report: { status: "5.1.1" } });
  });

  test("takes the words before a comment, in letters of any size, and leaves out a status that is none", async () => {
    const said = (...fields: string[]) =>
      why(notification({ status: ["Reporting-MTA: dns; a", "", ...fields] }));
    expect(await said("ACTION: Failed (for good)", "STATUS: 5.1.1 (no such user)")).toEqual({
      kind: "failed",
      status: "5.1.1",
    });
    for (const odd of ["550", "5.1", "5.1.1.1", "9.1.1", "5.1111.1", "none", ""]) {
      expect(await said("Action: failed", `Status: ${odd}`)).toEqual({ kind: "failed" });
    }
    expect(await said("Action: failed", "Status: 2.1.5")).toMatch(/was delivered/u);
  });

  test.each([
    ["an out-of-office note", OUT_OF_OFFICE, /no report/u],
    ["a receipt of reading", notification(READ_RECEIPT), /another kind: disposition-notification/u],
    ["a list that reached somebody", notification(PARTLY), /reached somebody/u],
    [
      "a delivery",
      notification({ status: ["a: b", "", "Action: delivered", "Status: 2.0.0"] }),
      /reached somebody/u,
    ],
    ["a report without a recipient", notification({ status: ["Reporting-MTA: dns; a"] }), /no recipient/u],
    ["a report without its part", notification({ ...POSTFIX, statusType: "text/plain" }), /no part/u],
    ["nothing", "", /no report/u],
    ["bytes", "\0\xff\xfe\r\n\r\n\0", /no report/u],
  ])("leaves %s alone", async (_name, mail, reason) => {
    expect(await why(mail)).toMatch(reason);
  });

  test("leaves alone what a person wrote about a notification, which is a part of theirs", async () => {
    const outer = [
      'Content-Type: multipart/mixed; boundary="o"',
      "",
      "--o",
      "Content-Type: text/plain",
      "",
      "See what I got",
      "--o",
      "Content-Type: message/rfc822",
      "",
      notification(POSTFIX),
      "--o--",
    ];
    expect(await why(outer.join("\r\n"))).toMatch(/no report/u);
  });

  test("reads one with the whole of a long mail behind it", async () => {
    const returned = `Subject: Order\r\n\r\n${"<p>Approve</p>\r\n".repeat(50_000)}`;
    expect(await why(notification({ ...POSTFIX, returned }))).toEqual({ kind: "failed", status: "5.1.1" });
  });

  test("is quick and safe with mails that are made to be slow", async () => {
    const deep = Array.from(
      { length: 500 },
      (_, i) => `Content-Type: multipart/report; boundary="b${i}"\r\n\r\n--b${i}\r\n`,
    );
    const many = Array.from({ length: 20_000 }, () => "Action: failed\r\n\r\n").join("");
    const started = process.threadCpuUsage();
    expect(await why(deep.join(""))).toBeTypeOf("string");
    expect(await why(notification({ status: [many] }))).toEqual({ kind: "failed" });
    expect(await why(`Content-Type: multipart/report;${" ".repeat(500_000)}x\r\n\r\n`)).toBeTypeOf("string");
    expect(
      await why(`Content-Type: multipart/report; boundary=b\r\n\r\n${"\r\n".repeat(500_000)}`),
    ).toBeTypeOf("string");
    expect(
      await why(`Content-Type: multipart/report; boundary=b\r\n\r\n${"--b\r\n\r\n".repeat(130_000)}`),
    ).toBeTypeOf("string");
    // Milliseconds of the processor, whatever else the machine does.
    const { user, system } = process.threadCpuUsage(started);
    expect((user + system) / 1_000).toBeLessThan(5_000);
  });
});
