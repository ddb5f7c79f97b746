/** Whoever can write to the engine's file changes the log, or what it tells of: the audit says what was done. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEngine } from "../../../src/engine/engine.ts";
import { DatabaseSync } from "../../../src/engine/store/sqlite.ts";
import { LEAF_COLUMNS, type LeafColumns, leafOf } from "../../../src/evidence/columns.ts";
import { CompactTree } from "../../../src/evidence/compact.ts";
import { leafText } from "../../../src/evidence/leaf.ts";
import { leafHash } from "../../../src/evidence/merkle.ts";
import { evidenceTrail } from "../../../src/evidence/trail.ts";
import { temporaryFolder } from "../../support/engine.ts";
import { create, latentTags, rootTags, settle } from "../../support/engine-requests.ts";
import { auditOf } from "../../support/event-log.ts";
import { untilPasses } from "../../support/eventually.ts";

const LATER = Date.now() + 86_400_000;
const kind = (name: string) => ({ "countersign:kind": name });

/** Sealed up to here. */
const TILE = 256;
const APPROVALS = 70;

let sound: string;

/** 70 approvals of five events each; those up to 256 are sealed. */
beforeAll(async () => {
  sound = await withApprovals();
  expect(auditOf(sound)).toMatchObject({ size: 5 * APPROVALS, approvals: APPROVALS, findings: [] });
});

afterAll(() => rmSync(sound, { recursive: true, force: true }));

async function withApprovals(): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), "audit-"));
  const engine = openEngine({ dataDir, trail: evidenceTrail() });
  const all = <T>(one: (id: string) => T) => Array.from({ length: APPROVALS }, (_, at) => one(`po-${at}`));
  const send = async (requests: readonly object[]) =>
    void (await Promise.all(requests.map((each) => engine.send(each))));
  await send(all((id) => create(id, LATER, rootTags(id, kind("approval")))));
  await send(all((id) => create(`${id}:0`, LATER, latentTags(`${id}:0`, id, kind("end")))));
  await send(all((id) => create(`${id}:1`, LATER, latentTags(`${id}:1`, id, kind("ballot")))));
  await send(all((id) => settle(`${id}:1`)));
  await send(all((id) => settle(`${id}:0`)));
  await send(all((id) => settle(id)));
  await untilTiles(dataDir, 1);
  await engine.close();
  return dataDir;
}

async function untilTiles(dataDir: string, number: number): Promise<void> {
  await untilPasses(() => {
    const db = new DatabaseSync(join(dataDir, "engine.db"), { readOnly: true });
    const tiles = db.prepare("SELECT count(*) AS count FROM log_tiles").get()?.["count"];
    const seal = db.prepare("SELECT count(*) AS count FROM log_seal").get()?.["count"];
    db.close();
    expect([tiles, seal]).toEqual([number, 1]);
  });
}

/** An engine has it for as long as it takes to make one tile, and the mark. */
async function openedUntilSealed(dataDir: string): Promise<void> {
  const engine = openEngine({ dataDir, trail: evidenceTrail() });
  await untilTiles(dataDir, 1);
  await engine.close();
}

/** What the audit says of the file after `change`. */
function after(
  change: (db: DatabaseSync) => void,
  of = sound,
): {
  readonly kinds: readonly string[];
  readonly text: string;
} {
  const dataDir = join(temporaryFolder(), "data");
  cpSync(of, dataDir, { recursive: true });
  const db = new DatabaseSync(join(dataDir, "engine.db"));
  change(db);
  db.close();
  const { findings } = auditOf(dataDir);
  return {
    kinds: [...new Set(findings.map(({ kind: found }) => found))].toSorted(),
    text: findings.map(({ kind: found, what }) => `${found}: ${what}`).join("\n"),
  };
}

const hashAt = (db: DatabaseSync, seq: number): Buffer => {
  const statement = db.prepare(`SELECT ${LEAF_COLUMNS} FROM log_events WHERE seq = ?`);
  statement.setReturnArrays(true);
  return leafHash(leafText(leafOf(statement.get(seq) as unknown as LeafColumns)));
};

/** As the product appends, by somebody who has the file. */
function append(db: DatabaseSync, { chain, type, at }: { chain: number; type: string; at: number }): void {
  const { n, last } = db.prepare("SELECT n, last FROM log_chains WHERE chain = ?").get(chain) as {
    n: number;
    last: number;
  };
  const { size } = db.prepare("SELECT max(seq) AS size FROM log_events").get() as { size: number };
  db.prepare("INSERT INTO log_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").run(
    size + 1,
    chain,
    n + 1,
    type,
    at,
    ":1",
    last,
    hashAt(db, last),
    Buffer.alloc(32, 1),
  );
  db.prepare("UPDATE log_chains SET n = ?, last = ?, head = ? WHERE chain = ?").run(
    n + 1,
    size + 1,
    hashAt(db, size + 1),
    chain,
  );
}

