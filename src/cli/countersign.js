#!/usr/bin/env node
/** The command line as it is installed: `main.ts`, where the Node that runs can read it. */
import "../lib/node-version.js";
import "../lib/compile-cache.js";

const words = process.argv.slice(2);
const { serve } = await import("./serve.ts");
process.exitCode = (await serve(words)) ?? (await runCommand());

async function runCommand() {
  const { run } = await import("./main.ts");
  return run(words, {
    env: process.env,
    isTerminal: process.stdout.isTTY,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  });
}
