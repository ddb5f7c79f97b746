/** From a report that comes by SMTP to what becomes of it: real SMTP, engine, worker and gateway. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { createTransport } from "nodemailer";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { KIND_TAG } from "../../../src/approval/ids.ts";
import { parseApprovalRequest } from "../../../src/approval/request.ts";
import { approvalCall } from "../../../src/approval/starting.ts";
import { openBounceListener } from "../../../src/processes/bounce-listener.ts";
import { createReturnPathTokens } from "../../../src/tokens/return-path.ts";
import { callbackUrlProblem } from "../../support/callbacks.ts";
import { openRig, type Rig, type RigOptions, SECRET, until } from "../gateway/rig.ts";
import {
  EXIM,
  notification,
  OUT_OF_OFFICE,
  POSTFIX,
  POSTFIX_DELAYED,
  READ_RECEIPT,
  type Shape,
} from "./reports.ts";

const KEYS = [{ kid: "k1", secret: SECRET }];
const ORDER = {
  id: "po-1",
  title: "Order 40 laptops",
  requester: { email: "kim@example.com", name: "Kim" },
  approvers: [{ email: "ana@example.com", name: "Ana" }, "bo@example.com"],
  require: "all",
};

interface Place {
  readonly rig: Rig;
  /** Hands a mail to the listener, as a mail system does; answers its reply. */
  readonly deliver: (to: string, mail: string | Shape) => Promise<string>;
  readonly log: readonly Record<string, unknown>[];
  readonly port: number;
}

async function open(
  options: RigOptions & { readonly sessionMs?: number } = {},
): Promise<Place & AsyncDisposable> {
  const rig = await openRig({ bounceAddress: "bounces@example.com", ...options });
  const log: Record<string, unknown>[] = [];
  const listener = await openBounceListener({
    host: "127.0.0.1",
    port: 0,
    name: "localhost",
    durable: rig.durable,
    keys: KEYS,
    sessionMs: options.sessionMs,
    log: pino({ base: {}, timestamp: false }, { write: (line: string) => void log.push(JSON.parse(line)) }),
  });
  return {
    rig,
    log,
    port: listener.port,
    deliver: (to, mail) => hand(listener.port, to, typeof mail === "string" ? mail : notification(mail, to)),
    async [Symbol.asyncDispose]() {
      await listener.close();
      await rig[Symbol.asyncDispose]();
    },
  };
}

async function hand(port: number, to: string, raw: string): Promise<string> {
  const transport = createTransport({ host: "127.0.0.1", port, ignoreTLS: true });
  try {
    const { response } = await transport.sendMail({ envelope: { from: "", to }, raw });
    return response.slice(0, 3);
  } catch (error) {
    return String((error as { responseCode?: number }).responseCode ?? error);
  } finally {
    transport.close();
  }
}

/** Says `lines` one after the other, each once the last was answered; the connection stays open. */
async function session(port: number, lines: readonly string[]) {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  socket.on("error", () => {});
  const replies: string[] = [];
  const next = async () => {
    let text = "";
    // The last line of a reply has a space after its code.
    while (!/^\d{3} .*\r\n$/mu.test(text)) text += ((await once(socket, "data")) as [string])[0];
    replies.push(text);
  };
  await next();
  for (const line of lines) {
    if (socket.destroyed || /^[45]/u.test(replies.at(-1) ?? "")) break;
    socket.write(`${line}\r\n`);
    await next();
  }
  return { socket, replies };
}

async function asked(rig: Rig, request: Record<string, unknown> = {}): Promise<void> {
  expect((await rig.json("POST", "/approvals", { ...ORDER, ...request })).status).toBe(202);
}

/** Starts it with a minute until its deadline, of which `leftMs` are left. */
async function begin(rig: Rig, id: string, request: Record<string, unknown>, leftMs: number): Promise<void> {
  const nowMs = Date.now() - 60_000 + leftMs;
  const options = { nowMs, callbackUrlProblem, mayApproveByDeadline: true };
  const parsed = parseApprovalRequest({ ...request, deadline: "PT1M" }, options);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const call = approvalCall(parsed.value, parsed.terms);
  await rig.durable.start({ id, ...call, tags: { [KIND_TAG]: "approval" } });
}

