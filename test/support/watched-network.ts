import type { Network, Response } from "@resonatehq/sdk";

/** A network that answers everything with what the test says. */
export function createTestNetwork(): Network & { answer: object } {
  const network = {
    answer: {},
    unicast: "poll://uni@test/1",
    anycast: "poll://any@test/1",
    match: (target: string) => target,
    init: async () => {},
    stop: async () => {},
    recv: () => {},
    send: async () => ({ head: { status: 200 }, data: network.answer }) as unknown as Response,
  };
  return network as unknown as Network & { answer: object };
}