describe("an audit finds", () => {
  it("a flipped byte in an event that was sealed", () => {
    const { kinds, text } = after((db) => db.exec("UPDATE log_events SET at = at + 1 WHERE seq = 11"));
    expect(kinds).toEqual(["changed"]);
    expect(text).toContain("changed: event 10 is not what was sealed");
  });

  it.each(["commitment", "prev"])("a flipped byte in the %s of an event that is not sealed yet", (column) => {
    const { kinds, text } = after((db) => {
      const bytes = db.prepare(`SELECT ${column} AS bytes FROM log_events WHERE seq = 300`).get()?.[
        "bytes"
      ] as Uint8Array;
      bytes[7] = (bytes[7] ?? 0) ^ 1;
      db.prepare(`UPDATE log_events SET ${column} = ? WHERE seq = 300`).run(bytes);
    });
    expect(kinds).toEqual(["changed"]);
    expect(text).toMatch(/event 299/u);
  });

  it.each([
    ["what was asked", "param_data", "po-3"],
    ["an answer", "value_data", "po-3:1"],
    ["an outcome", "value_data", "po-3"],
  ])("%s that was changed in place", (_, column, id) => {
    const { kinds, text } = after((db) =>
      db.prepare(`UPDATE promises SET ${column} = 'bm8=' WHERE id = ?`).run(id),
    );
    expect(kinds).toEqual(["changed"]);
    expect(text).toContain(`what is stored of ${id} is not what event`);
  });

  it("an approval that is stored as something else, which nobody would compare", () => {
    const { kinds, text } = after((db) =>
      db.exec(`UPDATE promises SET tags = replace(tags, '"approval"', '"aqproval"') WHERE id = 'po-3'`),
    );
    expect(kinds).toEqual(["changed"]);
    expect(text).toContain("the log has events of the approval po-3, and it is stored as none");
  });

  it.each([20, 300])("an event that was dropped (%i)", (seq) => {
    const { kinds, text } = after((db) => db.exec(`DELETE FROM log_events WHERE seq = ${seq}`));
    expect(kinds).toContain("dropped");
    expect(text).toContain(`dropped: event ${seq - 1} is missing in the log`);
  });

  it("the last event of an approval, dropped without a hole", () => {
    const { kinds, text } = after((db) => {
      const size = 5 * APPROVALS;
      const chain = Number(db.prepare("SELECT chain FROM log_events WHERE seq = ?").get(size)?.["chain"]);
      const before = Number(db.prepare("SELECT before FROM log_events WHERE seq = ?").get(size)?.["before"]);
      db.exec(`DELETE FROM log_events WHERE seq = ${size}`);
      db.prepare("UPDATE log_chains SET n = n - 1, last = ?, head = ? WHERE chain = ?").run(
        before,
        hashAt(db, before),
        chain,
      );
    });
    expect(kinds).toEqual(["dropped"]);
    expect(text).toMatch(/dropped: the log has no event approval\.settled of po-\d+$/u);
  });

  it("a whole approval that was dropped", () => {
    const { kinds } = after((db) => db.exec("DELETE FROM log_chains WHERE chain = 5"));
    expect(kinds).toContain("dropped");
  });

  it("events that were cut off after they were sealed", () => {
    const { kinds, text } = after((db) => db.exec(`DELETE FROM log_events WHERE seq > ${TILE - 1}`));
    expect(kinds).toEqual(["dropped"]);
    expect(text).toContain("events of 0 to 255 are missing, which were sealed");
  });

  it("an event that was added", () => {
    const { kinds, text } = after((db) => append(db, { chain: 5, type: "undo.settled", at: Date.now() }));
    expect(kinds).toEqual(["added"]);
    expect(text).toContain("nothing of the kind is stored");
  });

  it("an event that is there twice", () => {
    const { kinds, text } = after((db) => append(db, { chain: 5, type: "ballot.settled", at: Date.now() }));
    expect(kinds).toEqual(expect.arrayContaining(["added"]));
    expect(text).toContain("is in the log a second time");
  });

  it.each([
    [3, 8],
    [3, 290],
    [290, 300],
  ])("events that changed places (%i and %i)", (one, other) => {
    const { kinds, text } = after((db) => {
      db.exec(`UPDATE log_events SET seq = -1 WHERE seq = ${one}`);
      db.exec(`UPDATE log_events SET seq = ${one} WHERE seq = ${other}`);
      db.exec(`UPDATE log_events SET seq = ${other} WHERE seq = -1`);
    });
    expect(kinds.length, text).toBeGreaterThan(0);
    if (other < TILE) expect(text).toContain(`reordered: event ${one - 1} was sealed as event ${other - 1}`);
  });

  it("events of one approval that changed places", () => {
    const { kinds } = after((db) => {
      const rows = db.prepare("SELECT seq FROM log_events WHERE chain = 70 ORDER BY seq").all();
      const [one, other] = rows.slice(-2).map(({ seq }) => Number(seq));
      db.exec(`UPDATE log_events SET seq = -1 WHERE seq = ${one}`);
      db.exec(`UPDATE log_events SET seq = ${one} WHERE seq = ${other}`);
      db.exec(`UPDATE log_events SET seq = ${other} WHERE seq = -1`);
    });
    expect(kinds).toContain("reordered");
  });

  it("a backdated event", () => {
    const { kinds, text } = after((db) =>
      append(db, { chain: 5, type: "use.created", at: Date.now() - 3_600_000 }),
    );
    expect(kinds).toContain("backdated");
    expect(text).toContain("event 350 (use.created) has the time");
  });

  describe("where no promise tells of an event, and no tile has it", () => {
    /** An approval was erased, after a time without the log. */
    let erased: string;
    beforeAll(async () => {
      erased = mkdtempSync(join(tmpdir(), "audit-"));
      const open = (parts: object) => openEngine({ dataDir: erased, ...parts });
      const first = open({ trail: evidenceTrail() });
      for (const id of ["po-1", "po-2"]) await first.send(create(id, LATER, rootTags(id, kind("approval"))));
      await first.close();
      const without = open({});
      await without.send(create("po-3", LATER, rootTags("po-3", kind("approval"))));
      await without.close();
      const last = open({ trail: evidenceTrail() });
      for (const id of ["po-1", "po-2"]) await last.send(settle(id));
      await last.erase("po-1");
      await last.close();
      expect(auditOf(erased)).toMatchObject({ size: 6, gaps: 1, erased: 1, findings: [] });
    });
    afterAll(() => rmSync(erased, { recursive: true, force: true }));

    const lastOfChain = "seq = (SELECT last FROM log_chains WHERE root IS NULL AND chain > 0)";
    it.each([
      [
        "the last event of an erased approval",
        "changed",
        `UPDATE log_events SET at = at + 1 WHERE ${lastOfChain}`,
      ],
      ["its commitment", "changed", `UPDATE log_events SET commitment = zeroblob(32) WHERE ${lastOfChain}`],
      ["the time of the last gap", "changed", "UPDATE log_events SET at = at + 1 WHERE type = 'log.gap'"],
      ["the end of an erased approval, cut off", "dropped", `DELETE FROM log_events WHERE ${lastOfChain}`],
      ["where a chain ends", "dropped", "DELETE FROM log_chains WHERE root IS NULL AND chain > 0"],
      [
        "another place of its end",
        "changed",
        "UPDATE log_chains SET last = 1 WHERE root IS NULL AND chain > 0",
      ],
      [
        "fewer events than there are",
        "added",
        "UPDATE log_chains SET n = n - 1 WHERE root IS NULL AND chain > 0",
      ],
    ])("%s", (_, expected, sql) => {
      expect(after((db) => db.exec(sql), erased).kinds).toContain(expected);
    });

    it("an event after the end of an erased approval", () => {
      const { text } = after(
        (db) => append(db, { chain: 1, type: "ballot.settled", at: Date.now() }),
        erased,
      );
      expect(text).toContain("added: event 6 is number 4 of chain 1, which was at its end");
    });

    it("what a gap was committed to with, although the chain fits", () => {
      const { text } = after((db) => {
        db.exec("UPDATE log_events SET commitment = zeroblob(32) WHERE type = 'log.gap'");
        const { seq } = db.prepare("SELECT seq FROM log_events WHERE type = 'log.gap'").get() as {
          seq: number;
        };
        db.prepare("UPDATE log_chains SET head = ? WHERE chain = 0").run(hashAt(db, seq));
      }, erased);
      expect(text).toMatch(/^changed: event \d \(log\.gap\) is not what was committed to$/u);
    });
  });

  it("tiles that are missing before one that is stored, or below one", () => {
    expect(after((db) => db.exec("UPDATE log_tiles SET n = 1")).text).toContain(
      "dropped: the tile of events 0 to 255 is missing, and later ones are stored",
    );
    const { text } = after((db) => db.exec("UPDATE log_tiles SET level = 1"));
    expect(text).toContain("dropped: the tile of events 0 to 255 is missing, and later ones are stored");
  });

  it("how many events no tile has, and that all tiles are gone", () => {
    expect(auditOf(sound)).toMatchObject({ unsealed: 5 * APPROVALS - TILE });
    expect(after((db) => db.exec("DELETE FROM log_tiles"))).toEqual({
      kinds: ["dropped"],
      text: `dropped: the tiles of events 0 to ${TILE - 1} are missing, which were sealed`,
    });
    // With the mark nothing in the file tells: a head that was kept elsewhere still does, if an event was changed.
    expect(after((db) => db.exec("DELETE FROM log_tiles; DELETE FROM log_seal"))).toEqual({
      kinds: [],
      text: "",
    });
    // As a file is that no engine of this version has opened.
    expect(after((db) => db.exec("DROP TABLE log_seal"))).toEqual({ kinds: [], text: "" });
  });

  it("what was sealed, if events are written again and an engine seals them again", async () => {
    const dataDir = join(temporaryFolder(), "data");
    cpSync(sound, dataDir, { recursive: true });
    const change = (sql: string) => {
      const db = new DatabaseSync(join(dataDir, "engine.db"));
      db.exec(sql);
      db.close();
    };
    change("DELETE FROM log_tiles; UPDATE log_events SET at = at + 1 WHERE seq = 7");
    await openedUntilSealed(dataDir);
    const changed = `the first ${TILE} events are not those that were sealed`;
    expect(auditOf(dataDir).findings).toContainEqual({ kind: "changed", what: changed });

    // Nor does the mark move on with it.
    change("DELETE FROM log_tiles");
    const engine = openEngine({ dataDir, trail: evidenceTrail() });
    await Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        engine.send(create(`more-${n}`, LATER, rootTags(`more-${n}`, kind("approval")))),
      ),
    );
    await untilTiles(dataDir, 2);
    await engine.close();
    expect(auditOf(dataDir).findings).toContainEqual({ kind: "changed", what: changed });
  });

  it("nothing in a file of an earlier version, which gets its mark when an engine opens it", async () => {
    const dataDir = join(temporaryFolder(), "data");
    cpSync(sound, dataDir, { recursive: true });
    const db = new DatabaseSync(join(dataDir, "engine.db"));
    db.exec("DROP TABLE log_seal");
    db.close();
    await openedUntilSealed(dataDir);
    expect(auditOf(dataDir).findings).toEqual([]);
    const marked = new DatabaseSync(join(dataDir, "engine.db"));
    expect(marked.prepare("SELECT size FROM log_seal").get()).toEqual({ size: TILE });
    marked.exec("DELETE FROM log_tiles");
    marked.close();
    expect(auditOf(dataDir).findings).toMatchObject([{ kind: "dropped" }]);
  });

  it("an approval that was deleted past the product", () => {
    const { kinds, text } = after((db) => {
      db.exec("PRAGMA foreign_keys = OFF; DELETE FROM promises WHERE id = 'po-9' OR id LIKE 'po-9:%'");
    });
    expect(kinds).toEqual(["changed"]);
    expect(text).toContain("the log does not say that it was deleted");
  });

  it("an open approval that the log calls deleted", () => {
    const { kinds, text } = after((db) => {
      append(db, { chain: 5, type: "approval.erased", at: Date.now() });
      db.exec("UPDATE log_chains SET key = NULL WHERE chain = 5");
      db.exec("UPDATE promises SET state = 'pending', settled_at = NULL WHERE id = 'po-4'");
    });
    expect(kinds).toEqual(["changed"]);
    expect(text).toContain("the log says that po-4 was deleted, and it is open");
  });

  it("a damaged tile", () => {
    const { kinds, text } = after((db) => db.exec("UPDATE log_tiles SET root = zeroblob(32)"));
    expect(kinds).toEqual(["changed"]);
    expect(text).toContain("tile 0 of level 0 is damaged");
  });

  it("a history that was written again as a whole, by the head that was kept elsewhere", async () => {
    const { size, root } = auditOf(sound);
    const head = { origin: "example.com/log", size, root: Buffer.from(root, "hex") };
    expect(auditOf(sound, head).findings).toEqual([]);
    const again = await withApprovals();
    try {
      // It is sound in itself, and whoever has the keys of the service can sign its head.
      expect(auditOf(again)).toMatchObject({ size, findings: [] });
      expect(auditOf(again, head).findings).toEqual([
        { kind: "rewritten", what: "the first 350 events are not those that the head was made of" },
      ]);
    } finally {
      rmSync(again, { recursive: true, force: true });
    }
  });

  it("a history whose end is gone, by the head", () => {
    const { size, root } = auditOf(sound);
    const head = { origin: "example.com/log", size: size + 3, root: Buffer.from(root, "hex") };
    expect(auditOf(sound, head).findings).toEqual([
      { kind: "dropped", what: "the head is of 353 events, and the log has 350: at least 3 are missing" },
    ]);
  });

  it("nothing wrong with an older head", () => {
    const db = new DatabaseSync(join(sound, "engine.db"), { readOnly: true });
    const tree = new CompactTree();
    for (let seq = 1; seq <= 123; seq += 1) tree.add(hashAt(db, seq));
    db.close();
    expect(auditOf(sound, { origin: "x", size: 123, root: tree.root() }).findings).toEqual([]);
  });
});
