/** Pages for people: the read model may answer a short one although there is more, and people would take it for the end. */
import type { Entry } from "../../ledger/entry.ts";
import type { Ledger, ListPage, ListQuery } from "../../ledger/ledger.ts";

/** Each reads a limited number of rows. After so many the page may be short all the same. */
const READS_MAX = 4;

/** A page that is as full as a few reads make it. */
export async function fullPage(ledger: Pick<Ledger, "list">, query: ListQuery): Promise<ListPage> {
  const items: Entry[] = [];
  const { total: isCounted = false, limit, ...rest } = query;
  let next = query.cursor;
  let total: ListPage["total"];
  for (let reads = 0; reads < READS_MAX; reads += 1) {
    const page = await ledger.list({
      ...rest,
      limit: limit - items.length,
      ...(isCounted && reads === 0 ? { total: true } : {}),
      ...(next === undefined ? {} : { cursor: next }),
    });
    items.push(...page.items);
    total ??= page.total;
    next = page.nextCursor;
    if (next === undefined || items.length === limit) break;
  }
  return {
    items,
    ...(next === undefined ? {} : { nextCursor: next }),
    ...(total === undefined ? {} : { total }),
  };
}
