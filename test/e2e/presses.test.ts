/**
 * One decision counts, however many press: a thousand at one moment, on one ballot, through two gateways. What each was
 * told is held against what is stored, then and after everything was killed and started again.
 */
import { describe, expect, test } from "vitest";
import type { Choice, Decision } from "../../src/approval/approval.ts";
import { Api } from "../support/api.ts";
import { liesIn, type Pressed } from "../support/lies.ts";
import { look, pressAtOnce, type Told } from "../support/press.ts";
import { decisionIn, recordsOf } from "../support/records.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { randomFrom, seeds } from "../support/seeds.ts";
import { newId, openSite } from "../support/site.ts";

const PRESSES = 1_000;

describe("presses of both answers at one moment, through two gateways", () => {
  test.each(seeds(1))("decide once and tell everybody what stands (SEEDS=%i)", async (seed) => {
    await using relay = await startRelay();
    await using site = await openSite({ relay });
    const parts = await site.startParts({ gateways: 2 });
    const [first, second] = parts.gateways.map(({ url }) => url) as [string, string];
    const { id, links } = await askAna(relay, first);

    const random = randomFrom(seed);
    const wanted = Array.from({ length: PRESSES }, (_, i) => ({
      choice: random.pick<Choice>(["approve", "reject"]),
      via: random.pick([first, second]),
      comment: `press ${i}`,
    }));
    const startedAt = performance.now();
    const pressed: Pressed[] = await Promise.all(
      wanted.map(async ({ choice, via, comment }) => ({
        choice,
        told: await pressAtOnce(links[choice], { via, comment }),
      })),
    );
    const ms = Math.round(performance.now() - startedAt);

    const records = await recordsOf(site, id);
    const stored = decisionIn(records, `${id}:1`);
    expect(liesIn(pressed, stored)).toEqual([]);
    const winner = pressed.findIndex(({ told }) => told.effective);
    expect(stored).toMatchObject({
      choice: wanted[winner]?.choice,
      comment: `press ${winner}`,
      door: "mail",
    });
    const outcome = { outcome: stored.choice === "approve" ? "approved" : "rejected" };
    expect(await new Api(second).ended(id)).toMatchObject({ status: "resolved", result: outcome });
    // Those that found the question open and went on to settle it: without many of them there was no race.
    const tried = parts.gateways.flatMap(({ log }) => log.filter(({ msg }) => msg === "pressed")).length;
    expect(tried).toBeGreaterThan(10);
    console.log(
      `${PRESSES} presses through two gateways, ${tried} of them before the first was stored: one effective ` +
        `(${stored.choice}), ${PRESSES - 1} told so, ${ms} ms in all`,
    );

    const services = [...parts.gateways, ...parts.workers, ...(parts.engine ? [parts.engine] : [])];
    await Promise.all(services.map((service) => service.killHard()));
    const restarted = await site.startParts({ gateways: 2 });

    expect(decisionIn(await recordsOf(site, id), `${id}:1`)).toEqual(stored);
    const [third, fourth] = restarted.gateways.map(({ url }) => url) as [string, string];
    const again = await readAgain(pressed, [third, fourth]);
    expect(liesIn(again, stored)).toEqual([]);
    for (const via of [third, fourth]) {
      for (const choice of ["approve", "reject"] as const) {
        expect(await look(links[choice], { via })).toMatchObject({ status: 200, decision: outcome.outcome });
        const late = { choice, told: await pressAtOnce(links[choice], { via }) };
        expect(liesIn([...again, late], stored)).toEqual([]);
      }
    }
  });

  test("are shared by both gateways: each decides ballots, and the log of each tells its part", async (ctx) => {
    needsEmbeddedEngine(ctx, "the figures of its log are compared");
    await using relay = await startRelay();
    await using site = await openSite({ relay });
    const { gateways } = await site.startParts({ gateways: 2 });
    const asked = await Promise.all(Array.from({ length: 6 }, () => askAna(relay, site.publicUrl)));
    await Promise.all(
      asked.flatMap(({ links }) =>
        gateways.flatMap(({ url: via }) => [
          pressAtOnce(links.approve, { via }),
          pressAtOnce(links.reject, { via }),
        ]),
      ),
    );
    const pressedLines = gateways.map(({ log }) => log.filter(({ msg }) => msg === "pressed"));
    const effective = pressedLines.flat().filter((line) => line["effective"] === true);
    expect(new Set(effective.map((line) => line["approval"]))).toEqual(new Set(asked.map(({ id }) => id)));
    expect(effective.length).toBe(asked.length);
    for (const lines of pressedLines) expect(lines.length).toBeGreaterThan(0);
  });
});

describe("liesIn()", () => {
  const stored = { choice: "approve", nonce: "the-first-one" } as Decision;
  const receipt = (nonce: string) =>
    `http://127.0.0.1/r/e30.${Buffer.from(JSON.stringify({ jti: nonce })).toString("base64url")}.x`;
  const won: Pressed = {
    choice: "approve",
    told: { ...truth(200, "approved", true), url: receipt(stored.nonce), page: "Your approval is recorded" },
  };
  const lost = (choice: Choice, i: number): Pressed => ({
    choice,
    told: { ...truth(choice === "approve" ? 200 : 409, "approved", false), url: receipt(`late-${i}`) },
  });
  const honest = [won, ...Array.from({ length: 99 }, (_, i) => lost(i % 2 === 0 ? "approve" : "reject", i))];

  test("finds nothing where everybody was told what stands", () => {
    expect(liesIn(honest, stored)).toEqual([]);
  });

  test("finds everybody whom a service told what they had asked for", () => {
    // What an application does that takes the 200 of a settle for its own success.
    const echo = honest.map(({ choice, told }) => ({
      choice,
      told: {
        ...told,
        status: 200,
        decision: choice === "approve" ? "approved" : "rejected",
        effective: true,
        page: choice === "approve" ? "Your approval is recorded" : "Your rejection is recorded",
      },
    }));
    const lies = liesIn(echo, stored);
    expect(lies[0]).toBe("100 were told that they decided");
    expect(lies.length).toBe(1 + 99);
  });

  test.each<[string, (told: Told) => Partial<Told>]>([
    ["a wrong decision", () => ({ decision: "rejected" })],
    ["a decision that is not told", () => ({ decision: undefined })],
    ["a second winner", () => ({ effective: true })],
    ["a headline that claims the press", () => ({ page: "Your approval is recorded" })],
    ["a status of success for the other answer", () => ({ status: 500 })],
  ])("finds one person who was told %s", (_, change) => {
    const told = honest[1]!.told;
    const lies = liesIn(honest.with(1, { choice: "approve", told: { ...told, ...change(told) } }), stored);
    expect(lies.join("\n")).toContain("Press 1 ");
  });

  test("finds that nobody was told to have decided", () => {
    expect(liesIn(honest.slice(1), stored)).toEqual(["0 were told that they decided"]);
  });

  function truth(status: number, decision: string, effective: boolean): Told {
    return { status, decision, effective, url: "", page: "" };
  }
});

async function askAna(relay: Relay, origin: string) {
  const id = await new Api(origin).ask({ id: newId("po"), approvers: ["ana@example.com"] });
  const { links } = await relay.mailTo("ana@example.com", id);
  return { id, links };
}

/** The receipts of all presses once more, each from the other gateway. */
async function readAgain(
  pressed: readonly Pressed[],
  origins: readonly [string, string],
): Promise<Pressed[]> {
  return Promise.all(
    pressed.map(async ({ choice, told }, i) => ({
      choice,
      told: await look(told.url, { via: origins[i % 2] as string }),
    })),
  );
}