const mailOf = async (rig: Rig, n: number): Promise<Record<string, unknown>> => {
  const { body } = await rig.json("GET", "/approvals/po-1");
  const ballots = body["ballots"] as { readonly n: number; readonly mail: Record<string, unknown> }[];
  return ballots.find((ballot) => ballot.n === n)?.mail ?? {};
};
const told = (rig: Rig) => rig.told.map(({ kind }) => kind);
const INSTANT = expect.stringMatching(/^\d{4}-.*Z$/u);

describe("a mail that comes back", () => {
  test("marks its person as unreachable, and tells the requester once, however often it is reported", async () => {
    await using place = await open();
    const { rig, deliver, log } = place;
    await asked(rig);
    const path = await rig.returnPath("po-1", 2);
    expect(path).toMatch(/^bounces\+[a-z2-7]{39}@example\.com$/u);
    for (const shape of [POSTFIX, POSTFIX, EXIM]) expect(await deliver(path, shape)).toBe("250");
    expect(await mailOf(rig, 2)).toEqual({
      status: "undeliverable",
      reason: "The mail came back (5.1.1)",
      attempts: 1,
      bouncedAt: INSTANT,
    });
    expect(await mailOf(rig, 1)).toEqual({ status: "sent", attempts: 1 });
    const mail = await until(async () => rig.told[0]);
    const page = await rig.call("link" in mail ? new URL(mail.link ?? "").pathname : "");
    expect(page.text).toContain("Too few people are left who can approve it.");
    const { body } = await rig.json("GET", "/approvals/po-1/history");
    expect(body["events"]).toContainEqual({
      at: INSTANT,
      type: "mail-bounced",
      ballot: 2,
      person: { email: "bo@example.com" },
      status: "5.1.1",
    });
    expect(log.at(-1)).toMatchObject({ approval: "po-1", ballot: 2, report: "failed", outcome: "stored" });
    // The links that may have come through some other way still work.
    await rig.press(await rig.link("po-1", "approve", 1));
    await rig.press(await rig.link("po-1", "approve", 2));
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
    expect(told(rig).filter((kind) => kind === "undeliverable")).toHaveLength(1);
  });

  test("finds its ballot in letters of any size, and by another return path of a later ballot not", async () => {
    await using place = await open();
    const { rig, deliver } = place;
    await asked(rig);
    const path = await rig.returnPath("po-1", 1);
    expect(path).not.toBe(await rig.returnPath("po-1", 2));
    expect(await deliver(path.toUpperCase(), POSTFIX)).toBe("250");
    expect(await mailOf(rig, 1)).toMatchObject({ status: "undeliverable" });
    expect(await mailOf(rig, 2)).toMatchObject({ status: "sent" });
  });

  test("is shown and acted on not, if it is only late; and then comes back after all", async () => {
    await using place = await open();
    const { rig, deliver } = place;
    await asked(rig);
    const path = await rig.returnPath("po-1", 1);
    for (let i = 0; i < 2; i++) expect(await deliver(path, POSTFIX_DELAYED)).toBe("250");
    expect(await mailOf(rig, 1)).toEqual({
      status: "sent",
      reason: "The mail is late, and still under way (4.4.1)",
      attempts: 1,
      delayedAt: INSTANT,
    });
    const { body } = await rig.json("GET", "/approvals/po-1/history");
    const types = (body["events"] as { readonly type: string }[]).map(({ type }) => type);
    expect(types.filter((type) => type === "mail-delayed")).toHaveLength(1);
    expect(told(rig)).toEqual([]);
    expect(await deliver(path, POSTFIX)).toBe("250");
    expect(await mailOf(rig, 1)).toMatchObject({ status: "undeliverable", bouncedAt: INSTANT });
  });

  test("changes nothing if it is no report", async () => {
    await using place = await open();
    const { rig, deliver, log } = place;
    await asked(rig);
    const path = await rig.returnPath("po-1", 1);
    for (const mail of [
      OUT_OF_OFFICE,
      notification(READ_RECEIPT),
      "Subject: Hello\r\n\r\nWhat is this?\r\n",
    ]) {
      expect(await deliver(path, mail)).toBe("250");
    }
    expect(await mailOf(rig, 1)).toEqual({ status: "sent", attempts: 1 });
    expect(log.map(({ msg }) => msg)).toEqual(Array(3).fill(expect.stringContaining("left alone")));
  });

  test("changes nothing once its person has answered, or the approval is over", async () => {
    await using place = await open();
    const { rig, deliver, log } = place;
    await asked(rig);
    const paths = [await rig.returnPath("po-1", 1), await rig.returnPath("po-1", 2)] as const;
    await rig.press(await rig.link("po-1", "approve", 1));
    expect(await deliver(paths[0], POSTFIX)).toBe("250");
    expect(await mailOf(rig, 1)).toMatchObject({ status: "sent" });
    await rig.json("POST", "/approvals/po-1/cancel", {});
    await rig.settled("po-1");
    expect(await deliver(paths[1], POSTFIX)).toBe("250");
    expect(await mailOf(rig, 2)).toMatchObject({ status: "sent" });
    expect(log.map(({ outcome }) => outcome)).toEqual(["too-late", "too-late"]);
    expect(told(rig)).not.toContain("undeliverable");
  });

  test("is no consent: the silence of somebody whose mail came back approves nothing", async () => {
    await using place = await open({ mayApproveByDeadline: true });
    const { rig, deliver } = place;
    const silent = { title: "Order", approvers: ["ana@x.org"], onDeadline: "approve" };
    await begin(rig, "po-1", silent, 2_500);
    expect(await deliver(await rig.returnPath("po-1"), POSTFIX)).toBe("250");
    expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "expired" });
    await begin(rig, "po-2", silent, 1_500);
    expect((await rig.settled("po-2")).value).toMatchObject({ outcome: "approved" });
  });
});

