/** `countersign dev`, as somebody uses it who writes a workflow: start, change a file, press, kill -9, go on. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { mailsInFolder } from "../support/mails.ts";
import { freePort } from "../support/ports.ts";
import { press } from "../support/press.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { COMPILE_CACHE, ROOT } from "../support/service-process.ts";

const AUTHORING = pathToFileURL(join(ROOT, "worker/authoring/index.ts")).href;

/** @param ending what the workflow adds to its outcome */
function workflow(ending: string): string {
  return `import { defineWorkflow, requestApproval } from ${JSON.stringify(AUTHORING)};
export default defineWorkflow({
  name: "buy",
  *run(ctx, item) {
    const { outcome } = yield* requestApproval(ctx, { title: "Buy " + item, approvers: ["ana@example.com"] });
    return outcome + ${JSON.stringify(ending)};
  },
});
`;
}

test("dev restarts on a change, and what runs goes on: also after kill -9", async (ctx) => {
  needsEmbeddedEngine(ctx, "dev runs everything in one process");
  const folder = mkdtempSync(join(tmpdir(), "countersign-dev-"));
  const file = join(folder, "workflows/buy.ts");
  mkdirSync(join(folder, "workflows"));
  writeFileSync(file, workflow(" by the old one"));
  const [port, enginePort] = [await freePort(), await freePort()];
  writeFileSync(
    join(folder, ".env"),
    `PORT=${port}\nENGINE_PORT=${enginePort}\nMAILBOX_PORT=0\nSMTP_URL=smtp://127.0.0.1:9\nMAIL_FROM=x@example.com\n`,
  );
  const origin = `http://127.0.0.1:${port}`;
  const mailAbout = (subject: string) =>
    eventually(`there is a mail about ${subject}`, async () =>
      (await mailsInFolder(join(folder, "data/mailbox"))).find((mail) => mail.subject.includes(subject)),
    );
  const begin = (id: string, item: string) =>
    call(`${origin}/begin?id=${id}&func=buy`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(item),
    });
  const outcome = async (id: string) => (await call(`${origin}/wait?id=${id}&timeout=20`)).text;

  let run = startDev(folder);
  try {
    await run.says(`Countersign is ready at ${origin}`);
    expect(run.said).toContain("buy");
    await begin("buy-1", "a laptop");
    // In the mailbox, although the settings name a relay.
    const first = await mailAbout("Buy a laptop");
    await run.says(`buy-1:1 "Buy a laptop": asked ana@example.com · decide in ${origin}/mailbox`);

    writeFileSync(file, "export default 7;\n");
    await run.says("buy.ts, its export default is no workflow");
    await run.says("The service has stopped: waiting for a change");
    writeFileSync(file, workflow(" by the new one"));
    await run.says("Ready again with buy");
    expect(await press(first.links.approve)).toMatchObject({ decision: "approved", effective: true });
    expect(await outcome("buy-1")).toContain("approved by the new one");
    await run.says("ana@example.com approved → APPROVED");
    expect(run.said).not.toMatch(/^\{/mu);

    await begin("buy-2", "a desk");
    const second = await mailAbout("Buy a desk");
    // Whoever watches dies, and so does what it had started.
    run.child.kill("SIGKILL");
    await eventually("nobody listens any more", async () => {
      const answers = await call(`${origin}/health`).then(
        () => true,
        () => false,
      );
      return !answers;
    });
    run = startDev(folder);
    await run.says("Countersign is ready");
    await press(second.links.reject);
    expect(await outcome("buy-2")).toContain("rejected by the new one");
    run.child.kill("SIGTERM");
    expect(await run.ended).toEqual([0, null]);
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
  says(text: string): Promise<unknown>;
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
    says: (text: string) =>
      eventually(`dev says ${text}`, () => run.said.includes(text) || undefined).catch((error: unknown) => {
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
