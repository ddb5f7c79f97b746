/** The log's events in SQLite: each appended once, to the chain of its approval. */
import { randomFillSync } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { KIND_TAG, parentId } from "../approval/ids.ts";
import type { PromiseRow } from "../engine/decide/state.ts";
import type { PromiseSource } from "../engine/store/queries.ts";
import type { Told, TrailRows } from "../engine/store/trail.ts";
import { LEAF_COLUMNS, type LeafColumns, leafOf, query } from "./columns.ts";
import { approvalOf, creationOf, type Event, gapAt, OWN, settlementOf } from "./events.ts";
import { commitmentOf, HASH_BYTES, leafText, NO_HASH, saltOf } from "./leaf.ts";
import { leafHash } from "./merkle.ts";
import { answer } from "./questions.ts";
import { openTiles } from "./tiles.ts";

type ChainColumns = readonly [
  chain: number,
  key: Uint8Array | null,
  n: number,
  last: number | null,
  head: Uint8Array,
];

/** Where a chain ends. */
interface Chain {
  readonly chain: number;
  /** Null when its approval is deleted, or some of it is. */
  readonly key: Uint8Array | null;
  n: number;
  last: number | null;
  head: Uint8Array;
  /** What its row begins with. Undefined if it has one. */
  fresh?: { readonly root: number | null; readonly began: number } | undefined;
}

/** The chain of what concerns the whole log. */
const OF_LOG = 0;
/** Chains that are remembered from one checkpoint to the next. */
const REMEMBERED_MAX = 1_000;
/** Hashes of events that are kept for the tiles of the tree: four tiles. */
const RECENT_KEPT = 1_024;

export function openRows(db: DatabaseSync, source: PromiseSource, now: () => number): TrailRows {
  const sql = prepare(db);
  const number = (statement: StatementSync) => (statement.get() as unknown as readonly [number])[0];
  let size = number(sql.size);
  let chains = number(sql.chains);
  /** By the approval's id. */
  const known = new Map<string, Chain>();
  const keys = new Keys();
  /** Of the last events, up to the newest. */
  let recent: Buffer[] = [];
  const tiles = openTiles(db, (from, count) => {
    const at = from - (size - recent.length);
    if (at >= 0) return recent.slice(at, at + count);
    return (sql.leaves.all(from, from + count) as unknown as readonly LeafColumns[]).map((columns) =>
      leafHash(leafText(leafOf(columns))),
    );
  });

  /** Its row is written when it is saved, with its first events. */
  const begin = (root: number | null, began: number): Chain => {
    if (root !== null && chains === 0) save(begin(null, began));
    chains += 1;
    return { chain: chains - 1, key: keys.next(), n: 0, last: null, head: NO_HASH, fresh: { root, began } };
  };
  const read = (statement: StatementSync, value: number): Chain | undefined => {
    const columns = statement.get(value) as unknown as ChainColumns | undefined;
    if (columns === undefined) return undefined;
    const [chain, key, n, last, head] = columns;
    return { chain, key, n, last, head };
  };
  const add = (chain: Chain, { type, atMs, data }: Event, part: string): void => {
    if (chain.key === null) throw new Error(`Chain ${chain.chain} is at its end`);
    const n = chain.n + 1;
    const commitment = commitmentOf(saltOf(chain.key, n), data);
    const prev = chain.head;
    size += 1;
    sql.addEvent.run(size, chain.chain, n, type, atMs, part, chain.last, prev, commitment);
    const head = leafHash(leafText({ chain: chain.chain, n, type, atMs, prev, commitment }));
    recent.push(head);
    chain.head = head;
    chain.n = n;
    chain.last = size;
  };
  const save = (saved: Chain): void => {
    const { chain, key, n, last, head, fresh } = saved;
    if (fresh === undefined) sql.saveChain.run(n, last, head, chain);
    else sql.addChain.run(chain, fresh.root, fresh.began, key, n, last, head);
    saved.fresh = undefined;
  };
  /** The first promise of the approval that goes takes the key with it. */
  const erase = (root: number | undefined): void => {
    const chain = root === undefined ? undefined : read(sql.chainOf, root);
    if (chain === undefined || chain.key === null) return;
    add(chain, { type: OWN.erased, atMs: now(), data: { event: "erased" } }, "");
    save(chain);
    sql.erase.run(chain.chain);
  };
  /** Its root's number may be that of another promise from now on. */
  const letGo = (root: number | undefined): void => {
    erase(root);
    if (root !== undefined) sql.letGo.run(root);
  };

  /** The chain of a promise's approval; undefined if it belongs to none. */
  const chainFor = (
    row: PromiseRow,
    isNew: boolean,
    atMs: number,
  ): { approval: string; chain: Chain } | undefined => {
    const approval = approvalOf(row);
    if (approval === undefined) return undefined;
    const isCreated = isNew && approval === row.id;
    const remembered = isCreated ? undefined : known.get(approval);
    if (remembered !== undefined) return { approval, chain: remembered };
    const root = source.promise(approval);
    const at = source.numberOf(approval);
    if (root?.tags[KIND_TAG] !== "approval" || at === undefined) return undefined;
    let chain = read(sql.chainOf, at);
    if (chain !== undefined && isCreated) {
      // Numbers of deleted promises are used again, and a program without the log may have deleted it.
      letGo(at);
      chain = undefined;
    }
    if (chain === undefined) {
      chain = begin(at, root.createdAt);
      const found = creationOf(root);
      if (!isCreated && found !== undefined) add(chain, { type: OWN.found, atMs, data: found.data }, "");
    }
    known.set(approval, chain);
    return { approval, chain };
  };
  const tell = ({ kind, row }: Told, touched: Set<Chain>): void => {
    const isNew = kind === "promise.insert";
    for (const event of [isNew ? creationOf(row) : undefined, settlementOf(row)]) {
      const found = event && chainFor(row, isNew, event.atMs);
      if (event === undefined || found === undefined) continue;
      add(found.chain, event, row.id.slice(found.approval.length));
      touched.add(found.chain);
    }
  };

  return {
    append(told) {
      const touched = new Set<Chain>();
      for (const each of told) tell(each, touched);
      for (const chain of touched) save(chain);
      if (known.size > REMEMBERED_MAX) known.clear();
      if (recent.length > 2 * RECENT_KEPT) recent = recent.slice(-RECENT_KEPT);
    },
    remove(id) {
      known.delete(id);
      letGo(source.numberOf(id));
      // What is below an approval goes before it, perhaps in a transaction of its own.
      const approval = parentId(id);
      if (approval === undefined) return;
      known.delete(approval);
      erase(source.numberOf(approval));
    },
    clear() {
      db.exec("DELETE FROM log_events; DELETE FROM log_chains; DELETE FROM log_tiles; DELETE FROM log_seal");
    },
    gap() {
      known.clear();
      for (const [root] of sql.lost.all() as unknown as readonly [number][]) letGo(root);
      const chain = chains === 0 ? begin(null, now()) : read(sql.chain, OF_LOG);
      if (chain === undefined) return;
      add(chain, gapAt(now()), "");
      save(chain);
    },
    isUntidy: (upTo) => tiles.isBehind(upTo),
    tidy: (upTo) => tiles.fill(upTo),
    size: () => size,
    read: (query, upTo) =>
      answer(query, { db, numberOf: source.numberOf, size: upTo, subtrees: tiles.subtrees() }),
  };
}

