/** A bundle of a real approval, as it is and tampered with in each place. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalHash } from "../../../src/lib/canonical-hash.ts";
import { type Bundle, bundleSchema } from "../../../src/proof/bundle.ts";
import { type Checked, checkBundle } from "../../../src/proof/check.ts";
import { evidenceHash } from "../../../src/proof/evidence.ts";
import { createSigner } from "../../../src/signing/signer.ts";
import type { KeySet } from "../../../src/signing/verify.ts";
import { countersignHere } from "../../support/cli.ts";
import { TEST_SIGNING_KEYS } from "../../support/gateway.ts";
import { openRig, type Rig } from "../gateway/rig.ts";

const ANA = "ana@example.com";
const BOB = "bob@example.com";
const CFO = "cfo@example.com";

let rig: Rig;
let dir: string;
beforeAll(async () => {
  rig = await openRig();
  dir = mkdtempSync(join(tmpdir(), "countersign-bundle-"));
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const keys = createSigner({ keys: TEST_SIGNING_KEYS.sign, issuer: "x" }).keySet;

async function ask(request: Record<string, unknown>): Promise<void> {
  const { status, text } = await rig.json("POST", "/approvals", {
    title: "Pay invoice 7",
    details: [],
    ...request,
  });
  expect([status, text]).toEqual([202, expect.anything()]);
}

async function bundleOf(id: string): Promise<Bundle> {
  await rig.settled(id);
  const { status, body } = await rig.json("GET", `/approvals/${id}/bundle`);
  expect(status).toBe(200);
  return bundleSchema.parse(body);
}

const wrongIn = ({ lines }: Checked) =>
  lines.flatMap(({ result, what }) => (result === "wrong" ? [what] : []));
const said = ({ lines }: Checked, result: string) =>
  lines.flatMap((line) => (line.result === result ? [line.what] : []));

/** Two stages, of which the first can be taken back, and an action that was used. */
async function paid(id: string): Promise<Bundle> {
  await ask({
    id,
    requester: "kim@example.com",
    stages: [{ approvers: [ANA, BOB], require: "all" }, { approvers: [CFO] }],
    action: { tool: "pay", arguments: { amount: 12_000, to: "ACME" }, reversible: "no" },
    callbackUrl: undefined,
  });
  await rig.press(await rig.link(id, "approve", 1), { confirm: "yes", comment: "fine" });
  await rig.press(await rig.link(id, "approve", 2));
  const { body } = await rig.json("GET", `/approvals/${id}`);
  expect(body["status"]).toBe("pending");
  const third = async () => {
    const { body: now } = await rig.json("GET", `/approvals/${id}`);
    return (now["ballots"] as { n: number; approver: { email: string } }[]).find(
      ({ approver }) => approver.email === CFO,
    )?.n;
  };
  await expect.poll(third).toBeDefined();
  await rig.press(await rig.link(id, "approve", (await third()) ?? 0));
  await rig.settled(id);
  const consumed = await rig.json("POST", `/approvals/${id}/consume`, {
    arguments: { to: "ACME", amount: 12_000 },
    attempt: "run-1",
  });
  expect(consumed.status).toBe(200);
  return await bundleOf(id);
}

