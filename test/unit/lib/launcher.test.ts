import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { isNpm, npmLauncher } from "../../../src/lib/launcher.ts";
import { eventually } from "../../support/eventually.ts";

const LAUNCHER = new URL("../../../src/lib/launcher.ts", import.meta.url).href;

const { scripts } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

describe("npmLauncher()", () => {
  test.each(["start", "engine", "gateway", "worker"])("finds the npm that runs the script %s", (name) => {
    expect(npmLauncher({ npm_lifecycle_script: scripts[name] })).toBeDefined();
  });

  test.each([
    "exec countersign start",
    "exec countersign worker --workflows ./workflows",
    "countersign start",
  ])("finds the npm that runs %j in a project with the package", (script) => {
    expect(npmLauncher({ npm_lifecycle_script: script })).toBeDefined();
  });

  test.each(["countersign", "'countersign'", '"countersign"'])("finds the npx that runs %s", (script) => {
    expect(npmLauncher({ npm_lifecycle_event: "npx", npm_lifecycle_script: script })).toBeDefined();
    expect(npmLauncher({ npm_lifecycle_event: "start", npm_lifecycle_script: script })).toBeUndefined();
  });

  test.each([
    "",
    "exec countersign get po-1",
    "vitest run",
    "countersign start & node other.js",
    "countersign start; node other.js",
    "nohup countersign start",
    "node --import ./src/lib/preload.js src/processes/all.ts",
    "node --import ./src/lib/preload.js src/processes/all.ts & node other.js",
    "pm2 start src/processes/all.ts",
  ])("finds none for the script %j: the service may outlive it", (script) => {
    expect(npmLauncher({ npm_lifecycle_script: script })).toBeUndefined();
  });
});

describe("a service", () => {
  const DIRECT = "exec countersign start";
  const SHELL = "countersign start";

  test("that npm started itself goes on until that npm has ended", async () => {
    const tree = await Tree.grow(["npm start", "node"], DIRECT);
    expect(await tree.hasEnded()).toBe("false");
    tree.kill("npm start");
    await eventually("it notices", async () => (await tree.hasEnded()) === "true");
  });

  test.each(["npm start", "sh -c"])(
    "below the shell of an npm goes on until %s has ended",
    async (victim) => {
      const tree = await Tree.grow(["npm start", "sh -c", "node"], SHELL);
      expect(await tree.hasEnded()).toBe("false");
      tree.kill(victim);
      await eventually("it notices", async () => (await tree.hasEnded()) === "true");
    },
  );

  test("whose npm died during the start ends at once, and one of a runner that we do not know goes on", async () => {
    const orphan = await Tree.grow(["other", "sh -c", "node"], DIRECT);
    expect(await orphan.hasEnded()).toBe("true");
    const stranger = await Tree.grow(["other", "sh -c", "node"], SHELL);
    expect(await stranger.hasEnded()).toBe("nobody to watch");
    // The first process of all takes it in, which is nobody's child.
    const late = await Tree.grow(["npm start", "late"], DIRECT);
    late.kill("npm start");
    expect(await late.hasEnded()).toBe("true");
  });
});

describe("isNpm()", () => {
  test.each(["npm start", "npm run engine", "/usr/bin/node", "nodejs", "pnpm"])(
    "is true of %j",
    async (title) => {
      expect(await named(title)).toBe(true);
    },
  );

  test.each(["/sbin/init", "systemd", "/usr/bin/tini", "docker-init", "sh", "bash", "catatonit"])(
    "is false of %j, which takes in the orphans of an npm that died",
    async (title) => {
      expect(await named(title)).toBe(false);
    },
  );
});

/** What is said of a process that goes by this name. */
async function named(title: string): Promise<boolean> {
  const child = spawn("sleep", ["60"], { argv0: title, stdio: "ignore" });
  await once(child, "spawn");
  try {
    return isNpm(child.pid ?? 0);
  } finally {
    child.kill("SIGKILL");
  }
}

/**
 * A process that starts the next of the names, or as the last one says again and again what its launcher says. One that is
 * named "late" asks for its launcher when its parent has ended.
 */
const BRANCH = `
  import { spawn } from "node:child_process";
  const [code, name, ...others] = JSON.parse(process.argv[1]);
  const parent = process.ppid;
  // When the test has ended, nobody reads.
  process.stdout.on("error", () => process.exit());
  console.log(process.pid);
  if (name !== undefined) {
    const words = ["--input-type=module", "-e", code, JSON.stringify([code, ...others])];
    spawn(process.execPath, words, { argv0: name, stdio: "inherit" });
  } else {
    while (process.argv0 === "late" && process.ppid === parent) await new Promise(setImmediate);
    const { npmLauncher } = await import(${JSON.stringify(LAUNCHER)});
    const npm = npmLauncher();
    setInterval(() => console.log(npm?.hasEnded() ?? "nobody to watch"), 20);
  }`;

/** Processes, each the child of the one before, by the names that they go by. */
class Tree {
  readonly #child: ChildProcessByStdio<null, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #pids = new Map<string, number>();

  private constructor([name, ...others]: readonly string[], script: string) {
    const words = ["--input-type=module", "-e", BRANCH, JSON.stringify([BRANCH, ...others])];
    this.#child = spawn(process.execPath, words, {
      argv0: name,
      env: { npm_lifecycle_script: script },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  static async grow(names: readonly string[], script: string): Promise<Tree> {
    const tree = new Tree(names, script);
    onTestFinished(() => {
      for (const name of tree.#pids.keys()) tree.kill(name);
    });
    for (const name of names) tree.#pids.set(name, Number(await tree.#line()));
    return tree;
  }

  /** What the last process says next. */
  hasEnded(): Promise<string> {
    return this.#line();
  }

  kill(name: string): void {
    const pid = this.#pids.get(name);
    this.#pids.delete(name);
    try {
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    } catch (error) {
      // One whose child was killed ends by itself.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  async #line(): Promise<string> {
    const { value } = await this.#lines.next();
    return String(value);
  }
}
