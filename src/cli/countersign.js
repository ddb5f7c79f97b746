#!/usr/bin/env node
/** The command line as it is installed: `main.ts`, where the Node that runs can read it. */
import "../lib/node-version.js";

const { run } = await import("./main.ts");
process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  isTerminal: process.stdout.isTTY,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
