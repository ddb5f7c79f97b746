/** Lists of approvals out of many: what a page of a hundred takes in the engine, with every kind of condition. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { openEngine } from "../../../src/engine/engine.ts";
import { embeddedLedger } from "../../../src/ledger/embedded.ts";
import { pageOf } from "../../../src/ledger/found.ts";
import type { Ledger, ListQuery } from "../../../src/ledger/ledger.ts";
import { search } from "../../../src/ledger/postgres/search.ts";
import { ledgerProjection } from "../../../src/ledger/projection.ts";
import { randomFrom } from "../../support/seeds.ts";
import type { Bench } from "../lib/bench.ts";
import { short } from "../lib/figures.ts";
import type { Report } from "../lib/report.ts";
import { fillIndex, PEOPLE } from "../servers/filled-index.ts";

const PAGES = 200;
const WARM_UP = 20;
const PAGE = 100;
const MB = 1024 * 1024;

export async function list(bench: Bench): Promise<void> {
  const { options, report } = bench;
  const { approvals } = options;
  const dataDir = bench.folder();
  const nowMs = Date.now();
  fillIndex(dataDir, approvals, nowMs);
  const engine = openEngine({ dataDir, projection: ledgerProjection() });
  try {
    const ledger = embeddedLedger(engine.network({ group: "bench" }));
    const before = process.memoryUsage.rss();
    await measure(report, ledger, { where: "in the engine", figure: "list", approvals, nowMs });
    const grown = (process.memoryUsage.rss() - before) / MB;
    report.line(
      `  ${Math.round(statSync(join(dataDir, "engine.db")).size / MB)} MB on disk; memory grew by ${Math.round(grown)} MB`,
    );
  } finally {
    await engine.close();
  }
  if (options.isPostgres) await onPostgres(bench, approvals, nowMs);
}

/** The same queries on the same rows and indexes. */
async function onPostgres(bench: Bench, approvals: number, nowMs: number): Promise<void> {
  const { fillPostgres } = await import("../servers/filled-postgres.ts");
  const { report, options } = bench;
  const filled = await fillPostgres(options.dir, approvals, nowMs);
  try {
    const ledger = { list: async (query: ListQuery) => pageOf(await search(filled.database, query)) };
    const where = "over a connection to PostgreSQL";
    await measure(report, ledger, { where, figure: "list on PostgreSQL", approvals, nowMs });
    report.line(`  ${Math.round((await filled.bytes()) / MB)} MB on disk`);
  } finally {
    await filled.remove();
  }
}

interface Measured {
  readonly where: string;
  readonly figure: string;
  readonly approvals: number;
  readonly nowMs: number;
}

async function measure(
  report: Report,
  ledger: Pick<Ledger, "list">,
  { where, figure, approvals, nowMs }: Measured,
): Promise<void> {
  const rows = [];
  for (const [what, query] of Object.entries(queriesOf(nowMs))) {
    const times: number[] = [];
    let items = 0;
    for (let page = 0; page < WARM_UP; page += 1) await ledger.list({ ...query(page), limit: PAGE });
    for (let page = 0; page < PAGES; page += 1) {
      const startedAt = performance.now();
      const found = await ledger.list({ ...query(page), limit: PAGE });
      times.push(performance.now() - startedAt);
      items += found.items.length;
    }
    rows.push([what, [quantile(times, 0.5)], [quantile(times, 0.99)], [items / PAGES]]);
    report.figure(`${figure}: ${what}, p99`, { values: [quantile(times, 0.99)], unit: "ms", target: "≤ 20" });
  }
  report.table(
    `Lists of ${short(approvals)} approvals, pages of ${PAGE}, ${PAGES} of each kind; ms ${where}`,
    ["", "p50", "p99", "items a page"],
    rows,
  );
}

/** Other values each time, so that no page is read twice. */
function queriesOf(nowMs: number): Readonly<Record<string, (nth: number) => Omit<ListQuery, "limit">>> {
  const random = randomFrom(7);
  const person = () => `person${random.below(PEOPLE)}@example.com`;
  const team = () => `team:team${random.below(50)}`;
  const created = (nth: number) => ({
    from: nowMs - (300 - nth) * 86_400_000,
    before: nowMs - (290 - nth) * 86_400_000,
  });
  return {
    "no condition": () => ({ sort: "created" }),
    status: () => ({ sort: "created", status: "rejected" }),
    "waits for a person, by deadline": () => ({ sort: "due", waitingFor: person() }),
    "pending, by deadline": () => ({ sort: "due" }),
    "approver and status": () => ({ sort: "created", approver: person(), status: "approved" }),
    requester: () => ({ sort: "created", requester: person() }),
    "tag of many": () => ({ sort: "created", tags: [team()] }),
    "tag of one": () => ({ sort: "created", tags: [`orderId:${random.below(100_000)}`] }),
    "two common words": () => ({ sort: "created", words: ["order", "laptops"] }),
    "creator, team and word": (nth) => ({
      sort: "created",
      creator: `client:${nth % 20}`,
      tags: [team()],
      words: ["budget"],
    }),
    "ten days of a year": (nth) => ({ sort: "created", created: created(nth) }),
    "ten days, status and word": (nth) => ({
      sort: "created",
      created: created(nth),
      status: "expired",
      words: ["travel"],
    }),
    "deadline, newest first": () => ({ sort: "created", due: { from: nowMs } }),
    "refusals in advance that hold": () => ({ sort: "created", stands: "refusal", nowMs }),
    "standing approvals of a program": (nth) => ({
      sort: "created",
      stands: "approval",
      nowMs,
      creator: `client:${nth % 20}`,
    }),
    "what nobody has": () => ({ sort: "created", status: "cancelled", tags: [team()] }),
  };
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
