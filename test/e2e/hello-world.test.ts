import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { press } from "../support/press.ts";
import { startRelay } from "../support/relay.ts";
import { newId, openSite } from "../support/site.ts";

test("npm start takes an approval from the request to the outcome", async () => {
  await using site = await openSite();
  const all = await site.start("all");
  console.log(`npm start: ready in ${Math.round(all.readyMs)} ms`, all.ready);
  const api = new Api(all.url);
  const id = await api.ask({ id: newId("po"), approvers: ["ana@example.com"] });
  const mail = await site.mailTo("ana@example.com");
  expect(await press(mail.links.approve)).toMatchObject({
    status: 200,
    decision: "approved",
    effective: true,
  });
  expect(await api.ended(id)).toMatchObject({ status: "resolved", result: { outcome: "approved" } });
  expect(await all.stop()).toEqual({ code: 0, signal: null });
});

test("apart", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  const { gateway } = await site.startParts({ gateways: 1, workers: 1 });
  const api = new Api(gateway.url);
  const id = await api.ask({ id: newId("po"), approvers: ["ana@example.com"] });
  const mail = await relay.mailTo("ana@example.com", id);
  expect(await press(mail.links.approve)).toMatchObject({
    status: 200,
    decision: "approved",
    effective: true,
  });
  expect(await api.ended(id)).toMatchObject({ status: "resolved", result: { outcome: "approved" } });
});
