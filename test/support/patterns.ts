import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { checkSync, type Diagnostics } from "recheck";
import { parseAst } from "vitest/node";

/** Regular expressions written in a source file as literals, and whether it makes others at run time. */
export function patternsIn(file: string): {
  readonly literals: readonly RegExp[];
  readonly makesMore: boolean;
} {
  const source = readFileSync(file, "utf8");
  const literals = new Map<string, RegExp>();
  let makesMore = false;
  visit(parseAst(file.endsWith(".ts") ? stripTypeScriptTypes(source) : source), (node) => {
    const { type, regex, callee } = node as { type?: string; regex?: Literal; callee?: { name?: string } };
    if (type === "Literal" && regex !== undefined) {
      literals.set(`${regex.pattern}/${regex.flags}`, new RegExp(regex.pattern, regex.flags));
    }
    makesMore ||= (type === "NewExpression" || type === "CallExpression") && callee?.name === "RegExp";
  });
  return { literals: [...literals.values()], makesMore };
}

interface Literal {
  readonly pattern: string;
  readonly flags: string;
}

function visit(node: unknown, see: (node: object) => void): void {
  if (typeof node !== "object" || node === null) return;
  if (!Array.isArray(node)) see(node);
  for (const child of Object.values(node)) visit(child, see);
}

/** Every regular expression that is made with `new RegExp` while `run` runs. */
export async function patternsMadeBy(run: () => Promise<unknown>): Promise<readonly RegExp[]> {
  const made: RegExp[] = [];
  const Original = globalThis.RegExp;
  globalThis.RegExp = new Proxy(Original, {
    construct(target, args: [string, string]) {
      const pattern = new target(...args);
      made.push(pattern);
      return pattern;
    },
  });
  try {
    await run();
  } finally {
    globalThis.RegExp = Original;
  }
  return made;
}

/**
 * What keeps a regular expression from being linear: undefined only if an automaton proves that no text makes a search
 * take more than a number of steps in proportion to its length. What the proof cannot see (look-behind, back
 * references, look-ahead but at the very beginning) does not pass either.
 */
export function nonlinearity({ source, flags }: RegExp): string | undefined {
  return anchoredParts(source)
    .map((part) => unproven(part, flags))
    .find((reason) => reason !== undefined);
}

/** `^(?=a)(?!b)c` tries `^a`, `^b` and `^c`, each once and one after the other. */
function anchoredParts(source: string): readonly string[] {
  const [, ahead, rest] = /^\^\(\?[=!]((?:[^()\\[]|\\.|\[(?:[^\]\\]|\\.)*\])*)\)(.*)$/su.exec(source) ?? [];
  return ahead === undefined ? [source] : [`^${ahead}`, ...anchoredParts(`^${rest}`)];
}

function unproven(source: string, flags: string): string | undefined {
  // A bound on repeats takes ways to match away and adds none, so what is linear without it is linear. Tried first,
  // because the bounds make large automata.
  const unbounded = source.replaceAll(/\{\d+,\d+\}/gu, "*");
  if (unbounded !== source && prove(unbounded, flags).status === "safe") return undefined;
  const proof = prove(source, flags);
  if (proof.status === "safe") return undefined;
  return proof.status === "vulnerable" ? proof.complexity.summary : `no proof: ${proof.error.kind}`;
}

/** A proof may take seconds, and some patterns are written in several files. */
const proofs = new Map<string, Diagnostics>();

function prove(source: string, flags: string): Diagnostics {
  const key = `${source}/${flags}`;
  const proof =
    proofs.get(key) ??
    checkSync(source, flags, {
      checker: "automaton",
      timeout: 20_000,
      maxRepeatCount: 1_000,
      maxNFASize: 30_000,
    });
  proofs.set(key, proof);
  return proof;
}

export function sourceFiles(folder: URL): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => new URL(name, folder).pathname);
}
