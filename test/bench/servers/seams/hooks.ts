/**
 * What the bench changes about the service that it measures: nothing but what is listed here. `src/processes/all.ts` itself
 * runs, and finds, in the place of a few of its modules, ones that pass everything on to them. Loaded into each thread of
 * the service by `--import`.
 */
import { registerHooks } from "node:module";

const source = (path: string) => import.meta.resolve(`../../../../${path}`);

const REDIRECTED: ReadonlyMap<string, string> = new Map([
  [source("src/lib/service.ts"), import.meta.resolve("./service.ts")],
  [source("src/gateway/gateway.ts"), import.meta.resolve("./gateway.ts")],
  [source("src/channels/mail/mailer.ts"), import.meta.resolve("./mailer.ts")],
  [source("src/durable/resonate.ts"), import.meta.resolve("./durable.ts")],
  [source("worker/runtime/worker.ts"), import.meta.resolve("./worker.ts")],
]);

registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    const other = REDIRECTED.get(resolved.url);
    // The stand-in itself gets the real one.
    return other === undefined || context.parentURL === other ? resolved : { ...resolved, url: other };
  },
});
