import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, writeBuilt } from "../../../deploy/package/build.ts";
import { UsageError } from "./options.ts";

/** A checkout of this project, as far as the bench runs it: by its own bench, on its own sources and packages. */
export interface Checkout {
  /** Its folder. */
  readonly dir: string;
  /** What Node is given to run the service, with paths in that folder. */
  readonly service: readonly string[];
  /** URL of the program that runs the product. */
  readonly product: string;
  /** URLs of what that program loads first. */
  readonly imports: readonly string[];
}

/** Where it is now, and where it was before. */
const SERVICES = ["src/processes/all.ts", "src/main.ts"] as const;

export const THIS_CHECKOUT: Checkout = checkoutAt(join(import.meta.dirname, "../../.."));

/** This checkout's service as its package has it: few files instead of many. Builds it. */
export async function packaged(): Promise<Checkout> {
  const folder = "dist/bench";
  writeBuilt(await build(), join(THIS_CHECKOUT.dir, folder));
  return { ...THIS_CHECKOUT, service: ["--import", `./${folder}/preload.js`, `./${folder}/all.js`] };
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
  return {
    dir: resolve(dir),
    service: [
      "--import",
      "./src/lib/preload.js",
      SERVICES.find((file) => existsSync(join(resolve(dir), file))) ?? SERVICES[0],
    ],
    product: url(product),
    imports: existsSync(hooks) ? [url(hooks)] : [],
  };
}
