import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isNpm, npmLauncher } from "../../../src/lib/launcher.ts";

const { scripts } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

describe("npmLauncher()", () => {
  test.each(["start", "engine", "gateway", "worker"])("finds the npm that runs the script %s", (name) => {
    expect(npmLauncher(scripts[name])).toBeDefined();
  });

  test.each(["exec countersign start", "exec countersign worker --workflows ./workflows"])(
    "finds the npm that runs %j in a project with the package",
    (script) => {
      expect(npmLauncher(script)).toBeDefined();
    },
  );

  test.each([
    "",
    "countersign start",
    "exec countersign get po-1",
    "vitest run",
    "node --import ./src/lib/preload.js src/processes/all.ts",
    "node --import ./src/lib/preload.js src/processes/all.ts & node other.js",
    "pm2 start src/processes/all.ts",
  ])("finds none for the script %j: the shell may end before the service", (script) => {
    expect(npmLauncher(script)).toBeUndefined();
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
