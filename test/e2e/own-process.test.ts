/**
 * docs/guides/workflows.md, "In your own process": its program, copied out of the page, runs a workflow beside a started
 * service, which mails the approval. The program dies by `kill -9` and is started again.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Api } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { press } from "../support/press.ts";
import { guideFile, projectFolder } from "../support/project.ts";
import { RESONATE_TOKEN, RESONATE_URL } from "../support/resonate-server.ts";
import { newId, openSite, type Site } from "../support/site.ts";

const PAGE_CODE = guideFile("guides/workflows.md", "shop.ts");
const ANA = "ana@example.com";
/** Of the program, which is killed in the middle of a step. */
const LEASE_MS = 2_000;

test("a program with a worker of its own is killed while a person decides, and in the middle of a step, and goes on", async () => {
  await using site = await openSite();
  const service = await site.start("all");
  const api = new Api(service.url);
  const project = projectFolder();
  const group = newId("shop");
  // A group that no earlier run has used, a lease that fits a test, and a step that the test can hold up.
  const code = replaced(PAGE_CODE, {
    'group: "shop"': `group: "${group}", countersignGroup: "${site.workerGroup}", leaseMs: ${LEASE_MS}`,
    "console.log(`ordering ${item}`);":
      "console.log(`ordering ${item}`);\n  if (process.env.STUCK) await new Promise(() => {});",
  });
  writeFileSync(join(project, "shop.ts"), code);

  // The workflow is begun before anybody can run it: it waits for its group.
  const id = newId("restock");
  await api.begin(id, "40 laptops", { func: "restock", target: group });
  const first = startShop(site, project);
  await first.says("ready");
  const mail = await site.mailTo(ANA, "Order 40 laptops");
  // Ana's mail is on record, so that it is not sent again. Then the service dies under the program, which stays, and works
  // on when the service is back.
  await api.approvalWhen(
    `${id}:1`,
    "the mail is on record",
    ({ ballots }) => ballots[0]?.mail.status === "sent",
  );
  await service.killHard();
  await site.start("all");
  expect(first.child.exitCode).toBeNull();
  const other = newId("restock");
  await api.begin(other, "a pen", { func: "restock", target: group });
  const otherMail = await site.mailTo(ANA, "Order a pen");
  expect(await press(otherMail.links.reject)).toMatchObject({ decision: "rejected" });
  expect(await api.ended(other)).toMatchObject({ result: { status: "rejected" } });

  await first.killHard();
  expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
  expect(await api.approval(`${id}:1`)).toMatchObject({ id: `${id}:1` });

  const second = startShop(site, project, { STUCK: "1" });
  await second.says("ordering 40 laptops");
  await second.killHard();
  expect(await api.wait(id)).toMatchObject({ status: "pending" });

  const third = startShop(site, project);
  expect(await api.ended(id)).toMatchObject({
    status: "resolved",
    result: { status: "ordered", item: "40 laptops" },
  });
  // Ana was asked once for each: what was done before each death is not done again.
  expect(await site.mailbox()).toHaveLength(2);

  third.child.kill("SIGTERM");
  expect(await third.exited).toBe(0);
  expect(third.complaint()).toBe("");
});

test("in production the examples cannot be begun, and are not listed", async () => {
  const env = {
    NODE_ENV: "production",
    PUBLIC_URL: "https://approvals.example.com",
    SMTP_URL: "smtp://127.0.0.1:1",
    MAIL_FROM: "approvals@example.com",
  };
  const workflows = join(projectFolder(), "workflows");
  mkdirSync(workflows);
  writeFileSync(join(workflows, "purchase.ts"), guideFile("guides/workflows.md", "workflows/purchase.ts"));
  await using site = await openSite({ env: { ...env, WORKFLOWS: workflows } });
  const { url } = await site.start("all");
  const listed = await fetch(`${url}/workflows`);
  // The guide's, which has an example's name.
  expect(await listed.json()).toEqual({ workflows: [expect.objectContaining({ name: "purchase" })] });
  const own = { item: "a laptop", euros: 900, approvers: [ANA] };
  expect((await new Api(url).beginRaw(newId("buy"), own, { func: "purchase" })).status).toBe(200);
  for (const func of ["foo", "greet", "checkout", "release", "contract"]) {
    const refused = await new Api(url).beginRaw(newId("example"), "x", { func });
    expect([func, refused.status, refused.json()["errors"]]).toEqual([
      func,
      400,
      [{ field: "func", message: expect.stringContaining(`${func} is an example`) }],
    ]);
  }
});

function replaced(code: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, code);
}

function startShop(site: Site, cwd: string, env: Readonly<Record<string, string>> = {}) {
  const token = RESONATE_URL
    ? RESONATE_TOKEN
    : readFileSync(join(site.dataDir, "engine.token"), "utf8").trim();
  const child: ChildProcess = spawn(process.execPath, ["shop.ts"], {
    cwd,
    env: {
      PATH: process.env["PATH"] ?? "",
      ENGINE_URL: site.engineUrl,
      ...(token === undefined ? {} : { ENGINE_TOKEN: token }),
      ...env,
    },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exited = once(child, "close").then(([code]) => code as number | null);
  return {
    child,
    exited,
    says: (line: string) =>
      eventually(`the shop says "${line}"; it said ${stdout}${stderr}`, () =>
        stdout.split("\n").includes(line),
      ),
    async killHard() {
      child.kill("SIGKILL");
      await exited;
    },
    complaint: () => stderr,
  };
}
