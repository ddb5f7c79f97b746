/** How the steps of an approval read and settle its promises. */
import type { StoredPromise } from "../../src/durable/durable.ts";
import { stored } from "../../src/durable/protocol-client.ts";
import { encodeValue } from "../../src/durable/value.ts";
import type { ProductServices } from "../runtime/services.ts";

/** The promise as it is stored now. */
export async function read({ promises }: ProductServices, id: string): Promise<StoredPromise> {
  return stored(await promises.get(id));
}

/** The promise as the engine sent it to this pass; asks the engine only if it sent nothing. */
export async function asTold(svc: ProductServices, approval: string, id: string): Promise<StoredPromise> {
  const told = svc.told(approval, id);
  return told === undefined ? await read(svc, id) : stored(told);
}

/** The same, but asks again for a pending promise: only a settled one can no longer change. */
export async function readSettled(
  svc: ProductServices,
  approval: string,
  id: string,
): Promise<StoredPromise> {
  const told = await asTold(svc, approval, id);
  return told.state === "pending" ? await read(svc, id) : told;
}

/** Returns the stored value, which is another one if it was settled before. */
export async function settle(
  { promises }: ProductServices,
  id: string,
  value: unknown,
): Promise<StoredPromise> {
  return stored(await promises.resolve(id, encodeValue(value)));
}
