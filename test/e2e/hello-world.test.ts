/** The examples that the project grew from: a hello world that survives its worker, and `npm start` as a whole. */
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { countersign } from "../support/cli.ts";
import { press } from "../support/press.ts";
import { newId, openSite } from "../support/site.ts";

test("greet, invoked from the command line, goes on where its killed worker stopped", async () => {
  await using site = await openSite({ env: { WORKER_LEASE_MS: "1000" } });
  await site.startParts({ gateways: 0, workers: 0 });
  const id = newId("hello");
  const invoked = await countersign(["invoke", id, "--func", "greet", "--arg", '"World"'], site.env);
  expect(invoked).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(invoked.stdout)).toMatchObject({ id, state: "pending" });

  const first = await site.startProxied("worker");
  const held = first.proxy.hold(
    "reply",
    ({ action, id: at }) => action === "promise.settle" && at === `${id}:0`,
  );
  await held.reached;
  await first.service.killHard();
  held.release("cut");
  const between = await countersign(["tree", id], site.env);
  expect(JSON.parse(between.stdout)).toMatchObject({
    id,
    state: "pending",
    children: [{ id: `${id}:0`, func: "format_greeting", state: "resolved" }],
  });

  const killedAt = performance.now();
  const second = await site.startProxied("worker");
  const waited = await countersign(["wait", id], site.env);
  console.log(
    `hello world: resumed and told ${Math.round(performance.now() - killedAt)} ms after the next start`,
  );
  expect(waited).toMatchObject({ code: 0 });
  expect(JSON.parse(waited.stdout)).toMatchObject({
    state: "resolved",
    result: "Hello, World! Welcome to durable execution.",
  });
  // The leaf ran once: the second worker neither made it nor settled it.
  expect(second.proxy.asked.filter(({ id: at }) => at === `${id}:0`)).toEqual([]);

  const again = await countersign(["invoke", id, "--func", "greet", "--arg", '"World"', "--wait"], site.env);
  expect(again.code).toBe(0);
  expect(await countersign(["invoke", id, "--func", "greet", "--arg", '"You"'], site.env)).toMatchObject({
    code: 6,
  });
});

test("npm start takes an approval from the request to the outcome, and stops with 0", async () => {
  await using site = await openSite();
  const all = await site.start("all");
  const api = new Api(all.url);
  const id = await api.ask({ id: newId("po"), approvers: ["ana@example.com"] });
  const mail = await site.mailTo("ana@example.com");
  expect(await press(mail.links.approve)).toMatchObject({
    status: 200,
    decision: "approved",
    effective: true,
  });
  expect(await api.ended(id)).toMatchObject({ status: "resolved", result: { outcome: "approved" } });
  // The button on the home page leads to the mailbox, and the mail is there.
  const button = await fetch(`${all.url}/first-approval`, { method: "POST" });
  expect(button).toMatchObject({ status: 200, url: `${all.url}/mailbox` });
  expect((await button.text()).match(/Decision needed: Order 40 laptops/gu)).toHaveLength(2);
  expect(await all.stop()).toEqual({ code: 0, signal: null });
  console.log(`npm start: ready in ${Math.round(all.readyMs)} ms`);
});
