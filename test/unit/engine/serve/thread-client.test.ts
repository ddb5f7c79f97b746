import { expect, test } from "vitest";
import type { Reply } from "../../../../src/engine/decide/response.ts";
import { EngineClient } from "../../../../src/engine/serve/thread-client.ts";
import type { Asked, PortOrder, Told } from "../../../../src/engine/serve/thread-port.ts";

const found = { kind: "promise.get", head: { corrId: "", status: 200, version: "" }, data: {} } as Reply;
const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

test("EngineClient sends what is asked in one turn of the event loop together, and the next when that is answered", async () => {
  const trips: Asked[][] = [];
  const line = {
    postMessage: (message: unknown) => {
      const order = message as PortOrder;
      if (order.kind === "ask") trips.push(JSON.parse(order.requests) as Asked[]);
    },
  };
  const client = new EngineClient(line, { bootId: "boot", time: new SharedArrayBuffer(8) });
  const network = client.network({ group: "gateway", pid: "p1" });
  const ask = (id: string) =>
    network.send({ kind: "promise.get", head: { corrId: id, version: "" }, data: { id } } as never);
  const answerTrip = (trip: Asked[] = []) => {
    const replies: Told["replies"] = trip.map(([n]) => [n, found]);
    client.hear({ kind: "tell", told: JSON.stringify({ replies, messages: [] } satisfies Told) });
  };
  const idsOf = (trip: Asked[] = []) =>
    trip.map(([, request]) => (request as { data: { id: string } }).data.id);

  const answers = [ask("a")];
  await Promise.resolve();
  answers.push(ask("b"), ask("c"));
  expect(trips, "the turn has not ended").toHaveLength(0);
  await endOfTurn();
  expect(trips.map(idsOf)).toEqual([["a", "b", "c"]]);

  answers.push(ask("d"));
  await endOfTurn();
  answers.push(ask("e"));
  await endOfTurn();
  expect(trips, "the first trip is not answered").toHaveLength(1);
  answerTrip(trips[0]);
  await endOfTurn();
  expect(trips.map(idsOf).slice(1)).toEqual([["d", "e"]]);
  answerTrip(trips[1]);
  expect(await Promise.all(answers)).toHaveLength(5);
});
