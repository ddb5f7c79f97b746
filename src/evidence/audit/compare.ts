/** The log beside the promises that it tells of: each event has its promise, and each promise its events. */
import type { SQLOutputValue } from "node:sqlite";
import { KIND_TAG } from "../../approval/ids.ts";
import type { PromiseRow } from "../../engine/decide/state.ts";
import type { PromiseRecord } from "../../protocol/records.ts";
import { approvalOf, creationOf, type Event, gapAt, isLogged, OWN, settlementOf } from "../events.ts";
import { commitmentOf, saltOf } from "../leaf.ts";
import type { Findings } from "./findings.ts";
import type { LogFile, WalkedLog } from "./walk-log.ts";

export interface PromiseFile extends LogFile {
  read(id: string): PromiseRecord | undefined;
}

export interface Compared {
  readonly approvals: number;
  /** Approvals whose data was deleted, and whose events are still in the log. */
  readonly erased: number;
  /** Those of them that are not deleted as a whole yet. */
  readonly deleting: number;
  /** Events that are missing where the log says that some may be. */
  readonly unlogged: number;
}

const PAGE = 500;

export function comparePromises(file: PromiseFile, { gaps }: WalkedLog, findings: Findings): Compared {
  let [approvals, deleting, unlogged] = [0, 0, 0];
  for (const { n, row } of approvalsOf(file)) {
    const erasedAtMs = erasureOf(file, n);
    if (erasedAtMs !== undefined) {
      deleting += 1;
      if (row.settledAt === null && erasedAtMs < row.timeoutAt)
        findings.add("changed", `the log says that ${row.id} was deleted, and it is open`);
      continue;
    }
    approvals += 1;
    unlogged += compareApproval(file, { n, row, gaps }, findings);
  }
  compareRoots(file, findings);
  compareGaps(file, findings);
  return { approvals, deleting, unlogged, erased: compareErased(file, findings) };
}

/** When the first promise of an approval was deleted whose root is still there: a large one takes several transactions. */
function erasureOf(file: PromiseFile, root: number): number | undefined {
  const [event] = file.rows(
    "SELECT at FROM log_chains JOIN log_events ON seq = last WHERE root = ? AND key IS NULL AND type = ?",
    root,
    OWN.erased,
  );
  return event === undefined ? undefined : Number(event[0]);
}

/** Finds approvals whose mark was taken away: without it, the other comparisons do not see them. */
function compareRoots(file: PromiseFile, findings: Findings): void {
  const rows = inPages(file, {
    max: "SELECT max(chain) FROM log_chains",
    page: `SELECT chain, id FROM log_chains JOIN promises ON promises.n = root AND created_at = began
      WHERE chain > ? AND chain <= ? AND instr(tags, '"${KIND_TAG}":"approval"') = 0 ORDER BY chain`,
  });
  for (const [, id] of rows)
    findings.add("changed", `the log has events of the approval ${String(id)}, and it is stored as none`);
}

/** The chain of the whole log has nothing else. */
function compareGaps(file: PromiseFile, findings: Findings): void {
  for (const { index, type, atMs, commitment, salt } of eventsOf(file, "chain", 0)) {
    if (type !== OWN.gap) findings.add("added", `event ${index} (${type}) is about no approval`);
    else if (!commitmentOf(salt, gapAt(atMs).data).equals(commitment))
      findings.add("changed", `event ${index} (${type}) is not what was committed to`);
  }
}

function* approvalsOf(file: PromiseFile): Iterable<{ readonly n: number; readonly row: PromiseRow }> {
  for (const [n, id, tags] of inPages(file, {
    max: "SELECT max(n) FROM promises",
    page: "SELECT n, id, tags FROM promises WHERE n > ? AND n <= ? ORDER BY n",
  })) {
    if (!String(tags).includes(`"${KIND_TAG}":"approval"`)) continue;
    const row = rowOf(file, String(id));
    if (row?.tags[KIND_TAG] === "approval") yield { n: Number(n), row };
  }
}

/** Rows by their number, which comes first in each, up to the one that is the last now. */
function* inPages(
  file: PromiseFile,
  query: { readonly max: string; readonly page: string },
): Iterable<readonly SQLOutputValue[]> {
  const [[max] = []] = [...file.rows(query.max)];
  for (let after = 0; ; ) {
    const page = [...file.rows(`${query.page} LIMIT ${PAGE}`, after, Number(max ?? 0))];
    if (page.length === 0) return;
    for (const row of page) {
      after = Number(row[0]);
      yield row;
    }
    file.renew();
  }
}

interface Subject {
  readonly n: number;
  readonly row: PromiseRow;
  readonly gaps: WalkedLog["gaps"];
}

