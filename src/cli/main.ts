/** `countersign`: runs the service, starts workflows and looks at them, on the embedded engine or any Resonate server. */
import { COMMAND_LINE } from "../approval/doer.ts";
import { createAddressPolicy } from "../callback/address-policy.ts";
import { type Config, loadConfig } from "../config/config.ts";
import { settingsOf } from "../config/env.ts";
import { engineTokenIfAny } from "../config/keys.ts";
import type { Durable } from "../durable/durable.ts";
import type { PostgresIndex } from "../ledger/postgres/open.ts";
import type { IndexOperator } from "../ledger/postgres/operate.ts";
import { type Audit, type AuditEntry, NO_AUDIT, openAudit } from "../lib/audit.ts";
import { ConfigError } from "../lib/config-error.ts";
import { loadEnvFile } from "../lib/env-file.ts";
import { ERRORS, ServiceError } from "../lib/errors.ts";
import { packageVersion } from "../lib/package-root.ts";
import { TextFileError } from "../lib/text-file.ts";
import { type Cli, CommandFailure, EXIT, type ExitCode, type Io, UsageError } from "./command.ts";
import { COMMANDS, type ListedCommand } from "./commands.ts";

const HELP = `Usage: countersign COMMAND …

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`).join("\n")}

\`countersign COMMAND --help\` explains a command, and \`countersign --version\` prints the version. On a terminal the output is
text; otherwise, or with --json, it is JSON.

\`keys\` changes a file. Commands that look at workflows ask the engine of the same settings: the embedded engine on
ENGINE_PORT with the token in DATA_DIR, or the Resonate server of RESONATE_URL and RESONATE_TOKEN. Settings come from the
environment and from a file .env in this folder.

Exit codes: 0 success · 1 rejected, canceled or timed out · 2 wrong usage · 3 not found · 4 engine unreachable ·
5 still pending · 6 the id belongs to another call · 70 an internal error
`;

/** Runs one command line, as the shell would, and returns the exit code. Does not change or end the process. */
export async function run([name, ...args]: readonly string[], io: Io): Promise<ExitCode> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    io.out(HELP);
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (name === "--version") {
    io.out(`${packageVersion()}\n`);
    return EXIT.ok;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined)
    return complain(io, `There is no command ${name}. See countersign --help`, EXIT.usage);
  if (args.includes("--help") || args.includes("-h")) {
    io.out((await command.load()).help);
    return EXIT.ok;
  }
  try {
    return await runCommand(command, args, io);
  } catch (error) {
    return failure(command, error, io);
  }
}

async function runCommand(listed: ListedCommand, args: readonly string[], io: Io): Promise<ExitCode> {
  let durable: Promise<Durable> | undefined;
  let config: Config | undefined;
  let index: Promise<PostgresIndex | undefined> | undefined;
  let operator: Promise<IndexOperator | undefined> | undefined;
  const indexOf = () =>
    (index ??= import("./index-client.ts").then((client) => client.indexOf(cli.config, io.err)));
  const cli: Cli = {
    get config() {
      config ??= loadSettings(io);
      return config;
    },
    durable: () =>
      (durable ??= import("./engine-client.ts").then(async ({ connect }) =>
        connect(cli.config, cli.config.indexUrl && (await indexOf())),
      )),
    administration: async () => (await import("./engine-client.ts")).administer(cli.config),
    ledger: async () =>
      (cli.config.indexUrl && (await indexOf())?.ledger) ??
      (await import("./engine-client.ts")).ledgerOf(cli.config),
    eventLog: async () => (await import("./engine-client.ts")).eventLogOf(cli.config),
    index: async () =>
      cli.config.indexUrl &&
      (await (operator ??= import("./index-client.ts").then((client) => client.operatorOf(cli.config)))),
    engine: async () => {
      const { dataDir, engine } = cli.config;
      if (engine.kind === "server") {
        throw new CommandFailure(
          EXIT.usage,
          "This command is for the embedded engine, but RESONATE_URL names another server. Use that server's own tools",
        );
      }
      const { operateEngine } = await import("../engine/operate/operate.ts");
      const url = `http://127.0.0.1:${engine.port}`;
      const { ledgerProjection } = await import("../ledger/projection.ts");
      const { evidenceTrail } = await import("../evidence/trail.ts");
      const projection = engine.isIndexed ? ledgerProjection() : undefined;
      const trail = engine.isLogged ? evidenceTrail() : undefined;
      return operateEngine({ dataDir, url, token: engineTokenIfAny(cli.config), projection, trail });
    },
    environment: (name) => io.env[name],
    callbackUrlProblem: (url) => createAddressPolicy(cli.config.callbacks).problem(url),
    clock: Date.now,
    record: (entry) => auditOf(cli.config, io).record({ ...entry, who: COMMAND_LINE } as AuditEntry),
    write: (text) => io.out(text),
    print: (value, text, { json }) => {
      const isForPeople = json !== true && io.isTerminal;
      io.out(`${isForPeople ? text() : JSON.stringify(value, null, 2)}\n`);
    },
  };
  try {
    const command = await listed.load();
    return await command.run(args, cli);
  } finally {
    await (await durable?.catch(() => undefined))?.stop();
    await (await index?.catch(() => undefined))?.stop();
    await (await operator?.catch(() => undefined))?.close();
  }
}

/** The same settings as those of `npm start`. */
function loadSettings({ env }: Io): Config {
  loadEnvFile(undefined, env);
  return loadConfig(settingsOf(env), "cli");
}

function auditOf({ auditDir }: Config, io: Io): Audit {
  if (auditDir === undefined) return NO_AUDIT;
  const onFault = (error: unknown) =>
    io.err(`The audit record cannot be written: ${error instanceof Error ? error.message : String(error)}\n`);
  return openAudit({ folder: auditDir, clock: Date.now, onFault });
}

function failure(command: ListedCommand, error: unknown, io: Io): ExitCode {
  if (error instanceof UsageError) {
    return complain(io, `${error.message}\nTry countersign ${command.name} --help`, EXIT.usage);
  }
  if (error instanceof CommandFailure) return complain(io, error.message, error.exitCode);
  // By its name, too: its module reads much that other commands do without.
  const isSettings = error instanceof ConfigError || error instanceof TextFileError;
  if (isSettings || (error instanceof Error && error.name === "KeyFileError")) {
    return complain(io, error.message, EXIT.usage);
  }
  if (error instanceof ServiceError) {
    const { status } = ERRORS[error.code];
    return complain(io, error.message, status < 500 ? EXIT.usage : EXIT.engineUnavailable);
  }
  return complain(io, error instanceof Error ? (error.stack ?? error.message) : String(error), EXIT.internal);
}

function complain(io: Io, message: string, exitCode: ExitCode): ExitCode {
  io.err(`countersign: ${message}\n`);
  return exitCode;
}
