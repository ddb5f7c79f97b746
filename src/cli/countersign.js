#!/usr/bin/env node
/** The command line as it is installed: `main.ts`, where the Node that runs can read it. */
import "../lib/node-version.js";

await import("./main.ts");
