/** What a check of a bundle says of keys, of standing approvals, and of what an older or a lying service has stored. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { courseOf } from "../../../src/approval/course.ts";
import {
  type Bundle,
  bundleSchema,
  FILE_BYTES_MAX,
  bundleOf as makeBundle,
} from "../../../src/proof/bundle.ts";
import { type Checked, checkBundle } from "../../../src/proof/check.ts";
import { evidenceHash, recordsOf } from "../../../src/proof/evidence.ts";
import { outcomeReceipt } from "../../../src/proof/receipt.ts";
import { recompute } from "../../../src/proof/recompute.ts";
import { STATEMENT_TYPE, statementOf } from "../../../src/proof/statement.ts";
import { envelopeSchema } from "../../../src/signing/dsse.ts";
import { createSigner, type Signer } from "../../../src/signing/signer.ts";
import { TEST_SIGNING_KEYS } from "../../support/gateway.ts";
import { signedIn } from "../gateway/inbox/browser.ts";
import { openRig, type Rig } from "../gateway/rig.ts";

const ANA = "ana@example.com";
const BOB = "bob@example.com";
const CFO = "cfo@example.com";

let rig: Rig;
let signer: Signer;
beforeAll(async () => {
  rig = await openRig();
  signer = createSigner({ keys: TEST_SIGNING_KEYS.sign, issuer: rig.url });
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

async function ask(request: Record<string, unknown>): Promise<void> {
  const { status } = await rig.json("POST", "/approvals", { title: "Pay invoice 7", ...request });
  expect(status).toBe(202);
}

async function bundleOf(id: string): Promise<Bundle> {
  await rig.settled(id);
  return bundleSchema.parse((await rig.json("GET", `/approvals/${id}/bundle`)).body);
}

async function ballotOf(id: string, person: string): Promise<number> {
  const find = async () => {
    const { body } = await rig.json("GET", `/approvals/${id}`);
    const ballots = body["ballots"] as { n: number; approver: { email: string } }[];
    return ballots.find(({ approver }) => approver.email === person)?.n;
  };
  await expect.poll(find).toBeDefined();
  return (await find()) ?? 0;
}

const said = ({ lines }: Checked, result: string) =>
  lines.flatMap((line) => (line.result === result ? [line.what] : []));

/** Changes the promises, and signs the outcome that follows from them. */
async function signedAgain(
  bundle: Bundle,
  change: (promise: Bundle["evidence"]["promises"][number]) => unknown,
): Promise<Bundle> {
  const promises = structuredClone(bundle.evidence.promises).map(change) as Bundle["evidence"]["promises"];
  const evidence = { ...bundle.evidence, promises };
  const { root, children } = recordsOf(evidence);
  const course = root && courseOf(root, children);
  const claims = course && outcomeReceipt(course, evidenceHash(evidence));
  const outcome = await signer.sign("countersign-receipt+jwt", { ...claims });
  return { ...bundle, evidence, receipts: { ...bundle.receipts, outcome } };
}

