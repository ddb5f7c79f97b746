import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./service-process.ts";

/** A real filesystem of a few MB, in a mount namespace of its own: nothing of it is left when its holder is gone. */
export interface SmallDisk extends AsyncDisposable {
  /** Where processes within see it. */
  readonly folder: string;
  /** Where this process sees it. */
  readonly seen: string;
  /** Words to put before a command, so that it runs within. */
  readonly within: readonly string[];
  /** Makes it read-only or writable; it is refused while anything on it is open for writing. */
  remount(as: "ro" | "rw"): Promise<void>;
}

/** Answers a sentence with the reason where none can be had: it takes Linux, and the right to mount, as root or not. */
export async function smallDisk(megabytes: number): Promise<SmallDisk | string> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-disk-"));
  const script = `mount -t tmpfs -o size=${megabytes}m,mode=700 tmpfs ${folder} && echo mounted && exec sleep 600`;
  const holder = spawn("unshare", ["--map-root-user", "--mount", "sh", "-c", script], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  holder.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  holder.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise((resolve) => holder.on("close", resolve).on("error", resolve));
  await Promise.race([once(holder.stdout, "data"), ended]);
  if (!said.startsWith("mounted")) {
    holder.kill("SIGKILL");
    await rm(folder, { recursive: true });
    return `no small filesystem can be mounted here: ${said.trim() || "unshare cannot be run"}`;
  }
  const pid = String(holder.pid);
  const nsenter = ["--target", pid, "--user", "--mount", "--preserve-credentials", "--wd", "--"];
  return {
    folder,
    seen: `/proc/${pid}/root${folder}`,
    within: ["nsenter", ...nsenter],
    async remount(as) {
      await promisify(execFile)("nsenter", [...nsenter, "mount", "-o", `remount,${as}`, folder]);
    },
    async [Symbol.asyncDispose]() {
      holder.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
