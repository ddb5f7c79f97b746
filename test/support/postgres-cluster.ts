/** A private PostgreSQL on a free port, made by the programs of Debian's package `postgresql`. */
import { execFile } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./ports.ts";

const run = promisify(execFile);

export interface RunningCluster {
  url(database: string): string;
  /** Of its first process, whose children are the others. */
  pid(): number;
  start(): Promise<void>;
  stop(mode?: "fast" | "immediate"): Promise<void>;
  /** Stops it and deletes its files. */
  remove(): Promise<void>;
}

/** What tests do with it need not outlive the machine. */
const SETTINGS = ["fsync=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=16MB"];

export async function startCluster(
  settings: readonly string[] = SETTINGS,
  parent = tmpdir(),
): Promise<RunningCluster> {
  const bin = binaries();
  const owner = await ownerOf();
  const folder = mkdtempSync(join(parent, "postgres-"));
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const as = async (program: string, ...args: string[]) => {
    const command = [join(bin, program), ...args];
    // PostgreSQL refuses to run as root.
    if (owner !== undefined) {
      command.unshift("setpriv", `--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups", "--");
    }
    const [file = "", ...words] = command;
    await run(file, words, { cwd: folder });
  };
  const data = join(folder, "data");
  await as("initdb", "-D", data, "-U", "test", "-A", "trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8");
  const port = await freePort();
  const options = [
    `port=${port}`,
    "listen_addresses=127.0.0.1",
    `unix_socket_directories=${folder}`,
    ...settings,
  ];
  const cluster: RunningCluster = {
    url: (database) => `postgres://test@127.0.0.1:${port}/${database}`,
    pid: () => Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n", 1)[0]),
    start: () =>
      as("pg_ctl", "start", "-w", "-s", "-D", data, "-l", join(folder, "log"), "-o", settingsOf(options)),
    stop: (mode = "fast") => as("pg_ctl", "stop", "-w", "-s", "-D", data, "-m", mode),
    async remove() {
      await cluster.stop("immediate").catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await cluster.start();
  return cluster;
}

function settingsOf(options: readonly string[]): string {
  return options.map((option) => `-c ${option}`).join(" ");
}

/** Debian keeps the programs of each version out of the way. */
function binaries(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).filter((name) => /^\d+$/u.test(name)) : [];
  const newest = Math.max(...versions.map(Number));
  if (versions.length === 0) {
    throw new Error("These tests need PostgreSQL: install Debian's package postgresql (see README.md)");
  }
  return join(root, String(newest), "bin");
}

/** Undefined: this user, who is not root. */
async function ownerOf(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (option: string) => Number((await run("id", [option, "postgres"])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}
