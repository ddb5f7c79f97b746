#!/usr/bin/env node
/** The command line as it is installed: of a checkout by its sources, of the package by what was built of them. */
import fs from "node:fs";

const source = new URL("../src/cli/countersign.js", import.meta.url);
await import(fs.existsSync(source) ? source : new URL("../dist/lib/countersign.js", import.meta.url));
