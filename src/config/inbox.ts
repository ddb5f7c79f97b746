import type { EngineConfig } from "./engine.ts";
import { isPlainAndRemote } from "./origins.ts";
import * as read from "./read.ts";

/** Whether people have an inbox: by default wherever it can be. */
export function inboxSetting(
  source: read.Source,
  setup: {
    readonly engine: EngineConfig;
    /** Whether there is an index in PostgreSQL. */
    readonly isListed: boolean;
    readonly publicUrl: string | undefined;
  },
): boolean {
  const obstacle = obstacleTo(setup);
  const isOn = read.oneOf(source, "INBOX", ["on", "off"], obstacle === undefined ? "on" : "off") === "on";
  if (isOn && obstacle !== undefined) source.problems.push(`INBOX cannot be on: ${obstacle}`);
  return isOn;
}

function obstacleTo({ engine, isListed, publicUrl }: Parameters<typeof inboxSetting>[1]): string | undefined {
  if (engine.kind === "server" && !isListed) {
    return "on a Resonate Server there is no list of approvals to show without INDEX_URL";
  }
  if (engine.kind === "embedded" && !engine.isIndexed)
    return "APPROVAL_INDEX is off, so there is no list of approvals to show";
  if (publicUrl !== undefined && isPlainAndRemote(publicUrl)) {
    return `people would stay signed in over an unprotected connection, so PUBLIC_URL must be https, not ${publicUrl}`;
  }
  return undefined;
}
