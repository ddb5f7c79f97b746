/** The whole service as `countersign dev` runs it: mails in the mailbox, and output for people. */
import { loadConfig } from "../config/config.ts";
import { processEnv } from "../config/env.ts";
import { createLogger } from "../lib/log.ts";
import { startOwned } from "../lib/owner.ts";
import { runService } from "../lib/service.ts";
import { loadWorkflows } from "../workflows/folder.ts";
import { sampleArgument } from "../workflows/sample-argument.ts";
import { composeAll } from "./compose-all.ts";
import type { Onlooker } from "./compose-worker.ts";
import { devWelcome, logText, Ways } from "./dev-text.ts";
import { openEmbeddedEngine } from "./embedded-engine.ts";

export interface DevOptions {
  /** The workflows', an absolute path. */
  readonly folder: string;
  /** The service was started before, and where to click was printed then. */
  readonly isAgain: boolean;
}

/** Ctrl-C reaches us and the process that watches, which passes it on: twice would be at once. */
const RULES = { signals: ["SIGTERM"] } as const;

export async function runDev({ folder, isAgain }: DevOptions): Promise<void> {
  await runService(async () => {
    const settings = { ...processEnv(), WORKFLOWS: folder, SMTP_URL: undefined, MAIL_FROM: undefined };
    const config = loadConfig(settings, "all");
    const log = createLogger({
      level: config.logLevel,
      part: "countersign",
      destination: { write: (line) => say(logText(line)) },
    });
    let ways: Ways | undefined;
    const onlooker: Onlooker = {
      mail: (mail) => say(ways?.mail(mail)),
      event: (event, request) => say(ways?.event(event, request)),
    };

    const { value, release } = await startOwned(async (owner) => {
      const engine = await openEmbeddedEngine(config, log, owner);
      return composeAll({ config, settings, log, engine, onlooker }, owner);
    });
    const { gateway, ready } = value;

    const { publicUrl } = gateway;
    ways = new Ways(`${publicUrl}/mailbox`);
    const workflows = await loadWorkflows(folder);
    const [first] = workflows;
    const names = workflows.map(({ name }) => name);
    if (isAgain) say(`Ready again with ${names.join(", ")}`);
    else {
      const sample = first && (await sampleArgument(first));
      process.stdout.write(devWelcome({ url: publicUrl, workflows: names, sample }));
    }
    const stop = async () => {
      gateway.drain();
      await release();
    };
    return { log, ready, stop };
  }, RULES);
}

/** A line with the time of day; nothing for undefined. */
function say(text: string | undefined): void {
  if (text === undefined) return;
  process.stdout.write(`${new Date().toTimeString().slice(0, 8)}  ${text}\n`);
}
