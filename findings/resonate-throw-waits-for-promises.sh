#!/usr/bin/env bash
# Package:   npm @resonatehq/sdk 0.11.5, on its own in-memory server
# Behaviour: a workflow that throws while a promise of its own is open does not fail until that promise is settled, or its
#            time is over. Until then nothing tells of the error: the caller sees a pending workflow, and the SDK logs
#            nothing. The same throw without an open promise fails the workflow at once. So code that makes a promise for
#            days, and then throws in the next line, seems to wait for somebody.
# Output seen:
#   no open promise: rejected with "out of stock"
#   an open promise: pending after 1.5 s
#   the promise is settled: rejected with "out of stock"
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

npm install --silent --no-audit --no-fund @resonatehq/sdk@0.11.5 >/dev/null
cat > run.mjs <<'X'
import { Resonate } from "@resonatehq/sdk";

const resonate = new Resonate();
resonate.register("plain", function* () {
  throw new Error("out of stock");
});
resonate.register("waiting", function* (ctx) {
  yield* ctx.promise({ timeout: 60_000 });
  throw new Error("out of stock");
});

const outcomeOf = (handle) => handle.result().then(() => "no error", (thrown) => `rejected with "${thrown.message}"`);
const soon = () => new Promise((resolve) => setTimeout(() => resolve("pending"), 1500));

const said = [];
said.push(`no open promise: ${await outcomeOf(await resonate.beginRun("a", "plain"))}`);
const outcome = outcomeOf(await resonate.beginRun("b", "waiting"));
said.push(`an open promise: ${await Promise.race([outcome, soon()])} after 1.5 s`);
await resonate.promises.resolve("b:0", {});
said.push(`the promise is settled: ${await outcome}`);
for (const line of said) console.log(line);
await resonate.stop();
process.exit(
  said.join("; ") ===
    'no open promise: rejected with "out of stock"; an open promise: pending after 1.5 s; the promise is settled: rejected with "out of stock"'
    ? 0
    : 1,
);
X
timeout 60 node run.mjs
