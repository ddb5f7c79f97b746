/** `countersign`: runs the service, starts workflows and looks at them, on the embedded engine or any Resonate server. */
import { KeyFileError } from "../auth/key-file.ts";
import { createAddressPolicy } from "../callback/address-policy.ts";
import { type Config, loadConfig } from "../config/config.ts";
import { settingsOf } from "../config/env.ts";
import { engineEndpoint, engineTokenIfAny } from "../config/keys.ts";
import { createAdministration } from "../durable/administration.ts";
import type { Durable } from "../durable/durable.ts";
import { createHttpNetwork } from "../durable/http-network.ts";
import { createDurable } from "../durable/resonate.ts";
import { operateEngine } from "../engine/operate/operate.ts";
import { type Audit, type AuditEntry, NO_AUDIT, openAudit } from "../lib/audit.ts";
import { ConfigError } from "../lib/config-error.ts";
import { loadEnvFile } from "../lib/env-file.ts";
import { ERRORS, ServiceError } from "../lib/errors.ts";
import { processId } from "../lib/process-id.ts";
import { TextFileError } from "../lib/text-file.ts";
import { backup } from "./backup.ts";
import { callbacks } from "./callbacks.ts";
import {
  type Cli,
  type Command,
  CommandFailure,
  EXIT,
  type ExitCode,
  type Io,
  UsageError,
} from "./command.ts";
import { dev } from "./dev.ts";
import { doctor } from "./doctor.ts";
import { gc } from "./gc.ts";
import { get } from "./get.ts";
import { init } from "./init.ts";
import { invoke } from "./invoke.ts";
import { keys } from "./keys.ts";
import { rehearse } from "./rehearse.ts";
import { schedule } from "./schedule.ts";
import { SERVE_COMMANDS } from "./serve.ts";
import { task } from "./task.ts";
import { tree } from "./tree.ts";
import { wait } from "./wait.ts";
import { webhooks } from "./webhooks.ts";

const COMMANDS: readonly Command[] = [
  init,
  dev,
  ...SERVE_COMMANDS,
  rehearse,
  invoke,
  get,
  wait,
  tree,
  schedule,
  task,
  callbacks,
  webhooks,
  keys,
  backup,
  gc,
  doctor,
];

const HELP = `Usage: countersign COMMAND …

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`).join("\n")}

\`countersign COMMAND --help\` explains a command. On a terminal the output is text; otherwise, or with --json, it is JSON.

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
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined)
    return complain(io, `There is no command ${name}. See countersign --help`, EXIT.usage);
  if (args.includes("--help") || args.includes("-h")) {
    io.out(command.help);
    return EXIT.ok;
  }
  try {
    return await runCommand(command, args, io);
  } catch (error) {
    return failure(command, error, io);
  }
}

async function runCommand(command: Command, args: readonly string[], io: Io): Promise<ExitCode> {
  let durable: Durable | undefined;
  let config: Config | undefined;
  const cli: Cli = {
    get config() {
      config ??= loadSettings(io);
      return config;
    },
    // Connects only after a command has checked its arguments, so that wrong usage is reported first.
    get durable() {
      durable ??= connect(cli.config);
      return durable;
    },
    get engine() {
      const { dataDir, engine } = cli.config;
      if (engine.kind === "server") {
        throw new CommandFailure(
          EXIT.usage,
          "This command is for the embedded engine, but RESONATE_URL names another server. Use that server's own tools",
        );
      }
      return operateEngine({
        dataDir,
        url: `http://127.0.0.1:${engine.port}`,
        token: engineTokenIfAny(cli.config),
      });
    },
    get administration() {
      return createAdministration(connection(cli.config), {
        isEmbedded: cli.config.engine.kind === "embedded",
      });
    },
    environment: (name) => io.env[name],
    callbackUrlProblem: (url) => createAddressPolicy(cli.config.callbacks).problem(url),
    clock: Date.now,
    record: (entry) => auditOf(cli.config, io).record({ ...entry, who: "operator" } as AuditEntry),
    print: (value, text, { json }) => {
      const isForPeople = json !== true && io.isTerminal;
      io.out(`${isForPeople ? text() : JSON.stringify(value, null, 2)}\n`);
    },
  };
  try {
    return await command.run(args, cli);
  } finally {
    await durable?.stop();
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

function connect(config: Config): Durable {
  return createDurable(connection(config), config.worker);
}

function connection(config: Config): ReturnType<typeof createHttpNetwork> {
  return createHttpNetwork({ ...endpointOf(config), group: "cli", pid: processId() });
}

function endpointOf(config: Config): ReturnType<typeof engineEndpoint> {
  try {
    return engineEndpoint(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandFailure(EXIT.engineUnavailable, `Cannot find the engine: ${error.problems.join("; ")}`);
  }
}

function failure(command: Command, error: unknown, io: Io): ExitCode {
  if (error instanceof UsageError) {
    return complain(io, `${error.message}\nTry countersign ${command.name} --help`, EXIT.usage);
  }
  if (error instanceof CommandFailure) return complain(io, error.message, error.exitCode);
  if (error instanceof ConfigError || error instanceof KeyFileError || error instanceof TextFileError) {
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
