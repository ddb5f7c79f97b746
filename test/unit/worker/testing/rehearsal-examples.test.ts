/** The worked examples: each request in `examples/rehearsals` comes to what its folder says. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { rehearse } from "../../../../worker/testing/index.ts";
import { type TimelineEntry, timelineLines } from "../../../../worker/testing/rehearsal/timeline.ts";
import { countersignHere } from "../../../support/cli.ts";
import { blocksIn } from "../../../support/guide-code.ts";

const EXAMPLES = fileURLToPath(new URL("../../../../examples/rehearsals/", import.meta.url));

test.each(readdirSync(EXAMPLES))("the example %s goes as expected", async (name) => {
  const file = (part: string) => `${EXAMPLES}${name}/${part}.yaml`;
  const args = [file("request"), "--script", file("people"), "--expect", file("outcome")];
  const { code, stdout, stderr } = await countersignHere(["rehearse", ...args], {});
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout)).toMatchObject({ differences: [], unused: [] });
});

test("the mails of the contract say until when each of them can answer, and what follows then", async () => {
  const part = (name: string) => parse(readFileSync(`${EXAMPLES}contract/${name}.yaml`, "utf8"));
  const { mails } = await rehearse(part("request"), { people: part("people") });
  const told = mails.slice(0, 3).map(({ kind, text }) => {
    const lines = text.split("\n").map((line) => line.trim());
    return [kind, ...lines.filter((line) => /^(?:After that|.*January 2030 at)/u.test(line))];
  });
  const holder = ["Thursday, 3 January 2030 at 10:00 CET", "After that other people are asked as well."];
  expect(told).toEqual([
    ["request", ...holder],
    ["reminder", ...holder],
    ["escalated", "Saturday, 5 January 2030 at 10:00 CET", "After that the request expires."],
  ]);
});

test("the guide shows these requests as they are, and what happens in the first", async () => {
  const text = (name: string, part: string) => readFileSync(`${EXAMPLES}${name}/${part}.yaml`, "utf8");
  expect(blocksIn("approvals.md", "yaml")).toEqual([
    text("purchase", "request"),
    text("purchase", "people"),
    text("release", "request"),
    text("contract", "request"),
  ]);
  const file = (part: string) => `${EXAMPLES}purchase/${part}.yaml`;
  const { stdout } = await countersignHere(["rehearse", file("request"), "--script", file("people")], {});
  const { timeline } = JSON.parse(stdout) as { readonly timeline: readonly TimelineEntry[] };
  // Without the dates, which need a wider window than a page of docs has.
  const lines = timelineLines(timeline).map(({ after, text: what }) => `${after} ${what}`);
  const [told = ""] = blocksIn("approvals.md", "text");
  for (const line of told.trimEnd().split("\n")) expect(lines).toContain(line.replace(/ {2,}/u, " "));
});
