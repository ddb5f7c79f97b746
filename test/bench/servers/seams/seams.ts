/**
 * What the bench changes about the service that it measures: nothing but what is listed here. `src/processes/all.ts` itself runs,
 * and finds, in the place of a few of its modules, ones that pass everything on to them.
 */
import { registerHooks } from "node:module";
import type { Network } from "@resonatehq/sdk";
import type { Mailer } from "../../../../src/channels/mail/mailer.ts";
import type { Service } from "../../../../src/lib/service.ts";
import type { Registration } from "../../../../worker/workflows/index.ts";

interface Seams {
  /** The service, once it is ready; it is stopped by whoever started it, not by signals. */
  readonly service: PromiseWithResolvers<Service>;
  /** Sees what gateway and worker ask of the engine. */
  tap: (send: Network["send"]) => Network["send"];
  /** Workflows beside the product's own. */
  workflows: readonly Registration[];
  /** In the place of the mailer, if any. */
  mailer: Mailer | undefined;
}

export const seams: Seams = {
  service: Promise.withResolvers<Service>(),
  tap: (send) => send,
  workflows: [],
  mailer: undefined,
};

const REDIRECTED: ReadonlyMap<string, string> = new Map([
  [import.meta.resolve("../../../../src/lib/service.ts"), import.meta.resolve("./service.ts")],
  [import.meta.resolve("../../../../src/engine/serve/thread.ts"), import.meta.resolve("./engine.ts")],
  [import.meta.resolve("../../../../src/gateway/gateway.ts"), import.meta.resolve("./gateway.ts")],
  [import.meta.resolve("../../../../src/channels/mail/mailer.ts"), import.meta.resolve("./mailer.ts")],
  [import.meta.resolve("../../../../worker/workflows/index.ts"), import.meta.resolve("./workflows.ts")],
]);

/** Runs the service with these settings, as `npm start` does. */
export async function startSeamed(env: Readonly<Record<string, string>>): Promise<Service> {
  registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context);
      const other = REDIRECTED.get(resolved.url);
      // The stand-in itself gets the real one.
      return other === undefined || context.parentURL === other ? resolved : { ...resolved, url: other };
    },
  });
  Object.assign(process.env, env);
  await import("../../../../src/processes/all.ts");
  return seams.service.promise;
}
