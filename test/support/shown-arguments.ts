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
  return valueOf(root);
}

interface Node {
  /** By names, and by indexes of lists. */
  readonly members: Map<string | number, Node>;
  value?: { readonly is: unknown };
}

function namesIn(label: string): (string | number)[] {
  if (label.startsWith("[")) return JSON.parse(label) as (string | number)[];
  const path = label.startsWith('"') ? (JSON.parse(label) as string) : label;
  if (!path.startsWith("/")) return path.split(" › ").map(nameIn);
  return path.slice(1).split("/").map(nameIn);
}

function nameIn(token: string): string | number {
  const [, index] = /^\[(\d+)\]$/u.exec(token) ?? [];
  return index === undefined ? token.replaceAll("~1", "/").replaceAll("~0", "~") : Number(index);
}

function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function valueOf({ members, value }: Node): unknown {
  if (value !== undefined) return value.is;
  const named = [...members].map(([name, member]) => [name, valueOf(member)] as const);
  const indexes = named.map(([name]) => name);
  if (indexes.length > 0 && indexes.every((name) => typeof name === "number")) {
    if (!isDeepStrictEqual(indexes, [...indexes.keys()])) throw new Error("A list has gaps");
    return named.map(([, member]) => member);
  }
  return Object.fromEntries(named);
}
