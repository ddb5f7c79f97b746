/** Reads the arguments of an action back from what people are shown. */
import { isDeepStrictEqual } from "node:util";

interface Row {
  readonly label: string;
  readonly value: string;
}

/** @throws Error where two rows tell of one value, or cannot both be true */
export function argumentsIn(rows: readonly Row[]): unknown {
  const root: Node = { members: new Map() };
  for (const { label, value } of rows) {
    const names = namesIn(label);
    let at = root;
    for (const name of names) {
      const next = at.members.get(name) ?? { members: new Map() };
      at.members.set(name, next);
      at = next;
    }
    if (at.value !== undefined || at.members.size > 0) throw new Error(`${label} is shown twice`);
    at.value = { is: valueIn(value) };
  }
  return valueOf(root, true);
}

interface Node {
  readonly members: Map<string, Node>;
  value?: { readonly is: unknown };
}

function namesIn(label: string): string[] {
  const path = label.startsWith('"') ? (JSON.parse(label) as string) : label;
  if (!path.startsWith("/")) return path.split(" › ");
  return path
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Rows do not tell a list from an object with the names 0, 1, …; both are right, and the JSON beside them tells which it is. */
function valueOf({ members, value }: Node, isRoot = false): unknown {
  if (value !== undefined) return value.is;
  const names = [...members.keys()];
  const parts = [...members.values()].map((member) => valueOf(member));
  const isList = isDeepStrictEqual(names, [...parts.keys()].map(String));
  if (isList && !isRoot) return parts;
  return Object.fromEntries(names.map((name, i) => [name, parts[i]]));
}
