/** How the process was started, where its end hangs on that. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** The npm that runs one of our scripts. */
export interface Launcher {
  hasEnded(): boolean;
}

/** A script that becomes the service: ours, and one of a project that has the package. */
function isOurs(script: string): boolean {
  // With a second command, the shell would stay.
  if (/[&|;]/u.test(script)) return false;
  return PROJECTS.test(script) || (script.startsWith("exec node ") && PRELOAD.test(script));
}

const PROJECTS = /^exec countersign (?:start|gateway|worker|engine|dev)\b/u;
const PRELOAD = /\bsrc\/lib\/preload\.js\b/u;

/**
 * Our scripts say `exec node …`, so that npm is the parent of the service and not of a shell in between. Undefined for a
 * process that something else started: its parent may come and go.
 */
export function npmLauncher(script = process.env["npm_lifecycle_script"] ?? ""): Launcher | undefined {
  if (!isOurs(script)) return undefined;
  const pid = process.ppid;
  // If npm died while it started us, another process is our parent now.
  const isThere = isNpm(pid);
  return { hasEnded: () => !isThere || process.ppid !== pid };
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