describe("the listener", () => {
  test("takes mail for good return paths alone, and looks nothing up for others", async () => {
    const nowMs = Date.now();
    await using place = await open();
    const { rig, deliver } = place;
    await asked(rig);
    const path = await rig.returnPath("po-1", 1);
    const [local = "", domain = ""] = path.split("@");
    const forged = createReturnPathTokens([{ kid: "k", secret: Buffer.alloc(32, 9) }]).issue({
      pid: "po-1:1",
      bornAtMs: 1,
      expiresAtMs: nowMs + 60_000,
    });
    const flipped = `${local.slice(0, -2)}${local.at(-2) === "a" ? "b" : "a"}${local.at(-1)}`;
    for (const to of [
      "bounces@example.com",
      "ana@example.com",
      `bounces+${forged.tag}@${domain}`,
      `${flipped}@${domain}`,
      `${local}x@${domain}`,
      `bounces+${createReturnPathTokens(KEYS).issue({ pid: "po-1:1", bornAtMs: 1, expiresAtMs: nowMs - 2_000 }).tag}@${domain}`,
    ]) {
      expect([to, await deliver(to, POSTFIX)]).toEqual([to, "550"]);
    }
    expect(await mailOf(rig, 1)).toMatchObject({ status: "sent" });
    const unknown = createReturnPathTokens(KEYS).issue({
      pid: "po-9:1",
      bornAtMs: 1,
      expiresAtMs: nowMs + 60_000,
    });
    expect(await deliver(`bounces+${unknown.tag}@${domain}`, POSTFIX)).toBe("250");
    expect(place.log.at(-1)).toMatchObject({ outcome: "unknown" });
  });

  test("refuses what is too large, and says to try again while nothing can be stored", async () => {
    await using place = await open();
    const { rig, deliver, log } = place;
    await asked(rig);
    const path = await rig.returnPath("po-1", 1);
    const large = notification({ ...POSTFIX, returned: "x".repeat(1100 * 1024) }, path);
    expect(await deliver(path, large)).toBe("552");
    await rig.rest();
    await rig.engine.close();
    expect(await deliver(path, POSTFIX)).toBe("451");
    expect(log.at(-1)?.["msg"]).toMatch(/could not be stored: its sender tries again/u);
  });

  test("has room for others whatever one client does, and takes its hanging up for no fault", async () => {
    await using place = await open();
    const { rig, log } = place;
    await asked(rig);
    const path = await rig.returnPath("po-1", 1);
    const greetings = await Promise.all(Array.from({ length: 12 }, () => session(place.port, [])));
    const greeted = greetings.filter(({ replies }) => replies[0]?.startsWith("220"));
    const refused = greetings.filter(({ replies }) => replies[0]?.startsWith("421 4.7.0"));
    expect([greeted.length, refused.length]).toEqual([10, 2]);
    for (const { socket } of greetings) socket.destroy();
    const dialogue = ["EHLO x", "MAIL FROM:<>", `RCPT TO:<${path}>`, "DATA"];
    const { socket, replies } = await until(async () => {
      const tried = await session(place.port, dialogue);
      return tried.replies.at(-1)?.startsWith("354") === true ? tried : undefined;
    });
    expect(replies).toHaveLength(5);
    socket.write("Subject: half\r\n");
    socket.destroy();
    // What comes after it is taken, and says that the listener has noticed.
    expect(await place.deliver(path, POSTFIX)).toBe("250");
    await until(async () => (log.length > 0 ? true : undefined));
    await setTimeout(50);
    expect(log.map(({ msg }) => msg)).toEqual(["A mail came back"]);
  });

  test("ends a session in time, of a client that is never silent as well, and takes the next one", async () => {
    await using place = await open({ sessionMs: 2_000 });
    const { rig } = place;
    await asked(rig);
    const path = await rig.returnPath("po-1", 1);
    const startedAt = performance.now();
    const { socket } = await session(place.port, ["EHLO x"]);
    // What is written as the server closes may fail, which `once` would take for the end.
    const closed = new Promise((resolve) => socket.once("close", resolve));
    let said = 0;
    const talking = setInterval(() => {
      socket.write("NOOP\r\n");
      said += 1;
    }, 20);
    await closed;
    clearInterval(talking);
    expect(performance.now() - startedAt).toBeGreaterThan(1_990);
    expect(said).toBeGreaterThan(3);
    expect(await place.deliver(path, POSTFIX)).toBe("250");
  });

  test("answers 250 when the report is on disk: a worker that comes later does the rest", async () => {
    await using place = await open();
    const { rig, deliver } = place;
    await asked(rig);
    const path = await rig.returnPath("po-1", 1);
    await rig.returnPath("po-1", 2);
    await rig.rest();
    expect(await deliver(path, POSTFIX)).toBe("250");
    expect(told(rig)).toEqual([]);
    rig.work();
    await until(async () => (told(rig).includes("undeliverable") ? true : undefined));
  });
});

