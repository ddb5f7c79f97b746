/** What an identity provider's account may do here, by the values of one claim. Needs no library and asks nobody. */
import { createHash } from "node:crypto";
import type { Provider } from "./entry.ts";

interface Terms {
  readonly issuer: string;
  readonly clientId: string;
  /** Name of the claim, or its path. */
  readonly claim: string;
  /** Values of the claim that let somebody act, and those that let somebody look. */
  readonly operators: readonly string[];
  readonly viewers: readonly string[];
}

export function providerRoles({
  issuer,
  clientId,
  claim,
  operators,
  viewers,
}: Terms): Pick<Provider, "id" | "roleOf"> {
  return {
    id: createHash("sha256")
      .update(JSON.stringify([issuer, clientId, claim]))
      .digest("base64url"),
    roleOf(values) {
      const has = (wanted: readonly string[]) => wanted.some((value) => values.includes(value));
      if (has(operators)) return "operator";
      return has(viewers) ? "viewer" : undefined;
    },
  };
}

/** Those of an account's values that count here: at most as many as the settings name. */
export function countingValues({ operators, viewers }: Terms, values: readonly string[]): readonly string[] {
  return [...new Set([...operators, ...viewers])].filter((value) => values.includes(value));
}
