import type { Entry } from "./entry.ts";
import type { Stands } from "./stands.ts";

/** What can be asked of the read model of approvals. All conditions must hold. */
export interface ListQuery {
  readonly status?: Entry["status"];
  /** Address of somebody who was asked, whatever they answered. */
  readonly approver?: string;
  /** Address of somebody whose ballot is open. */
  readonly waitingFor?: string;
  /** Address of somebody whose ballots are all closed. */
  readonly doneFor?: string;
  /** Address of the person who asks. */
  readonly requester?: string;
  /** The program that created it, as its root promise names it. */
  readonly creator?: string;
  /** Each `name:value`, of the metadata. */
  readonly tags?: readonly string[];
  /** Words of the title or the id, in any order. */
  readonly words?: readonly string[];
  /** Milliseconds since 1970: from the first, before the second. */
  readonly created?: Range;
  /** The same of the next deadline. */
  readonly due?: Range;
  /** Only standing approvals, or standing refusals, that hold at `nowMs`: what ends the soonest first, whatever `sort` says. */
  readonly stands?: Stands["kind"];
  /** Milliseconds since 1970. Default: 0. */
  readonly nowMs?: number;
  /** `created`: the newest first. `due`: the soonest next deadline first, and only what is pending. */
  readonly sort: "created" | "due";
  /** From 1 to 100. */
  readonly limit: number;
  /** Where the page before ended. */
  readonly cursor?: string;
  /** Whether to count what is found. */
  readonly total?: boolean;
}

export interface Range {
  readonly from?: number;
  readonly before?: number;
}

export interface ListPage {
  readonly items: readonly Entry[];
  /**
   * Where the next page begins; absent at the end. A page reads a limited number of rows: if few of them match, it may be
   * short or empty and still have a cursor.
   */
  readonly nextCursor?: string;
  /** On request: of the whole list. It is at least so many if `isExact` is false. */
  readonly total?: { readonly count: number; readonly isExact: boolean };
}

/** The read model of approvals, wherever it is kept. Errors are those of the durable port. */
export interface Ledger {
  /**
   * A page of approvals. What existed when the listing began, and still matches, is on exactly one page; if its deadline
   * was moved meanwhile, a list by deadline may show it again at its new place, or not any more if that is on a page before.
   *
   * @throws ServiceError INVALID_FIELDS if the cursor belongs to another query
   */
  list(query: ListQuery): Promise<ListPage>;
}
