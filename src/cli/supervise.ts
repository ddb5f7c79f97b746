/** The watching process of `countersign dev`: it runs the service in a child process, and in a new one after each change. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { relative, resolve } from "node:path";
import { npmLauncher } from "../lib/launcher.ts";
import { loadedFiles, REPORTS_LOADED_FILES } from "../lib/loaded-files.ts";
import { WatchedFiles } from "./watched-files.ts";

/** Editors write a file in several steps. */
const SETTLE_MS = 150;
/** A step that is still running after this time runs again after the restart. */
const STOP_MS = 3_000;
/** How often we look whether the npm that started us is still there. */
const NPM_LOOK_MS = 500;

/** Files of the current folder that every start depends on: settings, and the files that an installation writes last. */
const ALWAYS = [".env", "package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"];

/** A dependency that the service reports, beside the modules that Node reports: an absolute path. */
export type Depends = { readonly folder: string } | { readonly file: string };

export interface Supervised {
  /** As the user wrote them. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The folder of workflows at the first start, an absolute path. */
  readonly folder: string;
  /** The folder that the service writes to; its changes are ignored. */
  readonly except: string;
}

/** Runs the service, again after each change, until a signal comes or the npm that started us has ended. */
export async function supervise({ args, env, folder, except }: Supervised): Promise<void> {
  const stopping = new AbortController();
  let isChanged = false;
  let settling: NodeJS.Timeout | undefined;
  let changed = Promise.withResolvers<void>();
  const files = new WatchedFiles({
    except,
    onChange: (path) => {
      clearTimeout(settling);
      settling = setTimeout(() => {
        say(`\n${relative(process.cwd(), path)} has changed: restarting`);
        isChanged = true;
        changed.resolve();
      }, SETTLE_MS);
    },
    onFault: (path, reason) => {
      say(`Cannot watch ${path} (${reason}): after a change there, stop dev and start it again`);
    },
  });
  files.tree(folder);
  for (const name of ALWAYS) files.file(resolve(name));

  const onSignal = () => {
    stopping.abort();
    changed.resolve();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, onSignal);
  const npm = npmLauncher();
  if (npm !== undefined) setInterval(() => npm.hasEnded() && onSignal(), NPM_LOOK_MS).unref();

  for (let starts = 0; !stopping.signal.aborted; starts += 1) {
    changed = Promise.withResolvers();
    isChanged = false;
    const startedAtMs = Date.now();
    const child = startService([...args, ...(starts > 0 ? ["--again"] : [])], env);
    child.on("message", (message: Depends | object) => {
      if ("folder" in message) files.tree(message.folder);
      else if ("file" in message) files.file(message.file, startedAtMs);
      else for (const path of loadedFiles(message)) files.file(path, startedAtMs);
    });
    const ended = once(child, "exit");
    await Promise.race([changed.promise, ended]);
    if (!hasEnded(child)) await stop(child, ended);
    else if (!stopping.signal.aborted && !isChanged) {
      say("The service has stopped: waiting for a change");
      await changed.promise;
    }
  }
  files.close();
  clearTimeout(settling);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function startService(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const [, main = ""] = process.argv;
  return spawn(process.execPath, [...process.execArgv, main, "dev", "--watched", ...args], {
    env: { ...env, ...REPORTS_LOADED_FILES },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill("SIGTERM");
  const limit = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(limit);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
