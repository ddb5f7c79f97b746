/**
 * The protocol's published conformance suite, against `/mcp` as it is, and for what the product has no use for (prompts, resources,
 * logging, progress) against a server of the suite's own wishes behind the same mount.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openRig } from "../gateway/rig.ts";
import { startEverything } from "./everything.ts";

const SUITE = fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/dist/index.js"));

/** Of a product that has tools alone, and whose tools ask people and not the client. */
const FOR_THE_PRODUCT = ["server-initialize", "ping", "tools-list", "dns-rebinding-protection"];

/** They need a session: the server would ask the client in the middle of a call, or send what happened between calls. Here nothing is kept. */
const FOR_SESSIONS = [
  "tools-call-sampling",
  "tools-call-elicitation",
  "elicitation-sep1034-defaults",
  "elicitation-sep1330-enums",
  "resources-subscribe",
  "resources-unsubscribe",
];
/** The suite passes them over where there is no session. */
const PASSED_OVER = ["server-sse-polling", "server-sse-multiple-streams"];
/** The guards stand before the mount: `/mcp` has them, and the other server has none. */
const OF_THE_GUARDS = ["dns-rebinding-protection"];

test("the published suite finds nothing wrong with /mcp", async () => {
  await using rig = await openRig({ work: false });
  const { passed } = await runSuite(`${rig.url}/mcp`);
  expect(passed).toEqual(expect.arrayContaining(FOR_THE_PRODUCT));
});

test("the published suite finds nothing wrong with the mount, but for what needs a session", async () => {
  await using everything = await startEverything();
  const { passed, failed, skipped } = await runSuite(`${everything.url}/mcp`);
  expect(failed.toSorted()).toEqual([...FOR_SESSIONS, ...OF_THE_GUARDS].toSorted());
  expect(skipped).toEqual(PASSED_OVER);
  expect(passed).toHaveLength(23);
});

/** Names of scenarios by what came of them. */
async function runSuite(url: string) {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  try {
    const args = ["server", "--url", url, "--suite", "all", "--output-dir", folder];
    const said = await promisify(execFile)(process.execPath, [SUITE, ...args]).catch(
      // It ends with an error where anything failed.
      (error: { readonly stdout: string }) => error,
    );
    const lines = [...said.stdout.matchAll(/^[✓✗] ([\w-]+): (\d+) passed, (\d+) failed/gmu)].map(
      ([, name = "", good, bad]) => ({ name, good: Number(good), bad: Number(bad) }),
    );
    const names = (which: (line: (typeof lines)[number]) => boolean) =>
      lines.filter(which).map(({ name }) => name);
    return {
      passed: names(({ good, bad }) => good > 0 && bad === 0),
      failed: names(({ bad }) => bad > 0),
      skipped: names(({ good, bad }) => good + bad === 0),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
