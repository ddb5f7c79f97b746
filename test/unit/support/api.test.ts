import { afterEach, expect, test, vi } from "vitest";
import { Api } from "../../support/api.ts";
import { startReceiver } from "../../support/receiver.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const request = { id: "po-1", approvers: ["ana@example.com"] };

test("a request that is sent again, since the engine was late, is counted and told", async () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  await using late = await startReceiver((n, _received, response) => {
    if (n < 3) return 503;
    response.writeHead(202).end('{"id":"po-1"}');
    return undefined;
  });
  const api = new Api(`http://127.0.0.1:${late.port}`, { patienceMs: 0 });
  expect(await api.ask(request)).toBe("po-1");
  expect(api.sentAgain).toBe(2);
  expect(warn).toHaveBeenCalledTimes(2);
  expect(warn).toHaveBeenLastCalledWith(
    expect.stringMatching(/^POST \/approvals of "po-1" .*503 after \d+ ms$/u),
  );
});

test("a 503 that comes at once is none of an engine that is late", async () => {
  await using unready = await startReceiver(() => 503);
  const api = new Api(`http://127.0.0.1:${unready.port}`);
  await expect(api.ask(request)).rejects.toThrow("Answered 503, not 202");
  expect([unready.requests.length, api.sentAgain]).toEqual([1, 0]);
});