test("a key that has signed nothing of the bundle need not be trusted any more", async () => {
  await ask({ id: "po-1", approvers: [ANA] });
  await rig.press(await rig.link("po-1", "approve"));
  const bundle = await bundleOf("po-1");
  const [old] = createSigner({ keys: [Buffer.alloc(32, 5)], issuer: "x" }).keySet.keys;
  const withOld = { ...bundle, keys: { keys: old === undefined ? [] : [...bundle.keys.keys, old] } };
  const checked = await checkBundle(withOld, signer.keySet);
  expect(said(checked, "wrong")).toEqual([]);
  expect(said(checked, "ok")[0]).toBe("The keys that signed are among those that you trust");

  // The key that signed is another one in the bundle, or none.
  const [first] = bundle.keys.keys;
  const another = { ...bundle, keys: { keys: [{ ...first, x: old?.x }] } } as Bundle;
  const none = { ...bundle, keys: { keys: [old] } } as Bundle;
  for (const lying of [another, none])
    expect(said(await checkBundle(lying, signer.keySet), "wrong")).toHaveLength(1);
  const strangers = createSigner({ keys: [Buffer.alloc(32, 5)], issuer: "x" }).keySet;
  expect(said(await checkBundle(bundle, strangers), "wrong")[0]).toMatch(/^The bundle's key .* is not among/);
});

test("of a use of a standing approval it is said that its limits are not checked", async () => {
  const standing = {
    limits: { "/amount": { max: 500 } },
    uses: 5,
    total: { argument: "/amount", max: 1_000 },
  };
  await ask({
    id: "po-2",
    approvers: [ANA],
    action: { tool: "refunds.pay", standing, reversible: "costly", validFor: "P30D" },
  });
  await rig.press(await rig.link("po-2", "approve"));
  await rig.settled("po-2");
  const used = await rig.json("POST", "/approvals/po-2/consume", {
    arguments: { amount: 7 },
    attempt: "run-1",
  });
  expect(used.status).toBe(200);
  const checked = await checkBundle(await bundleOf("po-2"), signer.keySet);
  expect(said(checked, "wrong")).toEqual([]);
  expect(said(checked, "ok")).toContain(
    "The receipt of use 1 is signed, and its number, time and digest fit what was approved",
  );
  expect(said(checked, "not-checked")).toContain(
    "Whether uses kept to the limits: of their arguments there is the hash alone, and of their number and total the word of the service",
  );
});

test("of a standing approval, a use beyond those that are allowed, or behind a revocation, is found out", async () => {
  const bundle = await bundleOf("po-2");
  const receipt = await signer.verify("countersign-receipt+jwt", bundle.receipts.uses[0] ?? "");
  const claims = receipt.ok ? receipt.claims : {};
  const withUses = async (...changes: readonly object[]) => {
    const uses = await Promise.all(
      changes.map((change) => signer.sign("countersign-receipt+jwt", { ...claims, ...change })),
    );
    const changed = { ...bundle, receipts: { ...bundle.receipts, uses } };
    return said(await checkBundle(changed, signer.keySet), "wrong");
  };
  const later = new Date(Date.parse(String(claims["at"])) + 1_000).toISOString();
  expect(await withUses({}, { n: 2, at: later })).toEqual([]);
  expect(await withUses({ n: 5 }, { n: 6, state: "revoked", at: later })).toEqual([]);
  expect(await withUses({ n: 6 })).toEqual(["The receipt of use 6: it has a number that no use can have"]);
  const isBehind = ["A use has a number behind that of the revocation"];
  expect(await withUses({ state: "revoked" }, { n: 2, at: later })).toEqual(isBehind);
  expect(await withUses({ n: 2, at: later }, { state: "revoked" })).toEqual(isBehind);
  expect(await withUses({ at: later }, { n: 2 })).toEqual(["A use is older than one with a lower number"]);
});

test("ballots without the hash of what was shown are counted as not checked", async () => {
  await ask({ id: "po-3", approvers: [ANA, BOB], require: "all" });
  await rig.press(await rig.link("po-3", "approve", 1));
  await rig.press(await rig.link("po-3", "approve", 2));
  const bundle = await bundleOf("po-3");
  const shown = "What every approver was shown is the content whose hash the ballot has";
  const without = (kept: number) =>
    signedAgain(bundle, (promise) => {
      if (promise.kind !== "ballot" || promise.id === `po-3:${kept}`) return promise;
      return JSON.parse(JSON.stringify(promise).replaceAll(/,"contentHash":"[0-9a-f]+"/gu, ""));
    });
  expect(said(await checkBundle(bundle, signer.keySet), "ok")).toContain(shown);

  const one = await checkBundle(await without(1), signer.keySet);
  expect(said(one, "ok")).not.toContain(shown);
  expect(said(one, "ok")).toContain(
    "What was shown is the content whose hash the ballot has, on 1 of 2 ballots",
  );
  expect(said(one, "not-checked")).toContain(
    "What was shown on 1 of 2 ballots: they have no hash of it, as earlier versions stored none",
  );

  const all = await checkBundle(await without(0), signer.keySet);
  expect(said(all, "ok").filter((what) => /was shown/u.test(what))).toEqual([]);
  expect(said(all, "not-checked")).toContain(
    "What was shown on 2 of 2 ballots: they have no hash of it, as earlier versions stored none",
  );
});

test("an outcome that leaves out, or adds, an answer of a stage before is found out", async () => {
  await ask({
    id: "po-4",
    stages: [{ approvers: [ANA, BOB], require: 1 }, { approvers: [CFO] }],
  });
  await rig.press(await rig.link("po-4", "approve", 1));
  await rig.press(await rig.link("po-4", "approve", await ballotOf("po-4", CFO)));
  const { root, children } = recordsOf((await bundleOf("po-4")).evidence);
  const course = root && courseOf(root, children);
  if (course === undefined) throw new Error("There is no course");
  const outcome = course.root.value as { decisions: { n: number }[] };
  const withDecisions = (decisions: unknown) =>
    recompute({ ...course, root: { ...course.root, value: { ...outcome, decisions } } }, children).wrong;
  expect(withDecisions(outcome.decisions)).toEqual([]);
  expect(withDecisions(outcome.decisions.filter(({ n }) => n !== 1))).toEqual([
    "Other answers of the stages before count by the rule than the outcome has",
  ]);
  expect(withDecisions([outcome.decisions[0], ...outcome.decisions])).not.toEqual([]);
});

test("a bundle that verify would not read is not made, and one that it reads can be in an envelope", async () => {
  await ask({ id: "po-5", approvers: [ANA] });
  await rig.press(await rig.link("po-5", "approve"));
  const { root, children } = recordsOf((await bundleOf("po-5")).evidence);
  if (root === undefined) throw new Error("There is no approval");
  const withBytes = async (count: number) => {
    const value = { ...(root.value as object), metadata: { x: "x".repeat(count) } };
    return await makeBundle({ ...root, value }, children, [], signer);
  };
  // Not with `rejects`, which would print all of it.
  const refused: unknown = await withBytes(16 * 1024 * 1024).then(
    () => "It was made",
    (error: unknown) => error,
  );
  expect(refused).toMatchObject({
    code: "CONFLICT",
    message: expect.stringMatching(/^The bundle of po-5 would have 167\d+ bytes, and may have 16777216: /),
  });
  const large = await withBytes(15 * 1024 * 1024);
  const sealed = signer.seal(STATEMENT_TYPE, statementOf(large ?? (await bundleOf("po-5"))));
  expect(JSON.stringify(sealed).length).toBeGreaterThan(16 * 1024 * 1024);
  expect(JSON.stringify(sealed).length).toBeLessThan(FILE_BYTES_MAX);
  expect(envelopeSchema.safeParse(sealed).success).toBe(true);
});

test("an outcome that says another way of signing in than the ballot is found out; one of an earlier version says none", async () => {
  await ask({ id: "po-way", approvers: [ANA] });
  // Only who is asked gets a mail to sign in by.
  await rig.link("po-way", "approve", 1);
  const browser = await signedIn(rig, ANA);
  await browser.get("/inbox/ballots/po-way:1");
  const answered = await browser.post("/inbox/ballots/po-way:1", { confirm: "yes", choice: "approve" });
  expect(answered.status).toBe(303);
  const bundle = await bundleOf("po-way");
  const saying = (more: string) =>
    signedAgain(bundle, (promise) =>
      promise.id === "po-way"
        ? JSON.parse(JSON.stringify(promise).replace(',"signedInBy":"mail"', more))
        : promise,
    );
  expect(said(await checkBundle(bundle, signer.keySet), "wrong")).toEqual([]);
  expect(said(await checkBundle(await saying(""), signer.keySet), "wrong")).toEqual([]);
  const lying = await checkBundle(await saying(',"signedInBy":"passkey"'), signer.keySet);
  expect(said(lying, "wrong")).toContain("The outcome has another answer for ballot 1 than the ballot");
});

test("an outcome that says another refusal in advance than the ballot is found out; one of an earlier version says none", async () => {
  await ask({ id: "po-no", approvers: [ANA], action: { tool: "pay", arguments: { to: "ACME" } } });
  await rig.press(await rig.link("po-no", "reject"));
  const bundle = await bundleOf("po-no");
  const refusing = (until: string) => `"choice":"reject","doNotAsk":{"until":"${until}"}`;
  const [said7, said30] = ["2030-01-08T00:00:00.000Z", "2030-01-31T00:00:00.000Z"].map(refusing);
  const saying = (inOutcome = '"choice":"reject"') =>
    signedAgain(bundle, (promise) => {
      const said = promise.id === "po-no" ? inOutcome : said7;
      return JSON.parse(JSON.stringify(promise).replace('"choice":"reject"', said ?? ""));
    });
  const differs = async (inOutcome?: string) =>
    said(await checkBundle(await saying(inOutcome), signer.keySet), "wrong").includes(
      "The outcome has another answer for ballot 1 than the ballot",
    );
  expect([await differs(), await differs(said7), await differs(said30)]).toEqual([false, false, true]);
});

test("the evidence is the same when what nobody answered would have timed out", async () => {
  await ask({ id: "po-6", approvers: [ANA, BOB], require: 1, undo: "PT1S" });
  await rig.press(await rig.link("po-6", "approve", 1));
  const bundle = await bundleOf("po-6");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 500 * 86_400_000 });
  try {
    expect(await bundleOf("po-6")).toEqual(bundle);
  } finally {
    vi.useRealTimers();
  }
});
