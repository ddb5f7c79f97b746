/** What an operator is told of an engine that cannot be used: at the start, in the log, and at `/readyz`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { type EngineWatch, type WatchOptions, watchEngine } from "../../../src/durable/engine-watch.ts";
import { createCertificate } from "../../support/certificate.ts";
import { testEngine, testServer } from "../../support/engine.ts";
import { eventually } from "../../support/eventually.ts";

interface Asked {
  readonly kind: string;
  readonly id: string;
  readonly auth: string | undefined;
}

/** How a server that is not ours answers. */
interface Manner {
  readonly status: number;
  /** Default: of the protocol. */
  readonly body?: string;
  /** Its clock minus ours, in milliseconds. */
  readonly aheadMs?: number;
}

type Manners = (asked: Asked) => Manner;

const WELL: Manners = ({ kind }) => ({ status: kind === "promise.get" ? 404 : 200 });

function answering(manners: () => Manners) {
  return async (request: IncomingMessage, response: ServerResponse) => {
    const { kind, head, data } = JSON.parse(await text(request)) as {
      readonly kind: string;
      readonly head: { readonly auth?: string };
      readonly data: { readonly id: string };
    };
    const { status, body, aheadMs = 0 } = manners()({ kind, id: data.id, auth: head.auth });
    response.setHeader("Date", new Date(Date.now() + aheadMs).toUTCString());
    response.writeHead(status, { "content-type": "application/json" });
    response.end(
      body ?? JSON.stringify({ kind, head: { ...head, status }, data: status === 200 ? {} : "no" }),
    );
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A server whose manners can change. */
async function server(first: Manners): Promise<{ readonly url: string; manners: Manners }> {
  const it = { url: "", manners: first };
  it.url = `http://127.0.0.1:${await listening(createServer(answering(() => it.manners)))}`;
  return it;
}

const TIMES = { everyMs: 10, inTroubleMs: 10, lookMs: 5_000, firstMs: 5_000 };

async function watch(options: Partial<WatchOptions> & { readonly url: string }) {
  const lines: string[] = [];
  const line = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
  const gauges = new Map<string, number>();
  const watched: EngineWatch = await watchEngine({
    token: "token",
    isServer: true,
    log: { info: line("info"), warn: line("warn"), error: line("error") },
    measures: { count() {}, observe() {}, set: (name, value) => void gauges.set(name, value) },
    times: TIMES,
    ...options,
  });
  onTestFinished(() => watched.stop());
  return { watched, lines, gauges };
}

const expired = `e30.${Buffer.from(JSON.stringify({ exp: 1_700_000_000 })).toString("base64url")}.c2ln`;

describe("nothing starts on a server that", () => {
  test.each<[string, Manners, Partial<WatchOptions>, RegExp]>([
    ["wants a token", () => ({ status: 401 }), { token: undefined }, /wants a token: set RESONATE_TOKEN/],
    [
      "refuses the token",
      () => ({ status: 401 }),
      {},
      /refuses our token \(RESONATE_TOKEN or RESONATE_TOKEN_FILE\): it is signed with a key/,
    ],
    [
      "knows it to be over",
      () => ({ status: 401 }),
      { token: expired },
      /it expired at 2023-11-14T22:13:20.000Z/,
    ],
    [
      "takes it for some ids",
      ({ id }) => ({ status: id.startsWith("c") ? 404 : 403 }),
      {},
      /for some ids only.*"prefix"/,
    ],
    ["is none", () => ({ status: 404, body: "<html>" }), {}, /is no Resonate Server: it answers 404/],
    [
      "has a page for everything",
      () => ({ status: 200, body: "{}" }),
      {},
      /is no Resonate Server: it answers 200/,
    ],
    [
      "speaks another version",
      () => ({ status: 400 }),
      {},
      /refuses a plain request with 400: no\. Countersign speaks version/,
    ],
    [
      "knows no ids with a colon",
      ({ id }) => ({ status: id.includes(":") ? 400 : 404 }),
      {},
      /refuses ids such as order:0.*Use a released version/,
    ],
  ])("%s", async (_, manners, options, said) => {
    const { url } = await server(manners);
    await expect(watch({ url, ...options })).rejects.toThrow(said);
    await expect(watch({ url, ...options })).rejects.toThrow(`The engine at ${url}`);
  });

  test("has a certificate that nobody here trusts, or that is for another name", async () => {
    const { cert, key } = createCertificate("127.0.0.1");
    const port = await listening(
      createTlsServer(
        { cert, key },
        answering(() => WELL),
      ),
    );
    await expect(watch({ url: `https://127.0.0.1:${port}` })).rejects.toThrow(
      /has a certificate that is not trusted here \([A-Z_]+\): name the file of its authority in NODE_EXTRA_CA_CERTS/,
    );
  });

  test("speaks no TLS", async () => {
    const { url } = await server(WELL);
    await expect(watch({ url: url.replace("http:", "https:") })).rejects.toThrow(
      /speaks no TLS \(ERR_SSL_[A-Z_]+\): RESONATE_URL must begin with http:/,
    );
  });
});

test("our own engine with another folder's token is said to be that", async () => {
  const { url } = await testServer(testEngine());
  await expect(watch({ url, isServer: false, token: "other" })).rejects.toThrow(
    "refuses the token in DATA_DIR/engine.token",
  );
});

test("an engine that is not there yet is waited for, and its beginning and its end are told once", async () => {
  const engine = testEngine();
  const { url, port, close } = await testServer(engine);
  await close();
  const { watched, lines, gauges } = await watch({ url, isServer: false });
  expect(watched.obstacle()).toBe("away");
  expect(lines).toEqual([expect.stringMatching(/^error: The engine does not answer: .*ECONNREFUSED/)]);
  expect(gauges.get("countersign.engine.up")).toBe(0);
  const again = await testServer(engine, port);
  await eventually("it is found", () => watched.obstacle() === undefined);
  expect(lines.slice(1)).toEqual(["info: The engine can be used again"]);
  expect(gauges.get("countersign.engine.up")).toBe(1);
  await again.close();
  await eventually("it is missed", () => watched.obstacle() === "away");
  expect(lines).toHaveLength(3);
});

test("a token that is refused from some moment on, and another version after an outage, are told when they come and go", async () => {
  const it = await server(WELL);
  const { watched, lines } = await watch({ url: it.url });
  expect([lines, watched.obstacle()]).toEqual([[], undefined]);
  it.manners = () => ({ status: 401 });
  await eventually("the refusal is known", () => watched.obstacle() === "token");
  it.manners = () => ({ status: 503 });
  await eventually("it is away", () => watched.obstacle() === "away");
  it.manners = ({ id }) => ({ status: id.includes(":") ? 400 : 404 });
  await eventually("the other version is known", () => watched.obstacle() === "protocol");
  it.manners = WELL;
  await eventually("all is well", () => watched.obstacle() === undefined);
  expect(lines).toEqual([
    expect.stringMatching(/^error: The engine refuses our token/),
    "error: The engine does not answer: it answers 503",
    expect.stringMatching(/^error: The engine refuses ids such as order:0/),
    "info: The engine can be used again",
  ]);
});

test.each([
  [90_000, "90 s ahead of"],
  [-3_600_000, "3600 s behind"],
])(
  "a clock that is %s ms ahead is told when it is seen and when it is right again, and stops nothing",
  async (aheadMs, said) => {
    const it = await server((asked) => ({ ...WELL(asked), aheadMs }));
    const { watched, lines, gauges } = await watch({ url: it.url });
    expect([watched.obstacle(), watched.isClockOff()]).toEqual([undefined, true]);
    expect(lines).toEqual([expect.stringContaining(`warn: The engine's clock is ${said} this machine's`)]);
    expect(gauges.get("countersign.engine.clock.ahead")).toBeCloseTo(aheadMs / 1000, -1);
    it.manners = WELL;
    await eventually("it is right", () => !watched.isClockOff());
    expect(lines.slice(1)).toEqual(["info: The engine's clock and this machine's are together again"]);
  },
);

test("an engine that answers and cannot be listened to is told after two looks, and when it is heard again", async () => {
  const it = await server(WELL);
  let isListening = true;
  const { watched, lines, gauges } = await watch({ url: it.url, isListening: () => isListening });
  expect(watched.obstacle()).toBeUndefined();
  isListening = false;
  await eventually("that is known", () => watched.obstacle() === "stream");
  expect(gauges.get("countersign.engine.up")).toBe(0);
  isListening = true;
  await eventually("that is over", () => watched.obstacle() === undefined);
  expect(lines).toEqual([
    expect.stringMatching(
      /^error: The engine answers, but its stream of messages \(GET \/poll\/…\) cannot be opened/,
    ),
    "info: The engine can be used again",
  ]);
});

test("a clock that is a second off is not told", async () => {
  const it = await server((asked) => ({ ...WELL(asked), aheadMs: 2_000 }));
  const { watched, lines } = await watch({ url: it.url });
  expect([lines, watched.isClockOff()]).toEqual([[], false]);
});
