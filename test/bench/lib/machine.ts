/** Where the figures come from. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statfsSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";

/** The machine, the versions and the moment, one fact a line. */
export function describeMachine(dir: string): string[] {
  return [
    `date      ${new Date().toISOString()}, revision ${revision()}`,
    `machine   ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release()}`,
    `disk      ${fileSystem(dir)}`,
    `versions  Node ${process.versions.node}, SQLite ${process.versions["sqlite"]}, Express ${version("express")}, nodemailer ${version("nodemailer")}, SDK ${version("@resonatehq/sdk")}`,
    `load      ${loadavg()
      .map((load) => load.toFixed(2))
      .join(" ")} before the first run (0 is quiet)`,
  ];
}

function version(name: string): string {
  const file = join(import.meta.dirname, "../../../node_modules", name, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function revision(): string {
  try {
    const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8" }).trim();
    return git("describe", "--always", "--dirty");
  } catch {
    return "unknown";
  }
}

/** In memory, commits cost nothing and figures mean nothing. */
function fileSystem(dir: string): string {
  const kind = statfsSync(dir).type;
  const names: Record<number, string> = {
    0x01021994: "tmpfs: NOT A DISK, commits cost nothing here; use --dir",
    0xef53: "ext4",
    0x58465342: "xfs",
    0x9123683e: "btrfs",
    0x794c7630: "overlayfs",
  };
  return names[kind] ?? `file system 0x${kind.toString(16)}`;
}

/** Milliseconds of processor time that the whole machine has spent working since it was started; NaN if unknown. */
export function machineBusyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

/** Processor time that a process has used, of all its threads, in milliseconds. Linux only: NaN elsewhere. */
export function cpuMsOf(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const nanoseconds = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ", 1)[0]),
    );
    return nanoseconds.reduce((sum, ns) => sum + ns, 0) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** Resident memory of a process in bytes, now and at most. Linux only: NaN elsewhere. */
export function memoryOf(pid: number): { rssBytes: number; rssMaxBytes: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    return { rssBytes: kilobytes("VmRSS") * 1024, rssMaxBytes: kilobytes("VmHWM") * 1024 };
  } catch {
    return { rssBytes: Number.NaN, rssMaxBytes: Number.NaN };
  }
}