describe("a return path", () => {
  test("is made only where the settings have an address for it", async () => {
    await using rig = await openRig();
    await asked(rig);
    expect(await rig.returnPath("po-1", 1)).toBe("");
    expect(await mailOf(rig, 1)).toEqual({ status: "sent", attempts: 1 });
  });

  test("names nobody, and is the same for each mail of a ballot", async () => {
    await using place = await open();
    const { rig } = place;
    await asked(rig);
    const path = await rig.returnPath("po-1", 1);
    await rig.json("POST", "/approvals/po-1/ballots/1/remind", {}, { "idempotency-key": "one-reminder-a" });
    expect(await rig.returnPath("po-1", 1)).toBe(path);
    expect(path).not.toMatch(/ana|po-1/u);
  });

  test("is of no reminder if the first mail of the ballot had none", async () => {
    const options: { bounceAddress?: string } = {};
    await using rig = await openRig(options);
    await asked(rig);
    await rig.returnPath("po-1", 1);
    await rig.returnPath("po-1", 2);
    await rig.rest();
    options.bounceAddress = "bounces@example.com";
    rig.work();
    await rig.json("POST", "/approvals/po-1/ballots/1/remind", {}, { "idempotency-key": "one-reminder-a" });
    const reminder = await until(async () => rig.asks.find(({ kind }) => kind === "reminder"));
    expect(reminder).not.toHaveProperty("returnPath");
  });
});
