/** A cron expression means the same times on every engine: on the one of this run, they are what the command line meant. */
import { expect, test } from "vitest";
import { countersign } from "../support/cli.ts";
import { newId, openSite } from "../support/site.ts";

interface Shown {
  readonly cron: string;
  readonly nextRunAt: string;
}

test("weekdays by number, H, and words of some readers alone start when they were meant to", async () => {
  await using site = await openSite();
  await site.startParts({ gateways: 0, workers: 0 });
  const create = async (cron: string): Promise<Shown> => {
    const name = newId("weekly");
    const made = await countersign(["schedule", "create", name, "--cron", cron, "--func", "greet"], site.env);
    expect(made, cron).toMatchObject({ code: 0, stderr: "" });
    expect(await countersign(["schedule", "delete", name], site.env)).toMatchObject({ code: 0 });
    return JSON.parse(made.stdout) as Shown;
  };
  const dayOf = ({ nextRunAt }: Shown) => new Date(nextRunAt).getUTCDay();

  const monday = await create("0 9 * * 1");
  expect([monday.cron, dayOf(monday)]).toEqual(["0 9 * * MON", 1]);
  const sunday = await create("H 9 * * 0");
  expect([sunday.cron, dayOf(sunday)]).toEqual([expect.stringMatching(/^\d+ 9 \* \* SUN$/), 0]);
  const weekend = await create("@weekends");
  expect(weekend.cron).toBe("0 0 * * SUN,SAT");
  expect([0, 6]).toContain(dayOf(weekend));
});
