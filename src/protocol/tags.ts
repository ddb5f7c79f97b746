import { ADDRESS_RULE, parseAddress } from "./addresses.ts";
import { isWithin } from "./ids.ts";
import type { Tags } from "./records.ts";

/** Tags with a meaning to the server. All others belong to the application. */
export const TAG = {
  target: "resonate:target",
  scope: "resonate:scope",
  external: "resonate:external",
  timer: "resonate:timer",
  origin: "resonate:origin",
  branch: "resonate:branch",
  parent: "resonate:parent",
  delay: "resonate:delay",
  schedule: "resonate:schedule",
} as const;

/** At the deadline a timer resolves, where every other promise is rejected as timed out. */
export function isTimer(tags: Tags): boolean {
  return tags[TAG.timer] === "true";
}

/** Whether others may wait for the promise, and its deadline is kept by the clock. The rest are steps of a workflow. */
export function isExternal(tags: Tags): boolean {
  return (
    tags[TAG.scope] === "global" ||
    tags[TAG.external] === "true" ||
    tags[TAG.target] !== undefined ||
    isTimer(tags)
  );
}

/** The first instant at which the promise's task may be handed out; undefined: at once. */
export function delayOf(tags: Tags): number | undefined {
  const delay = tags[TAG.delay];
  return delay === undefined ? undefined : Number(delay);
}

/** What is wrong with the tags of a promise to be created, or undefined. `path` is what the message calls the tags. */
export function tagProblem(
  { id, tags, timeoutAt }: { id: string; tags: Tags; timeoutAt: number },
  path: string,
): string | undefined {
  const target = tags[TAG.target];
  if (target !== undefined && parseAddress(target) === undefined) {
    return `${path}["${TAG.target}"] ${ADDRESS_RULE}`;
  }
  if (tags[TAG.origin]?.includes(":") === true) return `${path}["${TAG.origin}"] must not contain ':'`;
  for (const tag of LINEAGE_TAGS) {
    const ancestor = tags[tag];
    if (ancestor !== undefined && !isWithin(id, ancestor)) {
      return `${path}["${tag}"] must be the id itself or an ancestor of it: the id is ${JSON.stringify(id)}`;
    }
  }
  return delayProblem(tags, timeoutAt, path);
}

const LINEAGE_TAGS = [TAG.origin, TAG.branch, TAG.parent] as const;

function delayProblem(tags: Tags, timeoutAt: number, path: string): string | undefined {
  const delay = tags[TAG.delay];
  if (delay === undefined) return undefined;
  if (!/^\d{1,16}$/.test(delay)) return `${path}["${TAG.delay}"] must be a time in whole ms since 1970`;
  if (Number(delay) >= timeoutAt) return `${path}["${TAG.delay}"] must lie before timeoutAt`;
  if (tags[TAG.target] === undefined) return `${path}["${TAG.delay}"] needs a ${TAG.target} tag`;
  return undefined;
}
