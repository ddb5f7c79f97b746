import { join } from "node:path";
import { expect, test } from "vitest";
import { openEngine } from "../../../src/engine/engine.ts";
import { look } from "../../../src/engine/operate/walk.ts";
import { ChainOrder } from "../../../src/evidence/audit/chain-order.ts";
import { Findings } from "../../../src/evidence/audit/findings.ts";
import { LEAF_COLUMNS, type LeafColumns, leafOf } from "../../../src/evidence/columns.ts";
import { leafText } from "../../../src/evidence/leaf.ts";
import { leafHash } from "../../../src/evidence/merkle.ts";
import { evidenceTrail } from "../../../src/evidence/trail.ts";
import { temporaryFolder } from "../../support/engine.ts";
import { create, rootTags, settle } from "../../support/engine-requests.ts";

const LATER = Date.now() + 86_400_000;

test("an audit remembers the approvals that are open at one time, and none that has ended", async () => {
  const dataDir = temporaryFolder();
  const engine = openEngine({ dataDir, trail: evidenceTrail() });
  const tags = (id: string) => rootTags(id, { "countersign:kind": "approval" });
  for (let n = 0; n < 300; n += 1) {
    await engine.send(create(`po-${n}`, LATER, tags(`po-${n}`)));
    // Ten are open from the tenth on.
    if (n >= 10) await engine.send(settle(`po-${n - 10}`));
  }
  await engine.close();

  look(join(dataDir, "engine.db"), (file) => {
    const findings = new Findings();
    const rows = [
      ...file.rows(`SELECT seq, ${LEAF_COLUMNS} FROM log_events ORDER BY seq`),
    ] as unknown as readonly [number, ...LeafColumns][];
    const order = new ChainOrder(file, findings, rows.length);
    const open: number[] = [];
    for (const [seq, ...columns] of rows) {
      const leaf = leafOf(columns);
      order.add(seq - 1, leaf, leafHash(leafText(leaf)));
      open.push(order.open);
    }
    order.finish();
    expect(rows).toHaveLength(300 + 290);
    expect(Math.max(...open)).toBe(11);
    expect(findings.kept).toEqual([]);
  });
});
