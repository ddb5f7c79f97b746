/** Countersign all in one with the simple workflow beside its own, as the other side of every comparison. */
import { fileURLToPath } from "node:url";
import { runChild } from "../lib/child.ts";
import { provideSeams, service } from "./seams/seams.ts";

interface ProductOptions {
  readonly dataDir: string;
  /** `smtp://127.0.0.1:port`; undefined: mails are composed by nobody and go nowhere. */
  readonly smtpUrl?: string | undefined;
  readonly signalPort: number;
  readonly logLevel?: string | undefined;
  /** Whether the index of approvals is kept, as by default. */
  readonly isIndexed?: boolean;
  /** Whether the log of events is kept, as by default. */
  readonly isLogged?: boolean;
  /** Where Prometheus could read metrics; undefined: they are off, as by default. */
  readonly metricsPort?: number | undefined;
}

export interface ProductReady {
  readonly url: string;
}

/** Since the start. */
export interface ProductStats {
  /** What gateway and workers asked of the engine. */
  readonly requests: number;
}

await runChild(async (options: ProductOptions) => {
  const { smtpUrl, signalPort } = options;
  const requests = new SharedArrayBuffer(Uint32Array.BYTES_PER_ELEMENT);
  provideSeams({ signalPort, smtpUrl, requests });
  Object.assign(process.env, productEnv(options));
  await import("../../../src/processes/all.ts");
  const { ready, stop } = await service.promise;
  const stats = (): ProductStats => ({ requests: new Uint32Array(requests)[0] ?? 0 });
  return { ready: { url: String(ready["url"]) }, commands: { stats }, stop };
});

function productEnv({
  dataDir,
  smtpUrl,
  logLevel,
  isIndexed = true,
  isLogged = true,
  metricsPort,
}: Omit<ProductOptions, "signalPort">): Record<string, string> {
  return {
    DATA_DIR: dataDir,
    PORT: "0",
    ENGINE_PORT: "0",
    // Nobody is there, and with a mailer that sends nothing nobody asks.
    SMTP_URL: smtpUrl ?? "smtp://127.0.0.1:9",
    MAIL_FROM: "Approvals <approvals@example.com>",
    WORKFLOWS: fileURLToPath(import.meta.resolve("./workflows/")),
    EXAMPLE_WORKFLOWS: "on",
    APPROVAL_INDEX: isIndexed ? "on" : "off",
    EVENT_LOG: isLogged ? "on" : "off",
    ...(metricsPort && { METRICS: "on", OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort) }),
    ...(logLevel && { LOG_LEVEL: logLevel }),
  };
}
