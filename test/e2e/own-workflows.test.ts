/** The guide's workflow, in a project of its own: begun by HTTP, decided by a press, checked by its schema. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { press } from "../support/press.ts";
import { guideFile, projectFolder } from "../support/project.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { newId, openSite } from "../support/site.ts";

const ANA = "ana@example.com";

/** A project with the guide's workflow; answers the folder of its workflows. */
function project(): string {
  const folder = join(projectFolder(), "workflows");
  mkdirSync(folder);
  writeFileSync(join(folder, "purchase.ts"), guideFile("guides/workflows.md", "workflows/purchase.ts"));
  writeFileSync(
    join(folder, "later.js"),
    'import { defineWorkflow } from "countersign";\nexport const later = defineWorkflow({ name: "later", version: 2, *run() {} });',
  );
  return folder;
}

test("the guide's workflow runs from a folder in a gateway and a worker, and the gateway knows its schema", async () => {
  await using site = await openSite({ env: { WORKFLOWS: project() } });
  await site.startParts({});
  const api = new Api(site.publicUrl);

  const listed = (await call(`${site.publicUrl}/workflows`)).json()["workflows"];
  expect(listed).toContainEqual({
    name: "purchase",
    version: 1,
    argument: expect.objectContaining({ type: "object", required: ["item", "euros", "approvers"] }),
  });
  expect(listed).toContainEqual({ name: "later", version: 2, argument: null });

  const id = newId("buy");
  const refused = await api.beginRaw(
    id,
    { item: "a laptop", euros: 900, approvers: ["ana"] },
    { func: "purchase" },
  );
  expect([refused.status, refused.json()["errors"]]).toEqual([
    422,
    [expect.objectContaining({ field: "body.approvers[0]" })],
  ]);

  await api.begin(id, { item: "a laptop", euros: 900, approvers: [ANA] }, { func: "purchase" });
  const mail = await site.mailTo(ANA, "Buy a laptop");
  expect(await press(mail.links.approve)).toMatchObject({ decision: "approved" });
  expect(await api.ended(id)).toMatchObject({
    status: "resolved",
    result: { status: "ordered", order: expect.stringMatching(/^order-buy/u) },
  });
});

/** A workflow that computes until a file is there; answers how to see and end that. */
function heavyWorkflow(workflows: string): { readonly isStarted: () => boolean; readonly end: () => void } {
  const done = join(workflows, "../done");
  const started = join(workflows, "../started");
  writeFileSync(
    join(workflows, "heavy.js"),
    `import { existsSync, writeFileSync } from "node:fs";
     import { defineWorkflow } from "countersign";
     export const heavy = defineWorkflow({
       name: "heavy",
       *run() {
         writeFileSync(${JSON.stringify(started)}, "");
         while (!existsSync(${JSON.stringify(done)}));
         return "computed";
       },
     });`,
  );
  return { isStarted: () => existsSync(started), end: () => writeFileSync(done, "") };
}

test("a worker process hears signals while a workflow computes", async () => {
  const workflows = project();
  const computing = heavyWorkflow(workflows);
  await using site = await openSite({ env: { WORKFLOWS: workflows } });
  const { gateway, worker } = await site.startParts({});
  const heavy = newId("heavy");
  await new Api(gateway.url).begin(heavy, {}, { func: "heavy" });
  await eventually("it computes", computing.isStarted);
  worker.kill("SIGTERM");
  await eventually("it is stopping", () => worker.log.some(({ msg }) => msg === "stopping"));
  worker.kill("SIGTERM");
  expect(await worker.exited).toEqual({ code: 1, signal: null });
});

test("a workflow that computes for as long as it likes holds up no decision in the same process", async (ctx) => {
  needsEmbeddedEngine(ctx, "on a server one thread runs all workflows");
  const workflows = project();
  const computing = heavyWorkflow(workflows);
  await using site = await openSite({ env: { WORKFLOWS: workflows } });
  await site.start("all");
  const api = new Api(site.publicUrl);
  const heavy = newId("heavy");
  await api.begin(heavy, {}, { func: "heavy" });
  await eventually("it computes", computing.isStarted);

  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  const mail = await site.mailTo(ANA);
  expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
  expect(await api.ended(id)).toMatchObject({ status: "resolved", result: { outcome: "approved" } });
  const { text } = await call(`${site.publicUrl}/wait?id=${heavy}`);
  expect(JSON.parse(text), "it was computing all the time").toMatchObject({ status: "pending" });
  computing.end();
  expect(await api.ended(heavy)).toMatchObject({ status: "resolved", result: "computed" });
});
