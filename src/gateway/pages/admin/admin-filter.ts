/** What a list is filtered by: as it is typed into the form, and as the address has it. */

/** Texts of the form's controls; empty where nothing was given. */
export interface AdminFilter {
  readonly status: string;
  /** `approval` or `refusal`: what holds in advance. */
  readonly stands: string;
  readonly approver: string;
  readonly requester: string;
  /** Each `name:value`. */
  readonly tags: readonly string[];
  readonly q: string;
  /** Dates such as 2026-12-01: the first and the last day, in UTC. */
  readonly createdFrom: string;
  readonly createdTo: string;
  readonly dueFrom: string;
  readonly dueTo: string;
  readonly sort: string;
}

/** Of each control that there is once. */
export const FILTER_NAMES = [
  "status",
  "stands",
  "approver",
  "requester",
  "q",
  "createdFrom",
  "createdTo",
  "dueFrom",
  "dueTo",
  "sort",
] as const satisfies readonly Exclude<keyof AdminFilter, "tags">[];

/** The filter's part of an address, without what is not given. */
export function filterQuery(filter: AdminFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of FILTER_NAMES) if (filter[name] !== "") query.set(name, filter[name]);
  for (const tag of filter.tags) query.append("tag", tag);
  return query;
}
