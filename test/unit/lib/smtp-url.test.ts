import { describe, expect, test } from "vitest";
import { parseSmtpUrl } from "../../../src/lib/smtp-url.ts";

describe("parseSmtpUrl()", () => {
  const plain = { host: "mail.example.com", port: 587, secure: false };
  test.each([
    ["smtp://mail.example.com", plain],
    ["SMTP://MAIL.example.com/", plain],
    ["smtps://mail.example.com", { ...plain, port: 465, secure: true }],
    ["smtp://mail.example.com:25", { ...plain, port: 25 }],
    ["smtp://localhost", { ...plain, host: "localhost" }],
    ["smtp://mail_relay:2525", { ...plain, host: "mail_relay", port: 2525 }],
    ["smtp://mail.example.com.:587", { ...plain, host: "mail.example.com." }],
    ["smtp://192.0.2.7:25", { ...plain, host: "192.0.2.7", port: 25 }],
    ["smtp://[2001:db8::7]:25", { ...plain, host: "2001:db8::7", port: 25 }],
    ["smtp://post.müller.example", { ...plain, host: "post.xn--mller-kva.example" }],
    ["smtp://u:p@mail.example.com", { ...plain, auth: { user: "u", pass: "p" } }],
    ["smtp://u:p:q@mail.example.com", { ...plain, auth: { user: "u", pass: "p:q" } }],
    ["smtp://u:p@w@mail.example.com", { ...plain, auth: { user: "u", pass: "p@w" } }],
    ["smtp://u:100%25%20p%C3%BCre@mail.example.com", { ...plain, auth: { user: "u", pass: "100% püre" } }],
    [
      "smtp://u%40example.com:%2F%3F%23@mail.example.com",
      { ...plain, auth: { user: "u@example.com", pass: "/?#" } },
    ],
    ["smtp://u:p w@mail.example.com", { ...plain, auth: { user: "u", pass: "p w" } }],
  ])("reads %s", (text, relay) => {
    expect(parseSmtpUrl(text)).toEqual(relay);
  });

  test.each([
    ["mail.example.com", /^must be smtp:\/\/host:port/u],
    ["smtp:mail.example.com", /^must be smtp:\/\/host:port/u],
    ["http://mail.example.com", /^must be smtp:\/\/host:port/u],
    ["smtp://", /^must be smtp:\/\/host:port/u],
    ["smtp://u:s3cret@", /^must be smtp:\/\/host:port/u],
    ["smtp://mail%20x.example.com", /host is no host name/u],
    ["smtp://mail x.example.com", /host is no host name/u],
    ["smtp://mail..example.com", /host is no host name/u],
    ["smtp://.example.com", /host is no host name/u],
    ["smtp://.", /host is no host name/u],
    ["smtp://-mail.example.com", /host is no host name/u],
    ["smtp://mail-.example.com", /host is no host name/u],
    ["smtp://1.2.3.4.5", /host is no host name/u],
    [`smtp://${"m".repeat(64)}.example.com`, /host is no host name/u],
    [`smtp://${"mail.".repeat(60)}example.com`, /host is no host name/u],
    ["smtp://[2001:db8::g]", /host is no host name/u],
    ["smtp://2001:db8::7", /port from 1 to 65535/u],
    ["smtp://mail.example.com:0", /port from 1 to 65535/u],
    ["smtp://mail.example.com:65536", /port from 1 to 65535/u],
    ["smtp://mail.example.com:", /port from 1 to 65535/u],
    ["smtp://mail.example.com:smtp", /port from 1 to 65535/u],
    ["smtp://mail.example.com/x", /must end after host and port$/u],
    ["smtp://u:s3cret@mail.example.com?debug=true", /must end after host and port\. In user and password/u],
    ["smtp://u:s3cret#w@mail.example.com", /write .* # as %23/u],
    ["smtp://u:s3cret/w@mail.example.com", /write .* \/ as %2F/u],
    ["smtps://u:100%s3cret@mail.example.com", /percent-encoded.*% as %25/u],
    ["smtps://u%s3cret:p@mail.example.com", /percent-encoded/u],
    ["smtps://u:s3cret%C3@mail.example.com", /percent-encoded/u],
    ["smtps://s3cret@mail.example.com", /both user and password/u],
    ["smtps://:s3cret@mail.example.com", /both user and password/u],
    ["smtps://s3cret:@mail.example.com", /both user and password/u],
    ["smtps://u:s3cret%0D%0A@mail.example.com", /no control characters/u],
    ["smtps://u:s3cret%00@mail.example.com", /no control characters/u],
  ])("refuses %s in words that repeat nothing of it", (text, words) => {
    const problem = parseSmtpUrl(text);
    expect(problem).toMatch(words);
    expect(problem).not.toContain("s3cret");
  });
});
