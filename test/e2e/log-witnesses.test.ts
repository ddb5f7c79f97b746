/** The whole service beside two witnesses: what they cosign, where that is published, and what is said of one that is away. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { countersign } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { noticeIn } from "../support/mails.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { openSite } from "../support/site.ts";
import { startWitness } from "../support/witness.ts";

const REQUEST = { title: "Order laptops", approvers: ["ana@example.com"], deadline: "P1D" };

test("witnesses cosign the head by command and each day, and a stranger checks by their keys what was published", async (ctx) => {
  needsEmbeddedEngine(ctx, "the log of events is the embedded engine's");
  const logKeys: string[] = [];
  await using w1 = await startWitness("witness.example/w1", () => logKeys);
  await using w2 = await startWitness("witness.example/w2", () => logKeys);
  await using site = await openSite({
    env: { LOG_WITNESSES: `${w1.key} ${w1.url}, ${w2.key} ${w2.url}` },
  });
  let service = await site.start("all");
  const keysAt = `${service.url}/.well-known/countersign-keys.json`;
  const { log } = (await (await fetch(keysAt)).json()) as { readonly log: string[] };
  logKeys.push(...log);
  expect((await fetch(`${service.url}/log/checkpoint/witnessed`)).status).toBe(404);
  const api = new Api(service.url);
  const env = { ...site.env };
  const say = (...args: readonly string[]) => countersign(args, env);

  // By command: one of them is away.
  w2.instead = (res) => {
    res.writeHead(503).end();
    return true;
  };
  for (const n of [1, 2, 3]) await api.ask({ id: `po-${n}`, ...REQUEST });
  const asked = await eventually("the log has events", async () => {
    const said = await say("audit", "witness");
    return said.stdout === "" ? undefined : said;
  });
  expect(asked.code).toBe(1);
  const { head, witnesses } = JSON.parse(asked.stdout) as { head: string; witnesses: unknown[] };
  expect(witnesses).toMatchObject([
    { name: "witness.example/w1", result: "cosigned" },
    { name: "witness.example/w2", result: "failed", why: "it answers 503" },
  ]);
  const doctor = JSON.parse((await say("doctor")).stdout) as { witnesses: unknown };
  expect(doctor.witnesses).toMatchObject([
    { name: "witness.example/w1", isLate: false },
    { name: "witness.example/w2", isLate: true },
  ]);

  // By the gateway itself, soon after its start: both have the head of the day, and the log has gone on.
  w2.instead = undefined;
  await service.stop();
  service = await site.start("all", { LOG_HEAD_MAIL: "auditor@example.com" });
  const published = await eventually("both have cosigned", async () => {
    const note = await (await fetch(`${service.url}/log/checkpoint/witnessed`)).text();
    return note.includes("— witness.example/w1 ") && note.includes("— witness.example/w2 ")
      ? note
      : undefined;
  });
  expect(published).toMatch(/^[^\s]+\/log\n\d+\n/u);
  // What a witness answers is published first, and then put on record.
  await eventually("doctor finds both on record", async () => (await say("doctor")).code === 0);
  const mail = await eventually("the mail with the head", () =>
    noticeIn(join(site.dataDir, "mailbox"), "log"),
  );
  expect(mail.to).toBe("auditor@example.com");
  expect(mail.text).toContain("witness.example/w2");

  const file = join(site.dataDir, "head.txt");
  writeFileSync(file, mail.text);
  const both = ["--witness", w1.key, "--witness", w2.key];
  const audited = await say("audit", "verify", "--head", file, ...both);
  expect(JSON.parse(audited.stdout)).toMatchObject({ count: 0, witnessed: { needed: 2, holding: 2 } });
  expect(audited.code).toBe(0);
  expect((await countersign(["verify", file, "--keys", keysAt, ...both], {})).code).toBe(0);

  // The head that one of them has cosigned: enough for a quorum of one.
  writeFileSync(file, head);
  expect((await say("audit", "verify", "--head", file, ...both)).code).toBe(1);
  expect((await say("audit", "verify", "--head", file, ...both, "--quorum", "1")).code).toBe(0);
  const verified = await countersign(["verify", file, "--keys", keysAt, ...both], {});
  expect(verified.code).toBe(1);
  expect(JSON.parse(verified.stdout)).toMatchObject({
    size: expect.any(Number),
    witnesses: { needed: 2, holding: 1, witnesses: [{ result: "holds" }, { result: "missing" }] },
  });
  expect((await countersign(["verify", file, "--keys", keysAt, ...both, "--quorum", "3"], {})).code).toBe(2);
});
