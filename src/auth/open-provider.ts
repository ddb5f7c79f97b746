import type { Provider } from "./entry.ts";
import type { ProviderOptions } from "./provider.ts";

/** The provider, whose library is loaded for the first who signs in: each start would wait for it. */
export function openProvider(options: ProviderOptions): Provider {
  let loading: Promise<Provider> | undefined;
  const provider = () =>
    (loading ??= import("./provider.ts").then(({ createProvider }) => createProvider(options)));
  return {
    entryUrl: async (secrets) => (await provider()).entryUrl(secrets),
    whoCame: async (query, secrets) => (await provider()).whoCame(query, secrets),
  };
}
