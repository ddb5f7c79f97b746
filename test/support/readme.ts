import { readFile } from "node:fs/promises";
import { ROOT } from "./service-process.ts";

/** The README as its readers meet it: text, code to copy, pictures and links. */
export interface Readme {
  /** Commands of all its shell blocks, in order; each may have several lines. */
  readonly commands: readonly string[];
  /** Files of this repository that it shows or links to. */
  readonly files: readonly string[];
}

export async function readReadme(): Promise<Readme> {
  const text = await readFile(`${ROOT}README.md`, "utf8");
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gmsu)].map(([, block = ""]) => block);
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/gu)].map(([, target = ""]) => target);
  return {
    commands: blocks.flatMap(commandsIn),
    files: targets.filter((target) => !/^[a-z]+:/u.test(target)).map((target) => target.replace(/#.*$/u, "")),
  };
}

/** A block's commands: a line, and the lines that follow while a quote of it is open or it ends in a backslash. */
function commandsIn(block: string): string[] {
  const commands: string[] = [];
  let open = "";
  for (const line of block.split("\n")) {
    open = open === "" ? line : `${open}\n${line}`;
    const isWhole = (open.match(/'/gu) ?? []).length % 2 === 0 && !open.endsWith("\\");
    if (!isWhole) continue;
    if (open.trim() !== "") commands.push(open);
    open = "";
  }
  return commands;
}
