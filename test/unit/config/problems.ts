/** What `loadConfig` finds wrong with an environment. */
import { loadConfig, type Role } from "../../../src/config/config.ts";
import type { Env } from "../../../src/config/env.ts";
import { ConfigError } from "../../../src/lib/config-error.ts";

export function problemsOf(env: Env, role: Role = "all"): readonly string[] {
  try {
    loadConfig(env, role);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

/** Enough for a relay. */
export const SMTP: Env = { SMTP_URL: "smtps://user:pa55word@mail.example.com", MAIL_FROM: "a@example.com" };
