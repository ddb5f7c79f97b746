/**
 * `countersign dev` and what it starts again for: a workflow, what that imports, and the settings; also after a file that
 * cannot be loaded. package.test.ts has the way from `init` over a change to kill -9.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { COMPILE_CACHE } from "../support/compile-cache.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { mailsInFolder } from "../support/mails.ts";
import { freePort } from "../support/ports.ts";
import { press } from "../support/press.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { ROOT } from "../support/service-process.ts";

const AUTHORING = pathToFileURL(join(ROOT, "worker/authoring/index.ts")).href;

/** @param ending an expression for what the workflow adds to its outcome */
function workflow(ending: string, name = "buy"): string {
  return `import { defineWorkflow, requestApproval } from ${JSON.stringify(AUTHORING)};
${ending === "ending" ? 'import { ending } from "../shared/ending.ts";' : ""}
export default defineWorkflow({
  name: ${JSON.stringify(name)},
  *run(ctx, item) {
    const { outcome } = yield* requestApproval(ctx, { title: "Buy " + item, approvers: ["ana@example.com"] });
    return outcome + ${ending};
  },
});
`;
}

const ending = (text: string) => `export const ending = ${JSON.stringify(text)};\n`;

test("dev restarts on a change of anything that the service depends on, and what runs goes on", async (ctx) => {
  needsEmbeddedEngine(ctx, "dev runs everything in one process");
  const folder = mkdtempSync(join(tmpdir(), "countersign-dev-"));
  // At once, and so one change, however busy the machine is.
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, "part"), text);
    renameSync(join(folder, "part"), join(folder, name));
  };
  mkdirSync(join(folder, "shared"));
  write("workflows/buy.ts", workflow('" by the old one"'));
  write("others/sell.ts", workflow('" by others"', "sell"));
  const [port, enginePort] = [await freePort(), await freePort()];
  const settings = `PORT=${port}\nENGINE_PORT=${enginePort}\nMAILBOX_PORT=0\nSMTP_URL=smtp://127.0.0.1:9\nMAIL_FROM=x@example.com\n`;
  write(".env", settings);
  const origin = `http://127.0.0.1:${port}`;

  const run = startDev(folder);
  try {
    await run.says(`Countersign is ready at ${origin}`);
    await call(`${origin}/begin?id=buy-1&func=buy`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '"a laptop"',
    });
    // In the mailbox, although the settings name a relay.
    const mail = await eventually("there is a mail", async () =>
      (await mailsInFolder(join(folder, "data/mailbox"))).find(({ subject }) =>
        subject.includes("Buy a laptop"),
      ),
    );
    await run.says(`buy-1:1 "Buy a laptop": asked ana@example.com · decide in ${origin}/mailbox`);

    write("workflows/buy.ts", "export default 7;\n");
    await run.says("buy.ts, its export default is no workflow");
    await run.says("The service has stopped: waiting for a change");
    write("workflows/buy.ts", workflow("ending"));
    await run.says("buy.ts cannot be loaded: Cannot find module");
    write("shared/ending.ts", ending(" by the missing one"));
    await run.says("Ready again with buy");
    write("shared/ending.ts", ending(" by the new one"));
    await run.says("Ready again with buy", 2);
    expect(run.said).toContain("shared/ending.ts has changed: restarting");
    expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
    const told = await new Api(origin).ended("buy-1");
    expect(told.result, run.said).toBe("approved by the new one");
    await run.says("ana@example.com approved → APPROVED");
    expect(run.said).not.toMatch(/^\{/mu);

    write(".env", `${settings}WORKFLOWS=others\n`);
    await run.says("Ready again with sell");
    write("others/sell.ts", workflow('" again"', "sell_again"));
    await run.says("Ready again with sell_again");
    // What is stored is none of the files that it depends on.
    expect(run.said.match(/restarting/gu)).toHaveLength(6);

    // Whoever watches dies, and so does what it had started.
    run.child.kill("SIGKILL");
    await eventually("nobody listens any more", async () => {
      const answers = await call(`${origin}/health`).then(
        () => true,
        () => false,
      );
      return !answers;
    });
  } finally {
    run.child.kill("SIGTERM");
    await run.ended;
    rmSync(folder, { recursive: true });
  }
});

interface DevRun {
  readonly child: ChildProcess;
  readonly said: string;
  readonly ended: Promise<unknown>;
  /** Waits until it has said that; as often, if it says it often. */
  says(text: string, times?: number): Promise<unknown>;
}

function startDev(cwd: string): DevRun {
  const child = spawn(process.execPath, [join(ROOT, "src/cli/countersign.js"), "dev"], {
    cwd,
    env: { PATH: "", NODE_COMPILE_CACHE: COMPILE_CACHE },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const run = {
    child,
    said: "",
    ended: once(child, "exit"),
    says: (text: string, times = 1) =>
      eventually(`dev says ${text}`, () => run.said.split(text).length > times).catch((error: unknown) => {
        throw new Error(`dev said:\n${run.said}`, { cause: error });
      }),
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      run.said += text;
    });
  }
  return run;
}
