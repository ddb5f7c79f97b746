/** The side of a bench process that is being run: says when it is ready, does what it is told, reports its costs. */

/** What a process has used since it began. */
export interface Usage {
  /** User and system time of all its threads, in milliseconds. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** The most it ever had resident. */
  readonly rssMaxBytes: number;
}

export interface Running {
  /** What the parent needs to know, addresses above all. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly commands?: Readonly<Record<string, (argument: never) => unknown>>;
  stop(): Promise<void>;
}

export interface Call {
  readonly n: number;
  readonly command: string;
  readonly argument: unknown;
}

export type Told =
  | { readonly kind: "ready"; readonly ready: Running["ready"] }
  | { readonly kind: "answer"; readonly n: number; readonly value: unknown }
  | { readonly kind: "failed"; readonly n: number; readonly message: string };

/** Runs `start` with the options that the parent gave, then serves its calls until it says stop, or is gone. */
export async function runChild(start: (options: never) => Promise<Running>): Promise<void> {
  const running = await start(JSON.parse(process.argv[2] ?? "null") as never);
  const tell = (told: Told) => process.send?.(told);
  const commands: Record<string, (argument: never) => unknown> = {
    ...running.commands,
    usage,
    stop: async () => {
      await running.stop();
      // After the answer has left; what still keeps the loop alive is of no use any more.
      setImmediate(() => process.exit(0));
    },
  };
  process.on("message", ({ n, command, argument }: Call) => {
    const called = commands[command];
    Promise.resolve()
      .then(() => {
        if (called === undefined) throw new Error(`There is no command ${command}`);
        return called(argument as never);
      })
      .then(
        (value) => tell({ kind: "answer", n, value }),
        (error: unknown) => tell({ kind: "failed", n, message: String((error as Error).stack ?? error) }),
      );
  });
  process.on("disconnect", () => process.exit(1));
  tell({ kind: "ready", ready: running.ready });
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return {
    cpuMs: (user + system) / 1000,
    rssBytes: process.memoryUsage.rss(),
    rssMaxBytes: process.resourceUsage().maxRSS * 1024,
  };
}
