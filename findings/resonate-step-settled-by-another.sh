#!/usr/bin/env bash
# Package:   npm @resonatehq/sdk 0.11.5, on its own in-memory server
# Behaviour: a step's outcome is settled, and what the server answers to that is not looked at: when the step's promise was
#            settled meanwhile by somebody else, the workflow goes on with the value that it has, and with the stored one
#            when it is replayed. One would guess that both see what is stored, since the first settlement counts.
# Output seen:
#   the step stores: stored   the workflow goes on with: local
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
# The SDK needs Node 22 or newer (Promise.withResolvers), so the script brings its own.
npm install --silent --no-audit --no-fund @resonatehq/sdk@0.11.5 node@26.10.0
export PATH="$dir/node_modules/.bin:$PATH"
cat > run.mjs <<'X'
import { Codec, Resonate } from "@resonatehq/sdk";
const codec = new Codec();
const resonate = new Resonate();
resonate.register("flow", function* flow(ctx) {
  return yield* ctx.run(async function step(step) {
    await resonate.promises.resolve(step.id, codec.encode("stored"));
    return "local";
  });
});
const handle = await resonate.beginRun("f", "flow");
const result = await handle.result();
const { value } = await resonate.promises.get("f:0");
console.log(`the step stores: ${codec.decode(value)}   the workflow goes on with: ${result}`);
await resonate.stop();
process.exit(0);
X
seen=$(node run.mjs)
echo "$seen"
grep -qF "the step stores: stored   the workflow goes on with: local" <<<"$seen"
