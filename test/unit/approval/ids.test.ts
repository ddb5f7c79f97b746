import { assert, nat, property, stringMatching } from "fast-check";
import { expect, test } from "vitest";
import { childId, ID_PATTERN, parentId } from "../../../src/approval/ids.ts";

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
