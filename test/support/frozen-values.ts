import { onTestFinished, vi } from "vitest";
import { decodeShared, SHARED_VALUE_ENCODER } from "../../src/durable/value.ts";

/**
 * Until the test ends, a worker that shares values gets them frozen: code that changes one throws, and its workflow does not end
 * as expected. Without this, another workflow would find the change, perhaps, some day.
 */
export function freezeSharedValues(): void {
  const decode = vi.spyOn(SHARED_VALUE_ENCODER, "decode").mockImplementation((value) => {
    return frozen(decodeShared(value));
  });
  onTestFinished(() => decode.mockRestore());
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
