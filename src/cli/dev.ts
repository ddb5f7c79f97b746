import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync, watch } from "node:fs";
import { relative, resolve } from "node:path";
import { type Command, CommandFailure, EXIT, parseWords, UsageError } from "./command.ts";

/** Editors write a file in several goes. */
const SETTLE_MS = 150;
/** Whatever a workflow is in the middle of then runs again after the restart. */
const STOP_MS = 3_000;

export const dev: Command = {
  name: "dev",
  summary: "Run everything while you write workflows, and restart when one changes",
  help: `Usage: countersign dev [--workflows DIR]

Runs the service like \`countersign start\` while you work on your own workflows. Mails go to the mailbox, even if SMTP_URL
is set. The output is for people. A change in the folder restarts the service, and running workflows continue.

Options:
  --workflows DIR  The folder of workflows (default: the setting WORKFLOWS, else ./workflows)

Settings come from the environment and from a file .env in this folder. Ctrl-C stops it.

Exits 0 when you stop it, 2 when it cannot start.
`,
  async run(args, cli) {
    const { values, positionals } = parseWords(args, {
      workflows: { type: "string" },
      // Both are set by the process that watches, for the one that it starts.
      watched: { type: "boolean" },
      again: { type: "boolean" },
    });
    if (positionals.length > 0) throw new UsageError(`What is ${positionals.join(" ")}?`);
    const { production, workflows } = cli.config;
    if (production) {
      throw new CommandFailure(
        EXIT.usage,
        "dev is for development: with NODE_ENV=production, use countersign start",
      );
    }
    const folder = resolve(values.workflows ?? workflows.folder ?? "workflows");
    if (values.watched === true) {
      // Whoever watches may die without a word.
      process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
      await import("../lib/preload.js");
      const { runDev } = await import("../processes/dev.ts");
      await runDev({ folder, isAgain: values.again === true });
      return EXIT.ok;
    }
    if (!existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new CommandFailure(
        EXIT.usage,
        `There is no folder ${folder}: name one with --workflows DIR, or create a project with countersign init`,
      );
    }
    await supervise(folder);
    return EXIT.ok;
  },
};

/** Runs the service in a process of its own, another after each change, until a signal comes. */
async function supervise(folder: string): Promise<void> {
  const stopping = new AbortController();
  let isChanged = false;
  let settling: NodeJS.Timeout | undefined;
  let changed = Promise.withResolvers<void>();
  const say = (text: string) => process.stdout.write(`${text}\n`);

  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (name === null || /(?:^|[\\/])(?:\.|node_modules(?:[\\/]|$))|~$/u.test(name)) return;
    clearTimeout(settling);
    settling = setTimeout(() => {
      say(`\n${relative(process.cwd(), resolve(folder, name))} has changed: restarting`);
      isChanged = true;
      changed.resolve();
    }, SETTLE_MS);
  });
  const onSignal = () => {
    stopping.abort();
    changed.resolve();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, onSignal);

  for (let starts = 0; !stopping.signal.aborted; starts += 1) {
    changed = Promise.withResolvers();
    isChanged = false;
    const child = startService(folder, starts > 0 ? ["--again"] : []);
    const ended = once(child, "exit");
    await Promise.race([changed.promise, ended]);
    if (!hasEnded(child)) await stop(child, ended);
    else if (!stopping.signal.aborted && !isChanged) {
      say("The service has stopped: waiting for a change");
      await changed.promise;
    }
  }
  watcher.close();
  clearTimeout(settling);
}

function startService(folder: string, options: readonly string[]): ChildProcess {
  const [, main = ""] = process.argv;
  const words = [main, "dev", "--watched", "--workflows", folder, ...options];
  return spawn(process.execPath, [...process.execArgv, ...words], {
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