/** How many events are missing, and may be. */
function compareApproval(file: PromiseFile, { n, row, gaps }: Subject, findings: Findings): number {
  const { id } = row;
  const events = eventsOf(file, "root", n);
  const found = events.find(({ type }) => type === OWN.found);
  const parts = [row, ...partsOf(file, id)];
  const expected = new Map<string, Event>();
  for (const part of parts) {
    for (const event of [creationOf(part), settlementOf(part)]) {
      if (event !== undefined) expected.set(`${part.id.slice(id.length)} ${event.type}`, event);
    }
  }
  const seen = new Set<string>();
  for (const { index, type, part, atMs, commitment, salt } of events) {
    const name = `${part} ${type}`;
    const event = type === OWN.found ? creationOf(row) : expected.get(name);
    if (event === undefined) {
      findings.add(
        "added",
        `event ${index} (${type}) is about ${id}${part}, where nothing of the kind is stored`,
      );
    } else if (seen.has(name)) {
      findings.add("added", `event ${index} (${type}) of ${id}${part} is in the log a second time`);
    } else if (
      !commitmentOf(salt, event.data).equals(commitment) ||
      (type !== OWN.found && event.atMs !== atMs)
    ) {
      findings.add(
        "changed",
        `what is stored of ${id}${part} is not what event ${index} (${type}) was made of`,
      );
    }
    seen.add(name);
  }
  let unlogged = 0;
  for (const [name, { type, atMs }] of expected) {
    if (seen.has(name)) continue;
    const isBefore = found !== undefined && atMs <= found.atMs;
    if (isBefore || gaps.some(({ from, to }) => atMs >= from && atMs <= to)) unlogged += 1;
    else findings.add("dropped", `the log has no event ${type} of ${id}${name.slice(0, name.indexOf(" "))}`);
  }
  return unlogged;
}

interface StoredEvent {
  readonly index: number;
  readonly type: string;
  readonly part: string;
  readonly atMs: number;
  readonly commitment: Uint8Array;
  readonly salt: Uint8Array;
}

/** From the last to the first, as the chain has them. */
function eventsOf(file: PromiseFile, by: "root" | "chain", number: number): StoredEvent[] {
  const [chain] = file.rows(`SELECT key, last FROM log_chains WHERE ${by} = ? AND key IS NOT NULL`, number);
  if (chain === undefined) return [];
  const [key, last] = chain as unknown as readonly [Uint8Array, SQLOutputValue];
  const events: StoredEvent[] = [];
  const seen = new Set<SQLOutputValue>();
  for (let at = last; typeof at === "number" && !seen.has(at); ) {
    seen.add(at);
    const [columns] = file.rows(
      "SELECT n, type, part, at, commitment, before FROM log_events WHERE seq = ?",
      at,
    );
    if (columns === undefined) break;
    const [n, type, part, atMs, commitment, before] = columns as unknown as readonly [
      number,
      string,
      string,
      number,
      Uint8Array,
      SQLOutputValue,
    ];
    events.push({ index: at - 1, type, part, atMs, commitment, salt: saltOf(key, n) });
    at = before;
  }
  return events;
}

function partsOf(file: PromiseFile, approval: string): PromiseRow[] {
  // As `childId` has it; the characters after ":" and "." end the range.
  const [first, end] = approval.includes(":") ? [".", "/"] : [":", ";"];
  const ids = file.rows(
    "SELECT id, tags FROM promises WHERE id > ? AND id < ?",
    approval + first,
    approval + end,
  );
  return [...ids].flatMap(([id, tags]) => {
    const name = { id: String(id), tags: JSON.parse(String(tags)) as Record<string, string> };
    const isPart = isLogged(name.tags[KIND_TAG]) && approvalOf(name) === approval;
    const row = isPart ? rowOf(file, name.id) : undefined;
    return row === undefined ? [] : [row];
  });
}

function rowOf(file: PromiseFile, id: string): PromiseRow | undefined {
  const record = file.read(id);
  return record && { ...record, settledAt: record.settledAt ?? null };
}

/** Chains of deleted approvals end with an event that says so. */
function compareErased(file: PromiseFile, findings: Findings): number {
  const of = (condition: string) =>
    inPages(file, {
      max: "SELECT max(chain) FROM log_chains",
      page: `SELECT log_chains.chain, type FROM log_chains LEFT JOIN log_events ON seq = last
        WHERE log_chains.chain > ? AND log_chains.chain <= ? AND ${condition} ORDER BY log_chains.chain`,
    });
  const isLost =
    "root IS NOT NULL AND NOT EXISTS (SELECT 1 FROM promises WHERE promises.n = root AND created_at = began)";
  for (const [chain] of of(isLost)) {
    findings.add(
      "changed",
      `the approval of chain ${String(chain)} is gone, and the log does not say that it was deleted`,
    );
  }
  let erased = 0;
  for (const [chain, type] of of("key IS NULL")) {
    erased += 1;
    if (type === OWN.erased) continue;
    findings.add(
      "changed",
      `the key of chain ${String(chain)} is gone, and the log does not say that its approval was deleted`,
    );
  }
  return erased;
}