/** Random keys. They are drawn many at a time, because a draw costs more than the bytes. */
class Keys {
  readonly #pool = Buffer.alloc(64 * HASH_BYTES);
  #at = this.#pool.length;

  next(): Buffer {
    if (this.#at === this.#pool.length) {
      randomFillSync(this.#pool);
      this.#at = 0;
    }
    const key = Buffer.from(this.#pool.subarray(this.#at, this.#at + HASH_BYTES));
    this.#pool.fill(0, this.#at, this.#at + HASH_BYTES);
    this.#at += HASH_BYTES;
    return key;
  }
}

function prepare(db: DatabaseSync) {
  return {
    size: query(db, "SELECT coalesce(max(seq), 0) FROM log_events"),
    chains: query(db, "SELECT coalesce(max(chain) + 1, 0) FROM log_chains"),
    leaves: query(db, `SELECT ${LEAF_COLUMNS} FROM log_events WHERE seq > ? AND seq <= ? ORDER BY seq`),
    chain: query(db, `SELECT ${CHAIN_COLUMNS} FROM log_chains WHERE chain = ?`),
    chainOf: query(db, `SELECT ${CHAIN_COLUMNS} FROM log_chains WHERE root = ?`),
    lost: query(
      db,
      `SELECT root FROM log_chains WHERE root IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM promises WHERE promises.n = root AND created_at = began)`,
    ),
    addChain: db.prepare(
      "INSERT INTO log_chains (chain, root, began, key, n, last, head) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
    saveChain: db.prepare("UPDATE log_chains SET n = ?, last = ?, head = ? WHERE chain = ?"),
    erase: db.prepare("UPDATE log_chains SET key = NULL WHERE chain = ?"),
    letGo: db.prepare("UPDATE log_chains SET root = NULL WHERE root = ?"),
    addEvent: db.prepare(
      `INSERT INTO log_events (seq, chain, n, type, at, part, before, prev, commitment)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
  };
}

const CHAIN_COLUMNS = "chain, key, n, last, head";
