import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { environmentNow } from "../config/env.ts";
import { type Cli, type Command, CommandFailure, EXIT, parseWords, UsageError } from "./command.ts";
import { type Depends, supervise } from "./supervise.ts";

export const dev: Command = {
  help: `Usage: countersign dev [--workflows DIR]

Runs the service like \`countersign start\` while you work on your own workflows. Mails go to the mailbox, even if SMTP_URL
is set. The output is for people. The service restarts when a file changes: in the folder of workflows, one that they import,
.env, or package.json and its lock file. Running workflows continue.

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
    if (values.workflows?.trim() === "") throw new UsageError("--workflows must name a folder");
    if (values.watched === true) {
      await runWatched(cli, values.workflows, values.again === true);
      return EXIT.ok;
    }
    // Without what .env adds to it: that is read again at each start.
    const env = environmentNow();
    const folder = workflowsOf(cli, values.workflows);
    if (cli.config.production) {
      throw new CommandFailure(
        EXIT.usage,
        "dev is for development: with NODE_ENV=production, use countersign start",
      );
    }
    if (!existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new CommandFailure(
        EXIT.usage,
        `There is no folder ${folder}: name one with --workflows DIR, or create a project with countersign init`,
      );
    }
    await supervise({ args, env, folder, except: cli.config.dataDir });
    return EXIT.ok;
  },
};

/** The service itself, in the child process: it tells its parent what it depends on. */
async function runWatched(cli: Cli, workflows: string | undefined, isAgain: boolean): Promise<void> {
  // The watching process may die without a signal.
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  // These reach the watching process too, which passes them on.
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
  const tell = (what: Depends) => process.send?.(what);
  const { webhooksFile, aliasesFile, callbacks } = cli.config;
  const folder = workflowsOf(cli, workflows);
  tell({ folder });
  for (const file of [webhooksFile, aliasesFile, callbacks.endpointsFile])
    if (file !== undefined) tell({ file: resolve(file) });
  await import("../lib/preload.js");
  const { runDev } = await import("../processes/dev.ts");
  await runDev({ folder, isAgain });
}

function workflowsOf(cli: Cli, given: string | undefined): string {
  return resolve(given ?? cli.config.workflows.folder ?? "workflows");
}