describe("a bundle", () => {
  test("is checked without the service, and says what was checked and what could not be", async () => {
    const bundle = await paid("po-1");
    const checked = await checkBundle(bundle, keys);
    expect(wrongIn(checked)).toEqual([]);
    expect(checked.about).toEqual({ issuer: rig.url, approval: "po-1", outcome: "approved" });
    expect(said(checked, "ok")).toEqual([
      "The keys that signed are among those that you trust",
      expect.stringMatching(/^The outcome's receipt is signed by the key /),
      "The evidence is what was signed: nothing of it is changed, missing or added",
      "The outcome's receipt says what follows from the evidence",
      "The receipt of ballot 1 is signed, and says what is in the evidence",
      "The receipt of ballot 2 is signed, and says what is in the evidence",
      expect.stringMatching(/^The receipt of ballot \d+ is signed, and says what is in the evidence$/),
      "The receipt of use 1 is signed, and fits what was approved",
      "Every promise is in its place, and its times are in order",
      "What every approver was shown is the content whose hash the ballot has",
      "The action's digest is that of action, rule, people and deadline",
      "Stage 1 was done by its answers",
      expect.stringMatching(/^The rule, the answers and their times come to approved: /),
      "3 answers count, and are as on the ballots",
    ]);
    expect(said(checked, "not-checked")).toHaveLength(4);
    expect(said(await checkBundle(bundle), "not-checked")[0]).toMatch(/^Whose keys these are/);
  });

  test("is the same each time, and there is none while the approval is open", async () => {
    await ask({ id: "po-2", approvers: [ANA] });
    expect((await rig.json("GET", "/approvals/po-2/bundle")).status).toBe(409);
    await rig.press(await rig.link("po-2", "reject"));
    expect(await bundleOf("po-2")).toEqual(await bundleOf("po-2"));
  });

  test("holds no receiver's URL and no press's name", async () => {
    const url = "https://hooks.example.com/secret-7";
    await ask({ id: "po-3", approvers: [ANA], callbackUrl: url });
    await rig.press(await rig.link("po-3", "approve"));
    const text = JSON.stringify(await bundleOf("po-3"));
    expect(text).not.toContain("secret-7");
    expect(text).not.toContain("nonce");
    expect(wrongIn(await checkBundle(await bundleOf("po-3"), keys))).toEqual([]);
  });
});

describe("a bundle of an action", () => {
  const action = (amount: number) => ({ tool: "pay", arguments: { amount, to: "ACME" }, reversible: "no" });

  test("that an approver has changed is that of what was approved", async () => {
    const schema = {
      type: "object",
      properties: { amount: { type: "integer", "x-countersign-editable": true }, to: { type: "string" } },
    };
    await ask({ id: "po-7", approvers: [ANA], rounds: 3, action: { ...action(12_000), schema } });
    await rig.link("po-7", "approve");
    const edit = await rig.json("POST", "/approvals/po-7/ballots/1/edit", {
      arguments: { amount: 900, to: "ACME" },
    });
    expect([edit.status, edit.text]).toEqual([200, expect.anything()]);
    const asked = async () => {
      const { body } = await rig.json("GET", "/approvals/po-7");
      return (body["ballots"] as { n: number; state: string }[]).find(({ state }) => state === "open")?.n;
    };
    await expect.poll(asked).toBeGreaterThan(1);
    await rig.press(await rig.link("po-7", "approve", (await asked()) ?? 0));
    const bundle = await bundleOf("po-7");
    expect(wrongIn(await checkBundle(bundle, keys))).toEqual([]);
  });

  test("of several, some of which were struck out, is that of the others", async () => {
    await ask({ id: "po-8", approvers: [ANA], items: [action(1), action(2), action(3)] });
    const link = await rig.link("po-8", "approve");
    await rig.json("POST", "/approvals/po-8/ballots/1/decide", { choice: "approve", except: [2] });
    expect(link).toMatch(/^\/d\//);
    const bundle = await bundleOf("po-8");
    expect(wrongIn(await checkBundle(bundle, keys))).toEqual([]);
    const { body } = await rig.json("GET", "/approvals/po-8/ballots/1/receipt");
    expect(body["claims"]).toMatchObject({ except: [2] });
  });

  const taken = async (id: string, body: object) =>
    expect((await rig.json("POST", `/approvals/${id}/consume`, body)).text).toContain("grant");

  test("of several that are taken one by one has the receipt of each use and of each revocation", async () => {
    await ask({ id: "po-13", approvers: [ANA], items: [action(1), action(2), action(3), action(4)] });
    await rig.link("po-13", "approve");
    await rig.json("POST", "/approvals/po-13/ballots/1/decide", { choice: "approve", except: [2] });
    await rig.settled("po-13");
    await taken("po-13", { item: 3, arguments: action(3).arguments, attempt: "run-1" });
    const revoked = await rig.json("POST", "/approvals/po-13/revoke", { item: 4, reason: "Wrong amount" });
    expect(revoked.status).toBe(200);
    const bundle = await bundleOf("po-13");
    const checked = await checkBundle(bundle, keys);
    expect(wrongIn(checked)).toEqual([]);
    expect(said(checked, "ok")).toEqual(
      expect.arrayContaining([
        "The receipt of use 3 is signed, and fits what was approved",
        "The receipt of use 4 is signed, and fits what was approved",
      ]),
    );
  });

  test("of several that stay together has the receipt of their use", async () => {
    await ask({ id: "po-14", approvers: [ANA], items: [action(1), action(2)], atomic: true });
    await rig.press(await rig.link("po-14", "approve"));
    await rig.settled("po-14");
    await taken("po-14", { items: [action(1).arguments, action(2).arguments], attempt: "run-1" });
    const bundle = await bundleOf("po-14");
    const checked = await checkBundle(bundle, keys);
    expect(wrongIn(checked)).toEqual([]);
    expect(said(checked, "ok")).toContain("The receipt of use 1 is signed, and fits what was approved");
  });

  test("whose signed use is of an item that was struck out, or has other arguments, is wrong", async () => {
    await ask({ id: "po-15", approvers: [ANA], items: [action(1), action(2)] });
    await rig.link("po-15", "approve");
    await rig.json("POST", "/approvals/po-15/ballots/1/decide", { choice: "approve", except: [2] });
    await rig.settled("po-15");
    await taken("po-15", { item: 1, arguments: action(1).arguments, attempt: "run-1" });
    const bundle = await bundleOf("po-15");
    const [receipt] = bundle.receipts.uses;
    const signer = createSigner({ keys: TEST_SIGNING_KEYS.sign, issuer: rig.url });
    const read = await signer.verify("countersign-receipt+jwt", receipt ?? "");
    const claims = read.ok ? read.claims : {};
    const withUse = async (change: object, ...more: readonly string[]) => {
      const uses = [await signer.sign("countersign-receipt+jwt", { ...claims, ...change }), ...more];
      return wrongIn(await checkBundle({ ...bundle, receipts: { ...bundle.receipts, uses } }, keys));
    };
    expect(await withUse({})).toEqual([]);
    expect(await withUse({ attempt: "b" }, receipt ?? "")).toEqual([
      "Several receipts have the number of one use",
    ]);
    expect(await withUse({ n: 2 })).toEqual([expect.stringMatching(/a number that no use can have/)]);
    expect(await withUse({ n: 3 })).toEqual([expect.stringMatching(/a number that no use can have/)]);
    expect(await withUse({ argumentsHash: canonicalHash(action(2).arguments) })).toEqual([
      expect.stringMatching(/other arguments than were approved/),
    ]);
  });
});

/** Others may sign an envelope, too; a key's name is a hint, and readers pass over members that they do not know. */
const BESIDE_WHAT_IS_SIGNED = [
  "signatures.0.keyid gone",
  "signatures.0.one more",
  "signatures.one more",
  "one more",
];

/** Every way to change one place of a JSON value. */
function* tampered(value: unknown): Generator<{ readonly value: unknown; readonly where: string }> {
  if (typeof value === "string") {
    yield { value: `${value}x`, where: "longer" };
    yield { value: value.startsWith("A") ? `B${value.slice(1)}` : `A${value.slice(1)}`, where: "other" };
  } else if (typeof value === "number") yield { value: value + 1, where: "more" };
  else if (typeof value === "boolean") yield { value: !value, where: "not" };
  else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      yield { value: value.toSpliced(i, 1), where: `${i} gone` };
      for (const each of tampered(item))
        yield { value: value.with(i, each.value), where: `${i}.${each.where}` };
    }
    if (value.length > 0) yield { value: [...value, value[0]], where: "one more" };
    if (value.length > 1) yield { value: value.toReversed(), where: "reversed" };
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      const { [name]: _, ...others } = value as Record<string, unknown>;
      yield { value: others, where: `${name} gone` };
      for (const each of tampered(item))
        yield { value: { ...value, [name]: each.value }, where: `${name}.${each.where}` };
    }
    yield { value: { ...value, more: 1 }, where: "one more" };
  }
}

