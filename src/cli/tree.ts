import type { StoredPromise } from "../durable/durable.ts";
import { FAMILY_MAX } from "../durable/family.ts";
import { type Command, CommandFailure, EXIT, parseCommand } from "./command.ts";
import { type Description, describe } from "./describe.ts";

export const tree: Command = {
  help: `Usage: countersign tree ID [--json]

Shows the promises below that id with kind and state, nested: steps, timers, ballots, child workflows. Shows up to ${FAMILY_MAX.toLocaleString("en")}.

Options:
  --json      Print JSON, even on a terminal

Exits 0, or 3 when there is no promise with that id.

Example:
  countersign tree po-4711
`,
  async run(args, cli) {
    const { id, values } = parseCommand(args, {});
    const { promises, truncated } = await (await cli.durable()).family(id);
    const root = nest(promises, id);
    if (root === undefined) throw new CommandFailure(EXIT.notFound, `${id} not found`);
    const more = truncated ? "\n… there are more" : "";
    cli.print({ ...root, truncated }, () => `${branches(root).join("\n")}${more}`, values);
    return EXIT.ok;
  },
};

interface Node extends Description {
  readonly children: Node[];
}

/** Hangs each promise below the nearest one that its id extends. */
function nest(promises: readonly StoredPromise[], rootId: string): Node | undefined {
  const nodes = new Map<string, Node>();
  for (const promise of [...promises].sort(byPosition)) {
    const node = { ...describe(promise), children: [] };
    if (promise.id !== rootId) ancestorOf(promise.id, nodes)?.children.push(node);
    nodes.set(promise.id, node);
  }
  return nodes.get(rootId);
}

function ancestorOf(id: string, nodes: ReadonlyMap<string, Node>): Node | undefined {
  for (let end = separatorIn(id); end > 0; end = separatorIn(id.slice(0, end))) {
    const node = nodes.get(id.slice(0, end));
    if (node !== undefined) return node;
  }
  return undefined;
}

/** Where the last part of an id begins: `wf:1.2` is `2` below `wf:1`, which is `1` below `wf`. */
function separatorIn(id: string): number {
  const colon = id.indexOf(":");
  return colon < 0 ? -1 : Math.max(colon, id.lastIndexOf("."));
}

/** Ancestors first, and positions by number: `wf:2` before `wf:10`. */
function byPosition(a: StoredPromise, b: StoredPromise): number {
  return a.id.localeCompare(b.id, "en", { numeric: true });
}

function branches(node: Node): string[] {
  const below = node.children.flatMap((child, i) => {
    const isLast = i === node.children.length - 1;
    const [own = "", ...rest] = branches(child);
    return [`${isLast ? "└─ " : "├─ "}${own}`, ...rest.map((line) => `${isLast ? "   " : "│  "}${line}`)];
  });
  return [line(node), ...below];
}

function line({ id, kind, state, func, version, timeoutAt }: Node): string {
  const name =
    func === undefined || func === kind
      ? ""
      : ` ${func}${version === undefined || version === 1 ? "" : ` v${version}`}`;
  return `${id}  ${kind}${name}  ${state}${state === "pending" ? ` until ${timeoutAt}` : ""}`;
}
