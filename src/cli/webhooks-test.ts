import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { readSourcesFile } from "../webhooks/file.ts";
import type { Source } from "../webhooks/source.ts";
import { beginsAsJson } from "../webhooks/verify.ts";
import { type Cli, CommandFailure, EXIT, type ExitCode, UsageError } from "./command.ts";

export interface TestValues {
  readonly body?: string | undefined;
  readonly url?: string | undefined;
  readonly id?: string | undefined;
  readonly json?: boolean | undefined;
}

/** A gateway answers at once, or at the latest after the engine's time limit. */
const ANSWER_LIMIT_MS = 30_000;

/** Signs a body as its sender would, sends it, and prints the gateway's response. */
export async function testWebhook(cli: Cli, name: string, values: TestValues): Promise<ExitCode> {
  const body = readBody(values.body);
  const source = sourceNamed(cli, name);
  const { sign } = source.scheme;
  if (sign === undefined) {
    throw new CommandFailure(
      EXIT.usage,
      `${name} is verified with a public key, and only its sender has the key that signs`,
    );
  }
  const target = targetOf(cli, name, values.url);
  // A sender that signs the address signs the public one, even if this command reaches the gateway at another.
  const publicUrl = new URL(`${target.pathname}${target.search}`, cli.config.publicUrl ?? target.origin).href;
  const id = values.id ?? `msg_${randomUUID()}`;
  const { headers, url } = sign({ body, url: publicUrl, nowMs: cli.clock(), id });
  if (url !== undefined) target.search = new URL(url).search;
  const { format } = source.scheme;
  const isForm = format === "form" || (format === "form-or-json" && !beginsAsJson(body));
  const answer = await send(target, body, {
    ...headers,
    "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json",
  });
  const text = await answer.text();
  const told: unknown =
    answer.headers.get("content-type")?.includes("json") === true ? JSON.parse(text) : text;
  cli.record({ what: "webhook.test", about: name, outcome: String(answer.status) });
  cli.print({ status: answer.status, answer: told }, () => describe(answer.status, told), values);
  return answer.ok ? EXIT.ok : EXIT.failed;
}

function readBody(path: string | undefined): Buffer {
  if (path === undefined || path === "") throw new UsageError("--body is missing");
  try {
    return readFileSync(path === "-" ? 0 : path);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new UsageError(`--body ${path} cannot be read: ${reason}`);
  }
}

function sourceNamed(cli: Cli, name: string): Source {
  const { webhooksFile } = cli.config;
  if (webhooksFile === undefined) {
    throw new CommandFailure(EXIT.usage, "WEBHOOKS_FILE is not set: there are no sources");
  }
  const sources = readSourcesFile(webhooksFile, cli.environment);
  const source = sources.get(name);
  if (source !== undefined) return source;
  const known = [...sources.keys()].join(", ");
  throw new CommandFailure(EXIT.notFound, `There is no source ${name}: ${webhooksFile} has ${known}`);
}

function targetOf(cli: Cli, name: string, given: string | undefined): URL {
  const { publicUrl } = cli.config;
  if (given === undefined && publicUrl === undefined) throw new UsageError("PORT is 0: give --url");
  const target = URL.parse(given ?? `${publicUrl}/webhooks/${name}`);
  if (target === null || !/^https?:$/.test(target.protocol)) {
    throw new UsageError("--url must be a URL that starts with http:// or https://");
  }
  return target;
}

async function send(target: URL, body: Buffer, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(target, {
      method: "POST",
      headers,
      body: new Uint8Array(body),
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
  } catch {
    throw new CommandFailure(EXIT.failed, `No answer from ${target.origin}: is the gateway running?`);
  }
}

function describe(status: number, told: unknown): string {
  if (typeof told !== "object" || told === null) return `${status} ${String(told)}`;
  const lines = Object.entries(told).map(
    ([name, value]) => `  ${name.padEnd(10)} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [String(status), ...lines].join("\n");
}
