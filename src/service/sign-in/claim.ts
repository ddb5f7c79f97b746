import { KIND_TAG } from "../../approval/ids.ts";
import type { Durable } from "../../durable/durable.ts";

/**
 * Claims one of a limited number of places: creates the first promise of the row that is not there yet. Two callers never
 * get the same place, through however many gateways they come.
 *
 * @param idOf id of the nth place, from 1
 * @param nonce names the claim, and no other
 * @returns which place, or undefined if all are taken
 */
export async function claimPlace(
  durable: Durable,
  {
    idOf,
    places,
    kind,
    nonce,
    timeoutAt,
  }: {
    readonly idOf: (n: number) => string;
    readonly places: number;
    readonly kind: string;
    readonly nonce: string;
    readonly timeoutAt: number;
  },
): Promise<number | undefined> {
  for (let n = 1; n <= places; n += 1) {
    const { param } = await durable.create({
      id: idOf(n),
      param: { kind, nonce },
      timeoutAt,
      tags: { [KIND_TAG]: kind },
    });
    if (nonceIn(param) === nonce) return n;
  }
  return undefined;
}

function nonceIn(param: unknown): unknown {
  return typeof param === "object" && param !== null && "nonce" in param ? param.nonce : undefined;
}
