/** The file of endpoints: the operator's systems that get the events of all approvals. */
import { z } from "zod";
import { ENDPOINT_EVENT_TYPES, type EventType } from "../approval/event.ts";
import { problemsFromIssues } from "../approval/problems.ts";
import { ConfigError } from "../lib/config-error.ts";
import { type CallbackSecret, parseSigningSecret, SIGNING_SECRETS_MAX } from "./callback-secrets.ts";
import type { Config } from "./config.ts";
import { readYamlFile } from "./yaml-file.ts";

export interface ConfiguredEndpoint {
  readonly name: string;
  readonly url: string;
  /** Undefined: all. */
  readonly events: readonly EventType[] | undefined;
  readonly secrets: readonly CallbackSecret[];
}

const SETTING = "CALLBACK_ENDPOINTS_FILE";

/** Each event is a callback for each of them. */
const ENDPOINTS_MAX = 20;

const schema = z.strictObject({
  endpoints: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, {
        error: "must be named by 1 to 32 lower-case letters, digits or dashes, beginning with a letter",
      }),
      z.strictObject({
        url: z.string().refine((text) => URL.canParse(text), "must be a URL"),
        events: z.exactOptional(z.array(z.enum(ENDPOINT_EVENT_TYPES)).min(1)),
        /** A secret is never in the file: it says which variable of the environment holds it. */
        secrets: z
          .array(
            z.strictObject({
              env: z.string().regex(/^[A-Za-z_]\w{0,127}$/, "must be the name of an environment variable"),
            }),
          )
          .min(1)
          .max(SIGNING_SECRETS_MAX),
      }),
    )
    .refine((endpoints) => Object.keys(endpoints).length <= ENDPOINTS_MAX, {
      error: `must be at most ${ENDPOINTS_MAX}`,
    }),
});

/**
 * @param environment a value of the environment by its name
 * @throws ConfigError with every problem
 */
export function loadCallbackEndpoints(
  config: Config,
  environment: (name: string) => string | undefined,
): readonly ConfiguredEndpoint[] {
  const { endpointsFile } = config.callbacks;
  if (endpointsFile === undefined) return [];
  const given = readYamlFile(SETTING, endpointsFile);
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const problems = problemsFromIssues(parsed.error.issues, given);
    throw new ConfigError(
      problems.map(
        ({ field, message }) => `${SETTING} ${endpointsFile}: ${field === "body" ? "it" : field} ${message}`,
      ),
    );
  }
  const problems: string[] = [];
  const endpoints = Object.entries(parsed.data.endpoints).map(([name, { url, events, secrets }]) => {
    const keys = secrets.flatMap(({ env }) => {
      const key = parseSigningSecret(environment(env)?.trim() ?? "");
      if (typeof key !== "string") return [key];
      problems.push(`${SETTING} ${endpointsFile}: the secret of ${name} (the environment's ${env}) ${key}`);
      return [];
    });
    return { name, url, events, secrets: keys };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return endpoints;
}
