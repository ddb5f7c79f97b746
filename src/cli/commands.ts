/** The commands of the command line, in the order in which its help lists them. */
import type { Command } from "./command.ts";
import { SERVE_COMMANDS } from "./serve.ts";

export interface ListedCommand {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Reads the command's modules: together they are most of what there is, and each needs a few. */
  load(): Promise<Command>;
}

export const COMMANDS: readonly ListedCommand[] = [
  {
    name: "init",
    summary: "Write a small project with a workflow of your own",
    load: async () => (await import("./init.ts")).init,
  },
  {
    name: "dev",
    summary: "Run everything while you write workflows, and restart when one changes",
    load: async () => (await import("./dev.ts")).dev,
  },
  ...SERVE_COMMANDS.map((command) => ({ ...command, load: async () => command })),
  {
    name: "rehearse",
    summary: "Play a whole approval in virtual time, with people that you script",
    load: async () => (await import("./rehearse.ts")).rehearse,
  },
  {
    name: "invoke",
    summary: "Start a workflow",
    load: async () => (await import("./invoke.ts")).invoke,
  },
  {
    name: "get",
    summary: "Show one promise: a workflow, a step, a ballot",
    load: async () => (await import("./get.ts")).get,
  },
  {
    name: "wait",
    summary: "Wait until a promise is settled, then show it",
    load: async () => (await import("./wait.ts")).wait,
  },
  {
    name: "tree",
    summary: "Show a workflow and everything below it",
    load: async () => (await import("./tree.ts")).tree,
  },
  {
    name: "approvals",
    summary: "List and export approvals, see one, and act on it: remind, reassign, cancel, extend",
    load: async () => (await import("./approvals.ts")).approvals,
  },
  {
    name: "verify",
    summary: "Check a bundle, a signed receipt or a grant, without the service",
    load: async () => (await import("./verify.ts")).verify,
  },
  {
    name: "schedule",
    summary: "Start a workflow repeatedly, by a cron expression",
    load: async () => (await import("./schedule.ts")).schedule,
  },
  {
    name: "task",
    summary: "Halt a workflow, continue it, or list halted ones",
    load: async () => (await import("./task.ts")).task,
  },
  {
    name: "absences",
    summary: "Have others asked in place of people who are away",
    load: async () => (await import("./absences.ts")).absences,
  },
  {
    name: "callbacks",
    summary: "Look after outgoing callbacks: list, get, replay",
    load: async () => (await import("./callbacks.ts")).callbacks,
  },
  {
    name: "webhooks",
    summary: "Look after incoming webhooks: test, log",
    load: async () => (await import("./webhooks.ts")).webhooks,
  },
  {
    name: "keys",
    summary: "Create, list, rotate and revoke API keys",
    load: async () => (await import("./keys.ts")).keys,
  },
  {
    name: "backup",
    summary: "Copy the embedded engine's file while it runs",
    load: async () => (await import("./backup.ts")).backup,
  },
  {
    name: "index",
    summary: "Make the index of approvals again",
    load: async () => (await import("./index-command.ts")).index,
  },
  {
    name: "gc",
    summary: "Delete what ended long ago from the embedded engine's file",
    load: async () => (await import("./gc.ts")).gc,
  },
  {
    name: "erase",
    summary: "Delete the data of a person, or of an approval, that has ended",
    load: async () => (await import("./erase.ts")).erase,
  },
  {
    name: "audit",
    summary: "Check the log of events",
    load: async () => (await import("./audit.ts")).audit,
  },
  {
    name: "doctor",
    summary: "Examine the embedded engine's file",
    load: async () => (await import("./doctor.ts")).doctor,
  },
];
