#!/usr/bin/env bash
# Package:   npm @mastra/core 1.71.0 (and node 26.10.0, which it needs)
# Behaviour: `await suspend()` in a step of a workflow does not end the step: what stands after it runs at once, before anybody
#            has answered. Only `return await suspend()` keeps it from running. Either way the run is reported as suspended, so
#            nothing tells of it. What stands there runs again, when the step is resumed.
# Output seen:
#   await suspend()          start: suspended, paid 1 times   resumed: success, paid 2 times
#   return await suspend()   start: suspended, paid 0 times   resumed: success, paid 1 times
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @mastra/core@1.71.0 zod@4.6.7 node@26.10.0 >/dev/null
export PATH="$dir/node_modules/.bin:$PATH"
cat > try.mjs <<'X'
import { Mastra } from "@mastra/core";
import { InMemoryStore } from "@mastra/core/storage";
import { createStep, createWorkflow } from "@mastra/core/workflows";
import { z } from "zod";

let paid = 0;
const step = (id, execute) =>
  createStep({
    id,
    inputSchema: z.object({}),
    outputSchema: z.object({}),
    resumeSchema: z.object({ approved: z.boolean() }),
    suspendSchema: z.object({}),
    execute,
  });
const goesOn = step("ask", async ({ resumeData, suspend }) => {
  if (resumeData === undefined) await suspend({});
  paid += 1;
  return {};
});
const ends = step("ask", async ({ resumeData, suspend }) => {
  if (resumeData === undefined) return await suspend({});
  paid += 1;
  return {};
});
const workflow = (id, only) =>
  createWorkflow({ id, inputSchema: z.object({}), outputSchema: z.object({}) }).then(only).commit();
const mastra = new Mastra({
  workflows: { goesOn: workflow("goesOn", goesOn), ends: workflow("ends", ends) },
  storage: new InMemoryStore(),
  logger: false,
});
for (const [name, title] of [["goesOn", "await suspend()"], ["ends", "return await suspend()"]]) {
  paid = 0;
  const run = await mastra.getWorkflow(name).createRun();
  const { status } = await run.start({ inputData: {} });
  const before = paid;
  const resumed = await run.resume({ step: "ask", resumeData: { approved: true } });
  console.log(`${title.padEnd(24)} start: ${status}, paid ${before} times   resumed: ${resumed.status}, paid ${paid} times`);
}
process.exit(0);
X
said=$(node try.mjs); echo "$said"
grep -q '^await suspend()          start: suspended, paid 1 times   resumed: success, paid 2 times$' <<<"$said"
grep -q '^return await suspend()   start: suspended, paid 0 times   resumed: success, paid 1 times$' <<<"$said"
