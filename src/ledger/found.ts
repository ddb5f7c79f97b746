/** What a database has found, as a page of a list. */
import { ServiceError } from "../lib/errors.ts";
import type { Entry } from "./entry.ts";
import type { ListPage } from "./ledger.ts";
import type { Found } from "./search-plan.ts";

/** @throws ServiceError INVALID_FIELDS if the query is wrong, or the cursor belongs to another one */
export function pageOf(found: Found): ListPage {
  if ("refused" in found) {
    const { field, message } = found.refused;
    throw new ServiceError("INVALID_FIELDS", `${field} ${message}`, { problems: [found.refused] });
  }
  const { entries, ...rest } = found;
  return { items: entries.map((entry) => JSON.parse(entry) as Entry), ...rest };
}
