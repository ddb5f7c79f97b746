/**
 * Every setting the service reads, by name. Names are part of the contract: `docs/configuration.md` describes each,
 * and a test holds the two together. Nothing else reads settings from `process.env`.
 */
export const ENV_NAMES = [
  "HOST",
  "PORT",
  "PUBLIC_URL",
  "FORMER_PUBLIC_URLS",
  "TRUST_PROXY_HOPS",
  "DRAIN_DELAY_MS",
  "CORS_ORIGINS",
  "DATA_DIR",
  "AUDIT_DIR",
  "ENGINE_PORT",
  "EVENT_LOG",
  "LOG_HEAD_MAIL",
  "LOG_WITNESSES",
  "RETENTION",
  "APPROVAL_INDEX",
  "RESONATE_URL",
  "RESONATE_TOKEN",
  "RESONATE_TOKEN_FILE",
  "INDEX_URL",
  "SMTP_URL",
  "MAIL_FROM",
  "BOUNCE_ADDRESS",
  "BOUNCE_HEADER",
  "BOUNCE_SMTP_HOST",
  "BOUNCE_SMTP_PORT",
  "MAILBOX_PORT",
  "MESSAGES_DIR",
  "INBOX",
  "MCP",
  "ADMIN_KEY_SIGN_IN",
  "ADMIN_OIDC_ISSUER",
  "ADMIN_OIDC_CLIENT_ID",
  "ADMIN_OIDC_CLIENT_SECRET_FILE",
  "ADMIN_OIDC_SCOPES",
  "ADMIN_OIDC_CLAIM",
  "ADMIN_OIDC_OPERATORS",
  "ADMIN_OIDC_VIEWERS",
  "TOKEN_KEYS",
  "SIGNING_KEYS",
  "SIGNING_KEYS_FILE",
  "WORKER_GROUP",
  "WORKER_LEASE_MS",
  "WORKER_CONCURRENCY",
  "WORKER_HANDBACK_MS",
  "WORKER_HEALTH_HOST",
  "WORKER_HEALTH_PORT",
  "API_KEYS_FILE",
  "OIDC_ISSUER",
  "OIDC_AUDIENCE",
  "WEBHOOKS_FILE",
  "CALLBACK_SECRETS",
  "CALLBACK_ENDPOINTS_FILE",
  "ALIASES_FILE",
  "CALLBACK_ALLOW",
  "CALLBACK_PORTS",
  "CALLBACK_RETRIES",
  "ALLOW_APPROVE_BY_DEADLINE",
  "WORKFLOWS",
  "EXAMPLE_WORKFLOWS",
  "LOG_LEVEL",
  "METRICS",
  "NODE_ENV",
] as const;

export type EnvName = (typeof ENV_NAMES)[number];

/** Raw settings as text. */
export type Env = { readonly [name in EnvName]?: string | undefined };

/** The settings of this process, and nothing else of its environment. */
export function processEnv(): Env {
  return settingsOf(process.env);
}

/** The settings among the variables of an environment. */
export function settingsOf(variables: NodeJS.ProcessEnv): Env {
  return Object.fromEntries(ENV_NAMES.map((name) => [name, variables[name]]));
}

/** All of the environment as it is now, for a process that this one starts. */
export function environmentNow(): Readonly<NodeJS.ProcessEnv> {
  return { ...process.env };
}

/** A variable that a settings file refers to by a name of the operator's choice. */
export function environment(name: string): string | undefined {
  return process.env[name];
}

/** Has the rest of this process find a setting that the command line gave. */
export function putSetting(name: EnvName, value: string): void {
  process.env[name] = value;
}
