/** How the process was started, where its end hangs on that. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** The npm that runs us, and the shell that it started for that. */
export interface Launcher {
  hasEnded(): boolean;
}

/** What npm tells its scripts. */
export interface NpmEnv {
  /** The script's text. For `npx countersign start` it is `'countersign'`, without the words after it. */
  readonly npm_lifecycle_script?: string | undefined;
  /** The script's name, or `npx`. */
  readonly npm_lifecycle_event?: string | undefined;
}

/** A script that is the service and nothing else: ours, and one of a project that has the package. */
function isOurs({ npm_lifecycle_script: script = "", npm_lifecycle_event: event }: NpmEnv): boolean {
  // With a second command, the shell may have other work.
  if (/[&|;]/u.test(script)) return false;
  if (event === "npx" && NPX.test(script)) return true;
  return PROJECTS.test(script) || (script.startsWith("exec node ") && PRELOAD.test(script));
}

const NPX = /^(?:'countersign'|"countersign"|countersign)$/u;
const PROJECTS = /^(?:exec )?(?:'countersign'|countersign) (?:start|gateway|worker|engine|dev)\b/u;
const PRELOAD = /\bsrc\/lib\/preload\.js\b/u;

/**
 * npm runs a script in a shell. Our scripts say `exec node …`, so that npm itself is the parent of the service. With
 * `npx countersign start`, or without `exec`, a shell stays in between. It passes no signal on, and when it dies of one,
 * npm ends without the service. So both are watched.
 *
 * Undefined for a process that something else started: its parent may come and go.
 */
export function npmLauncher(env: NpmEnv = process.env): Launcher | undefined {
  if (!isOurs(env)) return undefined;
  const parent = process.ppid;
  if (isNpm(parent)) return { hasEnded: () => process.ppid !== parent };
  const above = parentOf(parent);
  if (above !== undefined && isNpm(above)) {
    return { hasEnded: () => process.ppid !== parent || parentOf(parent) !== above };
  }
  // If npm died while it started us, another process is our parent now: the first one, or one that takes in orphans. The
  // runner of a script without `exec` may be one that we do not know.
  const isOrphan = parent === 1 || env.npm_lifecycle_script?.startsWith("exec ") === true;
  return isOrphan ? { hasEnded: () => true } : undefined;
}

/** By its name, which is npm's own title (`npm start`), or still that of the Node that runs it. */
export function isNpm(pid: number): boolean {
  try {
    const [name = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return /^(?:p?npm|node(?:js)?|yarn|bun)\b/u.test(basename(name));
  } catch {
    // No /proc here: orphans go to the first process. In a container that can be npm itself, but there is a /proc.
    return pid !== 1;
  }
}

/** Undefined if that process has ended or is the first one, or where there is no /proc. */
function parentOf(pid: number): number | undefined {
  try {
    const parent = /^PPid:\t([1-9]\d*)$/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return parent === undefined ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}
