import type { Network } from "@resonatehq/sdk";
import { ServiceError } from "../lib/errors.ts";
import type { Durable, Family, StoredPromise } from "./durable.ts";
import { ofTree } from "./lineage.ts";
import { ask, stored } from "./protocol-client.ts";

/** As many as people can read on a screen. */
export const FAMILY_MAX = 1_000;
/** The largest page that servers answer. */
const PAGE_MAX = 1_000;

/**
 * A promise and all below it: by one search if the server can search. Otherwise by reading the children position by
 * position, which misses only detached workflows, because their ids have no position.
 */
export async function family(
  network: Network,
  rootId: string,
  durable: Pick<Durable, "read" | "children">,
): Promise<Family> {
  return (await searched(network, rootId)) ?? (await probed(rootId, durable));
}

async function searched(network: Network, rootId: string): Promise<Family | undefined> {
  const found: StoredPromise[] = [];
  let cursor: string | undefined;
  do {
    const page = await searchPage(network, ofTree(rootId), cursor);
    if (page === undefined) return undefined;
    found.push(...page.promises.filter(({ id }) => isWithin(rootId, id)));
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < FAMILY_MAX);
  return {
    promises: found.slice(0, FAMILY_MAX),
    truncated: cursor !== undefined || found.length > FAMILY_MAX,
  };
}

/**
 * Promises with all of these tags, up to `limit`; undefined if the server cannot search. Servers answer in order of id,
 * and the cursor is the last id. So a search with a prefix skips everything before it, and reads little after it.
 *
 * The order is that of the bytes on SQLite, and on PostgreSQL that of the database's collation, which may sort other
 * ids between those that differ only in case or punctuation. So the search continues as long as the ids match in
 * letters and digits.
 */
export async function searchByTags(
  network: Network,
  tags: Readonly<Record<string, string>>,
  limit: number,
  idPrefix?: string,
): Promise<Family | undefined> {
  const promises: StoredPromise[] = [];
  let cursor = idPrefix;
  do {
    const page = await searchPage(network, { ...tags }, cursor);
    if (page === undefined) return undefined;
    promises.push(...page.promises.filter(({ id }) => id.startsWith(idPrefix ?? "")));
    cursor = page.cursor !== undefined && isAlike(page.cursor, idPrefix ?? "") ? page.cursor : undefined;
  } while (cursor !== undefined && promises.length < limit);
  return {
    promises: promises.slice(0, limit),
    truncated: cursor !== undefined || promises.length > limit,
  };
}

/** All promises with all of these tags, in no particular order; a page that is undefined means that the server cannot search. */
export async function* pagesByTags(
  network: Network,
  tags: Readonly<Record<string, string>>,
): AsyncGenerator<readonly StoredPromise[] | undefined, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await searchPage(network, { ...tags }, cursor);
    yield page?.promises;
    cursor = page?.cursor;
  } while (cursor !== undefined);
}

/** Whether some collation may sort the id among those with the prefix. */
function isAlike(id: string, prefix: string): boolean {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
  return plain(id).startsWith(plain(prefix));
}

/** One page, or undefined if the server cannot search. */
async function searchPage(
  network: Network,
  tags: Record<string, string>,
  cursor: string | undefined,
): Promise<{ promises: StoredPromise[]; cursor: string | undefined } | undefined> {
  try {
    const response = await ask(network, "promise.search", {
      tags,
      limit: PAGE_MAX,
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (!response.ok) return undefined;
    return { promises: response.data.promises.map(stored), cursor: response.data.cursor };
  } catch (error) {
    // Servers without the kind, or with tokens that may not search, refuse the whole request.
    if (error instanceof ServiceError && error.code === "INVALID_REQUEST") return undefined;
    throw error;
  }
}

async function probed(rootId: string, durable: Pick<Durable, "read" | "children">): Promise<Family> {
  const root = await durable.read(rootId);
  if (root === undefined) return { promises: [], truncated: false };
  const promises = [root];
  const open = [root.id];
  for (let id = open.shift(); id !== undefined; id = open.shift()) {
    if (promises.length >= FAMILY_MAX) return { promises: promises.slice(0, FAMILY_MAX), truncated: true };
    const children = await durable.children(id);
    promises.push(...children);
    open.push(...children.map((child) => child.id));
  }
  return { promises, truncated: false };
}

function isWithin(rootId: string, id: string): boolean {
  if (id === rootId) return true;
  return id.startsWith(rootId.includes(":") ? `${rootId}.` : `${rootId}:`);
}
