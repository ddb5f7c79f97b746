/** The service as `npm` runs it: it ends with its npm, in order, however that is told to end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { ROOT } from "../support/service-process.ts";

const npms = new Set<Npm>();
afterEach(async () => {
  for (const npm of npms) await npm.forget();
  npms.clear();
});

describe("npm start", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"] as const)(
    "ends the service in order when npm alone gets %s",
    async (signal) => {
      const npm = await Npm.run(["start"]);
      // Longer than from one look at the parent to the next.
      if (signal === "SIGKILL") await pause(1_200);
      expect(npm.said).not.toContain("stopping");
      npm.kill(signal);
      expect(await npm.isSilent()).toContain('"msg":"stopped"');
    },
  );

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "ends the service in order when npm and all of its processes get %s, as from a terminal",
    async (signal) => {
      const npm = await Npm.run(["start"]);
      npm.killGroup(signal);
      expect(await npm.isSilent()).toContain('"msg":"stopped"');
    },
  );

  // It may come before npm listens to signals, between that and the service's own listening, or after: once is not enough.
  test.each([0, 40, 80, 120, 160, 240, 320])("is ended by a signal %i ms after it has begun", async (ms) => {
    const npm = await Npm.run(["start"], { untilReady: false });
    await eventually("the service has been started", () => npm.said.includes("preload.js"));
    await pause(ms);
    npm.kill("SIGTERM");
    await npm.isSilent();
  });
});

describe("npm run", () => {
  test.each(["engine", "gateway", "worker"])("-s %s ends with its npm, also by SIGKILL", async (part) => {
    const [first, second] = await Promise.all([Npm.run(["run", "-s", part]), Npm.run(["run", part])]);
    first.kill("SIGTERM");
    second.kill("SIGKILL");
    expect(await first.isSilent()).toContain('"msg":"stopped"');
    expect(await second.isSilent()).toContain('"msg":"stopped"');
  });
});

describe("npx countersign start, and a script without exec", () => {
  // npm starts a shell for them, which passes no signal on.
  test("end with their npm, in order, whether npm gets a signal or dies", async () => {
    const project = await mkdtemp(join(tmpdir(), "countersign-project-"));
    onTestFinished(() => rm(project, { recursive: true }));
    await mkdir(join(project, "node_modules/.bin"), { recursive: true });
    await symlink(join(ROOT, "bin/countersign.js"), join(project, "node_modules/.bin/countersign"));
    await writeFile(join(project, "package.json"), '{"scripts":{"start":"countersign start"}}');
    const [npx, script] = await Promise.all([
      Npm.run(["exec", "countersign", "start"], { cwd: project }),
      Npm.run(["start"], { cwd: project }),
    ]);
    npx.kill("SIGTERM");
    script.kill("SIGKILL");
    expect(await npx.isSilent()).toContain('"msg":"stopped"');
    expect(await script.isSilent()).toContain('"msg":"stopped"');
  });
});

/** An npm of its own process group, on a new folder and free ports. */
class Npm {
  readonly #child: ChildProcess;
  said = "";
  readonly #closed: Promise<unknown>;
  readonly #folder: string;

  private constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    folder: string,
    cwd: string,
  ) {
    this.#folder = folder;
    this.#child = spawn("npm", args, {
      cwd,
      env: { PATH: process.env["PATH"] ?? "", HOME: folder, DATA_DIR: folder, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.said += text;
      });
    }
    // Not before everybody who inherited npm's output has ended.
    this.#closed = once(this.#child, "close");
    npms.add(this);
  }

  /** @param options.cwd the project; default: the checkout */
  static async run(
    args: readonly string[],
    options: { readonly untilReady?: boolean; readonly cwd?: string } = {},
  ): Promise<Npm> {
    const folder = await mkdtemp(join(tmpdir(), "countersign-npm-"));
    const names = ["PORT", "ENGINE_PORT", "MAILBOX_PORT"];
    const ports = await Promise.all(names.map(async (name) => [name, String(await freePort())] as const));
    const npm = new Npm(args, Object.fromEntries(ports), folder, options.cwd ?? ROOT);
    if (options.untilReady !== false) {
      await eventually(`${args.join(" ")} is ready`, () => npm.said.includes('"msg":"ready"'));
    }
    return npm;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  killGroup(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
  }

  /** Waits until npm and the service have both ended; answers all they said. */
  async isSilent(): Promise<string> {
    let isOver = false;
    void this.#closed.then(() => {
      isOver = true;
    });
    await eventually("npm and the service have ended", () => isOver).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.said}`, { cause: error });
    });
    return this.said;
  }

  async forget(): Promise<void> {
    try {
      this.killGroup("SIGKILL");
    } catch {
      // All of them have ended.
    }
    await this.#closed;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
