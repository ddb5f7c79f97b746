import { assert, nat, property, stringMatching } from "fast-check";
import { expect, test } from "vitest";
import { childId, ID_PATTERN, parentId } from "../../../src/approval/ids.ts";
import { logHeadId } from "../../../src/approval/log-head.ts";
import { placeId } from "../../../src/approval/refusal/place.ts";
import { witnessedId } from "../../../src/evidence/witness/kept.ts";

test("parentId() goes back from a child to its parent, however deep, and whatever points a name has", () => {
  assert(
    property(stringMatching(ID_PATTERN), nat(), nat(), nat(), (root, a, b, c) => {
      const child = childId(root, a);
      const grandchild = childId(child, b);
      expect(parentId(root)).toBeUndefined();
      expect(parentId(child)).toBe(root);
      expect(parentId(grandchild)).toBe(child);
      expect(parentId(childId(grandchild, c))).toBe(grandchild);
    }),
  );
});

test("no caller can choose the id of what the service keeps under a name of its own", () => {
  const witness = { key: { id: "4a37d360" } } as Parameters<typeof witnessedId>[0];
  for (const id of [
    logHeadId({ day: "2026-03-02", n: 1 }),
    witnessedId(witness, "2026-03-02"),
    placeId("a".repeat(64), 1, 1),
  ]) {
    expect(id).not.toMatch(ID_PATTERN);
  }
});
