/** The index in PostgreSQL beside an engine, as tests look at both. */
import { expect } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { type IndexOptions, openIndex, type PostgresIndex } from "../../src/ledger/postgres/open.ts";
import { keyIn, ORDERS, termsOf } from "../../src/ledger/terms.ts";
import type { Envelope } from "./engine-requests.ts";
import { approvalsIn } from "./ledger-engine.ts";
import { query } from "./postgres.ts";

export interface FedIndex extends PostgresIndex {
  /** Like a gateway or worker, whose requests feed the index. */
  send(envelope: Envelope): Promise<unknown>;
  /** What operators were told. */
  readonly log: readonly string[];
}

let names = 0;

/** Closed by the caller. */
export function indexOn(engine: Engine, url: string, options: Partial<IndexOptions> = {}): FedIndex {
  const log: string[] = [];
  const note = (level: string) => (first: unknown, second?: string) => {
    log.push(`${level} ${second ?? String(first)}`);
  };
  names += 1;
  const index = openIndex({
    url,
    network: engine.network({ group: "index" }),
    name: `test${names}`,
    log: { info: note("info"), warn: note("warn"), error: note("error") },
    isLasting: true,
    ...options,
  });
  const network = index.watch(engine.network({ group: "programs" }));
  return { ...index, log, send: (envelope) => network.send(envelope as never) };
}

interface Row {
  readonly entry: unknown;
  readonly creator: string | undefined;
  readonly terms: readonly string[];
}

/** What the index says, by id. */
async function rowsIn(url: string): Promise<Map<string, Row>> {
  const terms = new Map<string, string[]>();
  for (const [n, term, at] of await query(url, "SELECT n, term, at FROM ledger_terms")) {
    terms.set(String(n), [...(terms.get(String(n)) ?? []), `${String(term)} ${String(at)}`]);
  }
  const rows = await query(url, "SELECT n, id, entry, creator FROM ledger_entries");
  const found = new Map(
    rows.map(([n, id, entry, creator]) => [
      String(id),
      {
        entry: JSON.parse(String(entry)) as unknown,
        creator: (creator as string | null) ?? undefined,
        terms: (terms.get(String(n)) ?? []).toSorted(),
      },
    ]),
  );
  const numbers = new Set(rows.map(([n]) => String(n)));
  expect(
    [...terms.keys()].filter((n) => !numbers.has(n)),
    "terms of no row",
  ).toEqual([]);
  return found;
}

/** What it should say: what a rebuild makes. */
async function rowsOfPromises(engine: Engine): Promise<Map<string, Row>> {
  const approvals = await approvalsIn(engine);
  return new Map(
    approvals.map(({ entry, creator }) => {
      const all = termsOf(entry, creator);
      const terms = ORDERS.flatMap((order) => all[order].map((term) => `${term} ${keyIn(order, entry)}`));
      return [entry.id, { entry, creator, terms: terms.toSorted() }];
    }),
  );
}

export async function expectIndexRight(engine: Engine, url: string): Promise<void> {
  const [found, expected] = await Promise.all([rowsIn(url), rowsOfPromises(engine)]);
  const byId = (rows: Map<string, Row>) => [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1));
  expect(byId(found)).toEqual(byId(expected));
}
