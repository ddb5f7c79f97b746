/** The protocol's published conformance suite, against `/mcp` as it is. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openRig } from "../gateway/rig.ts";

const SUITE = fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/dist/index.js"));

/**
 * The others call tools, prompts, resources and requests to the client that the suite expects of a server made for it. A
 * product that asks for approvals has none of them.
 */
const SCENARIOS = ["server-initialize", "ping", "tools-list", "dns-rebinding-protection"];

test.each(SCENARIOS)(
  "the published suite finds nothing wrong: %s",
  async (scenario) => {
    await using rig = await openRig({ work: false });
    const folder = await mkdtemp(join(tmpdir(), "conformance-"));
    try {
      const args = ["server", "--url", `${rig.url}/mcp`, "--scenario", scenario, "--output-dir", folder];
      const { stdout } = await promisify(execFile)(process.execPath, [SUITE, ...args]);
      expect(stdout).toMatch(/Passed: [1-9]\d*\/\d+, 0 failed/u);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  60_000,
);
