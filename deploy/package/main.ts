/** `npm run build`: what the package has of the sources, in `dist/lib` and `dist/types`. */
import { join } from "node:path";
import { build, writeBuilt } from "./build.ts";
import { writeDeclarations } from "./declarations.ts";

writeDeclarations();
writeBuilt(await build(), join(import.meta.dirname, "../../dist/lib"));
