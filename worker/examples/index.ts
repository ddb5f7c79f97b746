import type { Registration } from "../runtime/registration.ts";
import { checkout } from "./checkout.ts";
import { contract } from "./contract.ts";
import { foo } from "./foo.ts";
import { format_greeting, greet } from "./greet.ts";
import { purchase } from "./purchase.ts";
import { release } from "./release.ts";

/** Workflows to try Countersign with. */
export const EXAMPLES: readonly Registration[] = [
  { name: "foo", version: 1, func: foo },
  { name: "greet", version: 1, func: greet },
  { name: "format_greeting", version: 1, func: format_greeting },
  { name: "purchase", version: 1, func: purchase },
  { name: "checkout", version: 1, func: checkout },
  { name: "release", version: 1, func: release },
  { name: "contract", version: 1, func: contract },
];
