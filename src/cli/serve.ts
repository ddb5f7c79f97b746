/** The commands that run the service, or one process of it, until they are told to stop. */
import { putSetting } from "../config/env.ts";
import { type Command, EXIT, type ExitCode, parseWords, UsageError } from "./command.ts";

/** What the process does is read when it is wanted: the other commands do without, and this one without theirs. */
const PROCESSES = {
  start: {
    summary: "Run everything in one process: gateway, worker and the embedded engine",
    does: "Runs the gateway and the worker. Also runs the embedded engine in DATA_DIR, unless RESONATE_URL names a server.",
    hasWorkflows: true,
    load: () => import("../processes/all.ts"),
  },
  gateway: {
    summary: "Run a gateway: HTTP for programs and people",
    does: "Runs a gateway on HOST and PORT. You can run any number of gateways.",
    hasWorkflows: true,
    load: () => import("../processes/gateway.ts"),
  },
  worker: {
    summary: "Run a worker: it runs workflows and sends mail",
    does: "Runs a worker of the group WORKER_GROUP. You can run any number of workers.",
    hasWorkflows: true,
    load: () => import("../processes/worker.ts"),
  },
  engine: {
    summary: "Run the embedded engine as a process of its own",
    does: "Runs the engine on the files in DATA_DIR and serves it on ENGINE_PORT. Only one process at a time can use a folder.",
    hasWorkflows: false,
    load: () => import("../processes/engine.ts"),
  },
} as const;

const WORKFLOWS_HELP = `
Options:
  --workflows DIR  The folder of your own workflows (default: the setting WORKFLOWS)

`;

interface ServeCommand extends Command {
  readonly name: string;
  readonly summary: string;
  run(args: readonly string[]): Promise<ExitCode>;
}

export const SERVE_COMMANDS: readonly ServeCommand[] = Object.entries(PROCESSES).map(
  ([name, { summary, does, hasWorkflows, load }]) => ({
    name,
    summary,
    help: `Usage: countersign ${name}${hasWorkflows ? " [--workflows DIR]" : ""}

${does}
${hasWorkflows ? WORKFLOWS_HELP : ""}Settings come from the environment and from a file .env in this folder. SIGTERM, SIGINT and SIGHUP shut it
down; a second signal ends it at once.

Exits 0 after a clean shutdown, 1 when it could not start or shut down cleanly.
`,
    async run(args) {
      const { values, positionals } = hasWorkflows
        ? parseWords(args, { workflows: { type: "string" } })
        : { ...parseWords(args, {}), values: { workflows: undefined } };
      if (positionals.length > 0) throw new UsageError(`What is ${positionals.join(" ")}?`);
      if (values.workflows?.trim() === "") throw new UsageError("--workflows must name a folder");
      if (values.workflows !== undefined) putSetting("WORKFLOWS", values.workflows);
      await import("../lib/preload.js");
      // It ends the process by itself, when it is told to stop.
      await load();
      return EXIT.ok;
    },
  }),
);

/**
 * Runs one of them without a look at the other commands, whose modules take a third of the time of a start. Undefined:
 * nothing was started, and `run` of main.ts has to say why, or to help.
 */
export async function serve([name, ...args]: readonly string[]): Promise<ExitCode | undefined> {
  const command = SERVE_COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined || args.includes("--help") || args.includes("-h")) return undefined;
  try {
    return await command.run(args);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
