import type { Provider } from "./entry.ts";
import type { ProviderOptions } from "./provider.ts";
import { providerRoles } from "./provider-roles.ts";

/** The provider, whose library is loaded for the first who signs in: each start would wait for it. */
export function openProvider(options: ProviderOptions): Provider {
  let loading: Promise<Pick<Provider, "entryUrl" | "whoCame">> | undefined;
  const provider = () =>
    (loading ??= import("./provider.ts").then(({ createProvider }) => createProvider(options)));
  return {
    ...providerRoles(options),
    entryUrl: async (secrets) => (await provider()).entryUrl(secrets),
    whoCame: async (query, secrets) => (await provider()).whoCame(query, secrets),
  };
}
