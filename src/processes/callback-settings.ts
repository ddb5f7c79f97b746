import { createAddressPolicy } from "../callback/address-policy.ts";
import { type ConfiguredEndpoint, loadCallbackEndpoints } from "../config/callback-endpoints.ts";
import { type CallbackSecret, loadCallbackSecrets } from "../config/callback-secrets.ts";
import type { Config } from "../config/config.ts";
import { environment } from "../config/env.ts";
import { ConfigError } from "../lib/config-error.ts";

/** What signs callbacks, and the operator's receivers of all events. */
export interface CallbackSettings {
  readonly endpoints: readonly ConfiguredEndpoint[];
  readonly secrets: readonly CallbackSecret[];
}

/**
 * Reads the files that the settings name.
 *
 * @throws ConfigError with what is wrong in them, also for an endpoint that must not be called
 */
export function readCallbackSettings(config: Config): CallbackSettings {
  const endpoints = loadCallbackEndpoints(config, environment);
  const policy = createAddressPolicy(config.callbacks);
  const problems = endpoints.flatMap(({ name, url }) => {
    const problem = policy.problem(url);
    return problem === undefined ? [] : [`The URL of the callback endpoint ${name} ${problem}`];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return { endpoints, secrets: loadCallbackSecrets(config) };
}
