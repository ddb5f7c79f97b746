/** Settings of the engine: which one, and how long it keeps what has ended. */
import { resolve } from "node:path";
import { isMailAddress } from "../lib/mail-address.ts";
import { Temporal } from "../lib/temporal.ts";
import type { Role } from "./config.ts";
import { type LogWitness, logWitnessSetting } from "./log-witnesses.ts";
import * as read from "./read.ts";
import type { Secret } from "./secret.ts";
import { tokenFileProblem } from "./token-file.ts";

export type EngineConfig =
  /** Ours, on one file in the data folder; other processes reach it on `port` of the loopback (0: nobody does). */
  | {
      readonly kind: "embedded";
      readonly port: number;
      /** How long workflows are kept after their end, in ms; undefined: for good. */
      readonly keepMs: number | undefined;
      /** Whether it keeps the index that lists of approvals are read from. */
      readonly isIndexed: boolean;
      /** Whether it keeps the log of events. */
      readonly isLogged: boolean;
      /** Who gets the log's head by mail each day. */
      readonly logHeadMail: readonly string[];
      /** Who cosigns it. */
      readonly logWitnesses: readonly LogWitness[];
    }
  | {
      readonly kind: "server";
      readonly url: string;
      readonly token: Secret | undefined;
      /** Absolute path of the file that has the token, in place of `token`: it may be replaced while processes run. */
      readonly tokenFile: string | undefined;
    };

export function engineConfig(source: read.Source, role: Role): EngineConfig {
  const url = read.url(source, "RESONATE_URL", ["http:", "https:"]);
  const token = read.headerSecret(source, "RESONATE_TOKEN");
  const tokenFile = tokenFileSetting(source, role);
  if (token !== undefined && tokenFile !== undefined)
    source.problems.push("RESONATE_TOKEN and RESONATE_TOKEN_FILE are both set: set one of the two");
  const port = read.port(source, "ENGINE_PORT", 8001);
  const keepMs = retention(source);
  const logHeadMail = logHeadSetting(source);
  const logWitnesses = logWitnessSetting(source);
  const ofLog = { LOG_HEAD_MAIL: logHeadMail.length > 0, LOG_WITNESSES: logWitnesses.length > 0 };
  if (url !== undefined) {
    if (role === "engine") {
      source.problems.push(
        "RESONATE_URL names another server, so there is no engine to run here: unset one of the two",
      );
    }
    if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
      source.problems.push(
        "RESONATE_URL must end after the host, port or path, without user, query and #: a token goes into RESONATE_TOKEN",
      );
    }
    for (const [name, isSet] of Object.entries(ofLog)) {
      if (isSet)
        source.problems.push(
          `${name} has no use with RESONATE_URL: there is no log of events on that server`,
        );
    }
    return { kind: "server", url: url.href.replace(/\/$/, ""), token, tokenFile };
  }
  if (tokenFile !== undefined)
    source.problems.push("RESONATE_TOKEN_FILE is set without RESONATE_URL: set both or neither");
  if (token !== undefined)
    source.problems.push("RESONATE_TOKEN is set without RESONATE_URL: set both or neither");
  if (port === 0 && role !== "all") {
    source.problems.push("ENGINE_PORT is 0, so the engine does not listen: set a port, or RESONATE_URL");
  }
  const isIndexed = read.oneOf(source, "APPROVAL_INDEX", ["on", "off"], "on") === "on";
  const isLogged = read.oneOf(source, "EVENT_LOG", ["on", "off"], "on") === "on";
  for (const [name, isSet] of Object.entries(ofLog)) {
    if (isSet && !isLogged) source.problems.push(`${name} has no use with EVENT_LOG=off: set one of the two`);
  }
  return { kind: "embedded", port, keepMs, isIndexed, isLogged, logHeadMail, logWitnesses };
}

const LOG_HEAD_ADDRESSES_MAX = 10;

function logHeadSetting(source: read.Source): readonly string[] {
  const parse = (entry: string) => (isMailAddress(entry) ? entry : undefined);
  const right = "plain mail addresses, separated by commas";
  return read.list(source, "LOG_HEAD_MAIL", LOG_HEAD_ADDRESSES_MAX, parse, right) ?? [];
}

function tokenFileSetting(source: read.Source, role: Role): string | undefined {
  const given = read.text(source, "RESONATE_TOKEN_FILE");
  if (given === undefined) return undefined;
  const file = resolve(given);
  const problem = role === "engine" ? undefined : tokenFileProblem(file);
  if (problem !== undefined) source.problems.push(`RESONATE_TOKEN_FILE cannot be used: ${problem}`);
  return file;
}

/** While a workflow is kept, its result can be looked up, and a repeated request finds it: for an hour at least. */
const RETENTION = { min: "PT1H", max: "P10Y", default: "P90D" } as const;

function retention(source: read.Source): number | undefined {
  const given = read.text(source, "RETENTION") ?? RETENTION.default;
  if (given === "off") return undefined;
  const ms = durationMs(given);
  if (ms !== undefined && ms >= totalMs(RETENTION.min) && ms <= totalMs(RETENTION.max)) return ms;
  source.problems.push(
    `RETENTION must be off, or a duration from ${RETENTION.min} to ${RETENTION.max} such as ${RETENTION.default}`,
  );
  return undefined;
}

function durationMs(text: string): number | undefined {
  try {
    return totalMs(text);
  } catch {
    return undefined;
  }
}

/** Throws for a text that is no duration. */
function totalMs(duration: string): number {
  const relativeTo = Temporal.PlainDateTime.from("1970-01-01T00:00");
  return Temporal.Duration.from(duration).total({ unit: "milliseconds", relativeTo });
}
