import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { createLogger } from "../../../src/lib/log.ts";
import { scrub } from "../../../src/lib/scrub.ts";

function lines(): { log: ReturnType<typeof createLogger>; written: Record<string, unknown>[] } {
  const written: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => written.push(JSON.parse(line) as Record<string, unknown>) };
  return { log: createLogger({ level: "info", part: "test", destination }), written };
}

describe("createLogger()", () => {
  test("writes one JSON line an event, with level and time as text", () => {
    const { log, written } = lines();
    log.info({ approval: "po-1" }, "decided");
    log.debug("not at this level");
    expect(written).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        part: "test",
        approval: "po-1",
        msg: "decided",
      },
    ]);
  });

  test("keeps an error's own fields, addresses and tokens out, and its causes in", () => {
    const { log, written } = lines();
    const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
    const cause = Object.assign(new Error("550 <ana@example.com> unknown at smtp://user:pa55@mail"), {
      code: "EENVELOPE",
    });
    const error = Object.assign(new TypeError(`Cannot mail ${token}`, { cause }), {
      body: "the comment",
      status: 1,
    });
    log.error({ err: error }, "failed");
    expect(written[0]).toMatchObject({
      err: {
        type: "TypeError",
        message: "Cannot mail [token]",
        cause: { code: "EENVELOPE", message: "550 <[address]> unknown at smtp://[secret]@mail" },
      },
    });
    expect(JSON.stringify(written)).not.toMatch(/ana@|pa55|the comment|eyJ/);
  });

  test("hides fields that are named like secrets", () => {
    const { log, written } = lines();
    log.info({ token: "s3cret", request: { authorization: "s3cret", comment: "s3cret" } }, "careless");
    expect(JSON.stringify(written)).not.toContain("s3cret");
  });

  test("writes what was logged before the end of a process, however that ends by itself", () => {
    const module = new URL("../../../src/lib/log.ts", import.meta.url).href;
    for (const end of [
      "process.exit(3)",
      "throw new Error()",
      "setImmediate(() => process.kill(process.pid, 9))",
    ]) {
      const script = `import { createLogger } from ${JSON.stringify(module)};
        const log = createLogger({ level: "info", part: "test" });
        log.info("first"); log.fatal("last"); ${end}`;
      const { stdout } = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", script], {
        encoding: "utf8",
      });
      expect(stdout, end).toMatch(/"msg":"first"}\n.*"msg":"last"}\n$/);
    }
  });

  test("ends a chain of causes that has no end", () => {
    const { log, written } = lines();
    const error = new Error("round");
    error.cause = error;
    log.error({ err: error }, "failed");
    expect(written).toHaveLength(1);
  });
});

test.each([
  ["to ana.b+c@mail.example.com, please", "to [address], please"],
  ["mailto:x@y.de", "mailto:[address]"],
  ["user@localhost and a @ sign", "user@localhost and a @ sign"],
  [
    "at send (file:///app/node_modules/@scope/sdk/http.js:1:2)",
    "at send (file:///app/node_modules/@scope/sdk/http.js:1:2)",
  ],
  ["http://127.0.0.1:8001/poll", "http://127.0.0.1:8001/poll"],
])("scrub(%j)", (text, scrubbed) => {
  expect(scrub(text)).toBe(scrubbed);
});