async function isFound(value: unknown, trusted: KeySet): Promise<boolean> {
  const parsed = bundleSchema.safeParse(value);
  return !parsed.success || wrongIn(await checkBundle(parsed.data, trusted)).length > 0;
}

async function isNamed(value: unknown, what: RegExp): Promise<boolean> {
  return said(await checkBundle(bundleSchema.parse(value), keys), "not-checked").some((line) =>
    what.test(line),
  );
}

describe("a bundle that was tampered with", () => {
  test("in any one place is found out", async () => {
    const bundle = await paid("po-4");
    let places = 0;
    for (const { value, where } of tampered(bundle)) {
      places += 1;
      // The one thing that cannot be found is named.
      if (where === "receipts.uses.0 gone")
        expect(await isNamed(value, /^Uses that are not in the bundle/)).toBe(true);
      else expect(await isFound(value, keys), where).toBe(true);
    }
    expect(places).toBeGreaterThan(500);
  });

  test("and signed again by the same keys is found out by the rule", async () => {
    const bundle = await paid("po-5");
    const signer = createSigner({ keys: TEST_SIGNING_KEYS.sign, issuer: rig.url });
    const outcome = await signer.verify("countersign-receipt+jwt", bundle.receipts.outcome);
    const claims = outcome.ok ? outcome.claims : {};
    const again = async (
      change: (promises: Bundle["evidence"]["promises"]) => Bundle["evidence"]["promises"],
    ) => {
      const evidence = { ...bundle.evidence, promises: change(structuredClone(bundle.evidence.promises)) };
      const signed = await signer.sign("countersign-receipt+jwt", {
        ...claims,
        evidence: evidenceHash(evidence),
      });
      return wrongIn(
        await checkBundle({ ...bundle, evidence, receipts: { ...bundle.receipts, outcome: signed } }, keys),
      );
    };
    const of = (n: number, change: (value: Record<string, unknown>) => unknown) =>
      again((promises) =>
        promises.map((each) =>
          each.id === `po-5:${n}`
            ? { ...each, value: change(each.value as Record<string, unknown>) as never }
            : each,
        ),
      );
    expect(await of(1, (value) => value)).toEqual([]);
    expect(await of(1, (value) => ({ ...value, choice: "reject" }))).toEqual(
      expect.arrayContaining([
        "The receipt of ballot 1 says something else than the evidence",
        "Stage 1 was not done when the next one opened",
        "The outcome has another answer for ballot 1 than the ballot",
      ]),
    );
    expect(await of(2, () => ({ kind: "withdrawn" }))).toEqual(
      expect.arrayContaining(["The outcome counts ballot 2, which has no answer"]),
    );
    const late = await again((promises) =>
      promises.map((each) =>
        each.id === "po-5:1" ? { ...each, settledAt: "2020-01-01T00:00:00.000Z" } : each,
      ),
    );
    expect(late).toContain("po-5:1 was settled before it was created");
    const other = await again((promises) => {
      const [root, ...rest] = promises;
      const text = JSON.stringify(root).replaceAll("Pay invoice 7", "Pay invoice 8");
      return [JSON.parse(text) as NonNullable<typeof root>, ...rest];
    });
    expect(other).toContain("Ballot 1 has another hash than the content that was asked about");
    const cheaper = await again((promises) => {
      const [root, ...rest] = promises;
      return [
        JSON.parse(JSON.stringify(root).replaceAll("12000", "13000")) as NonNullable<typeof root>,
        ...rest,
      ];
    });
    expect(cheaper).toContain("Ballot 1 has another digest than the action that was asked about");
    expect(canonicalHash(claims)).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("countersign verify", () => {
  const file = (name: string, value: unknown) => {
    const path = join(dir, name);
    writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
    return path;
  };
  const address = () => `${rig.url}/.well-known/countersign-keys.json`;

  test("checks a file with the keys at an address, in a file, or its own", async () => {
    await ask({ id: "po-6", approvers: [ANA] });
    await rig.press(await rig.link("po-6", "approve"));
    const bundle = await bundleOf("po-6");
    const path = file("po-6.json", bundle);
    for (const trusted of [[], ["--keys", address()], ["--keys", file("keys.json", { ...keys, later: 1 })]]) {
      const { code, stdout, stderr } = await countersignHere(["verify", path, ...trusted], {});
      // Without keys of the reader's own, nobody knows who signed it.
      expect([code, stderr, JSON.parse(stdout).about]).toEqual([
        trusted.length === 0 ? 1 : 0,
        "",
        { issuer: rig.url, approval: "po-6", outcome: "approved" },
      ]);
    }
    const changed = file("changed.json", JSON.stringify(bundle).replace("Pay invoice 7", "Pay invoice 9"));
    expect((await countersignHere(["verify", changed, "--keys", address()], {})).code).toBe(1);
    // Other programs take the first of two, JSON.parse the last.
    const twice = JSON.stringify(bundle).replace('{"kind":', '{"kind":"another","kind":');
    expect(
      await countersignHere(["verify", file("twice.json", twice), "--keys", address()], {}),
    ).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/twice\.json: \/\S*kind stands there twice/u),
    });
    const others = createSigner({ keys: [Buffer.alloc(32, 9)], issuer: "x" }).keySet;
    expect((await countersignHere(["verify", path, "--keys", file("others.json", others)], {})).code).toBe(1);
  });

  test("checks an envelope, and finds each change of it", async () => {
    const { body } = await rig.json("GET", "/approvals/po-6/attestation");
    const trusted = ["--keys", address()];
    const { code, stdout } = await countersignHere(["verify", file("po-6.dsse", body), ...trusted], {});
    expect([code, JSON.parse(stdout).lines[0]]).toEqual([
      0,
      { result: "ok", what: expect.stringMatching(/^The envelope is signed by the key /) },
    ]);
    const passed: string[] = [];
    for (const { value, where } of tampered(body)) {
      const run = await countersignHere(["verify", file("changed.dsse", value), ...trusted], {});
      if (run.code === 0) passed.push(where);
    }
    expect(passed).toEqual(BESIDE_WHAT_IS_SIGNED);
    expect(await countersignHere(["verify", file("po-6.dsse", body)], {})).toMatchObject({ code: 2 });
  });

  test.each([
    [1, "1970-01-01T00:00:01.000Z, which is over"],
    [4e9, "2096-10-02T07:06:40.000Z, which is to come"],
    [1e300, "a time that cannot be read"],
  ])("checks a grant alone, and names what its executor has to check (%i)", async (exp, end) => {
    const signer = createSigner({ keys: [Buffer.alloc(32, 9)], issuer: "x" });
    const grant = file("grant.jws", await signer.sign("countersign-grant+jwt", { exp }));
    const read = await countersignHere(["verify", grant, "--keys", file("own.json", signer.keySet)], {});
    expect([read.code, JSON.parse(read.stdout)]).toMatchObject([
      0,
      { type: "grant", notChecked: [expect.stringContaining(end), expect.stringContaining("(aud)")] },
    ]);
  });

  test("checks a receipt alone", async () => {
    const { body } = await rig.json("GET", "/approvals/po-6/receipt");
    const path = file("receipt.jws", `${String(body["receipt"])}\n`);
    const read = await countersignHere(["verify", path, "--keys", address()], {});
    expect([read.code, JSON.parse(read.stdout)]).toMatchObject([0, { ok: true, claims: { sub: "po-6" } }]);
    const other = file(
      "other.jws",
      String(body["receipt"]).replace(/.$/u, (last) => (last === "A" ? "B" : "A")),
    );
    expect((await countersignHere(["verify", other, "--keys", address()], {})).code).toBe(1);
    const strange = createSigner({ keys: [Buffer.alloc(32, 9)], issuer: "x" });
    const unknown = await countersignHere(
      ["verify", path, "--keys", file("strange.json", strange.keySet)],
      {},
    );
    expect([unknown.code, JSON.parse(unknown.stdout)]).toEqual([1, { ok: false, reason: "unknown-key" }]);
    expect(await countersignHere(["verify", path], {})).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--keys"),
    });
  });

  test.each([
    ["a file that is not there", "absent", undefined, /ENOENT/],
    ["no JSON", "text", "hello", /text: it is not JSON/],
    ["another kind", "kind", '{"kind":"bundle"}', /Cannot use .*kind: kind: /],
  ])("refuses %s", async (_, name, text, message) => {
    const path = text === undefined ? join(dir, name) : file(name, text);
    expect(await countersignHere(["verify", path], {})).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message),
    });
  });
});
