/** Part of `npm run generate`: writes the types of the texts' arguments. A test says when it is due. */
import { writeFileSync } from "node:fs";
import { messageArgs } from "./types.ts";

writeFileSync(new URL("../../src/lib/message-args.ts", import.meta.url), messageArgs());
