import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, writeBuilt } from "../../../deploy/package/build.ts";
import { UsageError } from "./options.ts";

/** A checkout of this project, as far as the bench runs it: by its own bench, on its own sources and packages. */
export interface Checkout {
  /** Its folder. */
  readonly dir: string;
  /** What Node is given to run what each npm script runs, with paths in that folder. */
  readonly parts: Readonly<Record<PartName, readonly string[]>>;
  /** URL of the program that runs the product. */
  readonly product: string;
  /** URLs of what that program loads first. */
  readonly imports: readonly string[];
}

export type PartName = keyof typeof PARTS;

/** Where each is now, and where it was before. */
const PARTS = {
  all: ["src/processes/all.ts", "src/main.ts"],
  engine: ["src/processes/engine.ts", "src/engine/main.ts"],
  gateway: ["src/processes/gateway.ts", "src/gateway/main.ts"],
  worker: ["src/processes/worker.ts", "worker/main.ts"],
} as const;

export const THIS_CHECKOUT: Checkout = checkoutAt(join(import.meta.dirname, "../../.."));

/** This checkout's service as its package has it: few files instead of many. Builds it. */
export async function packaged(): Promise<Checkout> {
  const folder = "dist/bench";
  writeBuilt(await build(), join(THIS_CHECKOUT.dir, folder));
  const part = (name: PartName) => ["--import", `./${folder}/preload.js`, `./${folder}/${name}.js`];
  return { ...THIS_CHECKOUT, parts: each(part) };
}

/** @throws UsageError if nothing can be measured there */
export function checkoutAt(dir: string): Checkout {
  const servers = join(resolve(dir), "test/bench/servers");
  const product = join(servers, "product.ts");
  if (!existsSync(product))
    throw new UsageError(`${dir} is no checkout of this project: there is no ${product}`);
  const packages = join(resolve(dir), "node_modules/@resonatehq/sdk");
  if (!existsSync(packages)) throw new UsageError(`${dir} has no packages: run npm ci there`);
  // Some versions put the bench's stand-ins in place by a module of their own.
  const hooks = join(servers, "seams/hooks.ts");
  const url = (file: string) => pathToFileURL(file).href;
  const part = (name: PartName) => [
    "--import",
    "./src/lib/preload.js",
    PARTS[name].find((file) => existsSync(join(resolve(dir), file))) ?? PARTS[name][0],
  ];
  return {
    dir: resolve(dir),
    parts: each(part),
    product: url(product),
    imports: existsSync(hooks) ? [url(hooks)] : [],
  };
}

function each<Value>(of: (name: PartName) => Value): Record<PartName, Value> {
  return { all: of("all"), engine: of("engine"), gateway: of("gateway"), worker: of("worker") };
}
