/** The worked examples: each request in `examples/rehearsals` comes to what its folder says. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { countersignHere } from "../../../support/cli.ts";

const EXAMPLES = fileURLToPath(new URL("../../../../examples/rehearsals/", import.meta.url));

test.each(readdirSync(EXAMPLES))("the example %s goes as expected", async (name) => {
  const file = (part: string) => `${EXAMPLES}${name}/${part}.yaml`;
  const args = [file("request"), "--script", file("people"), "--expect", file("outcome")];
  const { code, stdout, stderr } = await countersignHere(["rehearse", ...args], {});
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout)).toMatchObject({ differences: [], unused: [] });
});
