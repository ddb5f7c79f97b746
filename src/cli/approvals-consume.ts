/** `countersign approvals consume` and `revoke`: an approved action is taken to be run, or can no longer be. */
import { randomUUID } from "node:crypto";
import { consumeRequest, revokeRequest } from "../approval/consume-request.ts";
import type { Difference } from "../approval/differences.ts";
import { COMMAND_LINE } from "../approval/doer.ts";
import { problemsFromIssues } from "../approval/problems.ts";
import { useViews } from "../approval/use-view.ts";
import { readDataFile } from "../lib/data-file.ts";
import type { FieldProblem, ServiceError } from "../lib/errors.ts";
import { consumeAction } from "../service/approvals/consume.ts";
import { consumeFailure, consumeOutcome, revokeFailure } from "../service/approvals/consume-failure.ts";
import { revokeAction } from "../service/approvals/revoke.ts";
import { IDEMPOTENCY_KEY_RULE, idFromKeys, nonceFromKey } from "../service/idempotency-key.ts";
import { type Cli, CommandFailure, EXIT, type ExitCode, UsageError } from "./command.ts";
import { signerOf } from "./signer.ts";

export const CONSUME_OPTIONS = {
  arguments: { type: "string" },
  attempt: { type: "string" },
  audience: { type: "string" },
  item: { type: "string" },
} as const;

interface OnAction {
  /** Options that it takes. */
  readonly takes: readonly string[];
  readonly run: (cli: Cli, id: string, values: ConsumeValues & RevokeValues) => Promise<ExitCode>;
}

export const ON_ACTION: ReadonlyMap<string, OnAction> = new Map([
  ["consume", { takes: ["arguments", "attempt", "audience", "item"], run: consume }],
  ["revoke", { takes: ["reason", "item", "key"], run: revoke }],
]);

interface ConsumeValues {
  /** A file. */
  readonly arguments?: string | undefined;
  readonly attempt?: string | undefined;
  readonly audience?: string | undefined;
  readonly item?: string | undefined;
  readonly json?: boolean | undefined;
}

async function consume(cli: Cli, id: string, values: ConsumeValues): Promise<ExitCode> {
  const { arguments: file, attempt, audience } = values;
  if (file === undefined) throw new UsageError("--arguments FILE is missing: what you are about to run");
  const data = readDataFile(file);
  const given = {
    ...(Array.isArray(data) ? { items: data } : { arguments: data }),
    ...itemIn(values),
    ...(attempt === undefined ? {} : { attempt }),
    ...(audience === undefined ? {} : { audience }),
  };
  const parsed = consumeRequest.safeParse(given);
  if (!parsed.success) throw wrong(problemsFromIssues(parsed.error.issues, given));
  const signer = signerOf(cli);
  const durable = await cli.durable();
  const call = { ...parsed.data, caller: COMMAND_LINE };
  const consumed = await consumeAction({ durable, clock: cli.clock }, id, call);
  if (consumed.kind === "unknown") throw unknown(id);
  const nonce = nonceFromKey(COMMAND_LINE, parsed.data.attempt);
  cli.record({ what: "consume", about: consumed.approval, nonce, outcome: consumeOutcome(consumed) });
  if (consumed.kind === "refused") throw failed(consumeFailure(consumed));
  const { approval, n, digest, claims } = consumed;
  const answer = {
    grant: await signer.sign("countersign-grant+jwt", { ...claims }),
    approval,
    use: n,
    digest,
    expiresAt: new Date(claims.exp * 1_000).toISOString(),
  };
  cli.print(answer, () => answer.grant, values);
  return EXIT.ok;
}

interface RevokeValues {
  readonly item?: string | undefined;
  readonly reason?: string | undefined;
  readonly key?: string | undefined;
  readonly json?: boolean | undefined;
}

async function revoke(cli: Cli, id: string, values: RevokeValues): Promise<ExitCode> {
  const given = { ...itemIn(values), ...(values.reason === undefined ? {} : { reason: values.reason }) };
  const parsed = revokeRequest.safeParse(given);
  if (!parsed.success) throw wrong(problemsFromIssues(parsed.error.issues, given));
  const key = values.key ?? randomUUID();
  const keyId = idFromKeys([key]);
  if (keyId === undefined) throw new UsageError(`--key ${IDEMPOTENCY_KEY_RULE}`);
  const nonce = nonceFromKey(COMMAND_LINE, keyId);
  const actor = { door: "api", caller: COMMAND_LINE, nonce, ...parsed.data } as const;
  const revoked = await revokeAction({ durable: await cli.durable(), clock: cli.clock }, id, actor);
  if (revoked.kind === "unknown") throw unknown(id);
  const failure = revokeFailure(revoked);
  const { approval } = revoked;
  const outcome = failure === undefined ? "stored" : failure.code.toLowerCase();
  cli.record({ what: "revoke", about: approval, nonce, outcome });
  if (failure !== undefined || revoked.kind !== "stands") throw failed(failure);
  const { taken, all = [taken] } = revoked;
  const effective = taken.kind === "revoked" && taken.revocation.nonce === nonce;
  const answer = { approval, effective, uses: useViews(all), key };
  const done = effective ? "done" : "an earlier revocation stands";
  cli.print(answer, () => `${approval}  revoke  ${done}\n  key  ${key}`, values);
  return EXIT.ok;
}

function itemIn({ item }: { readonly item?: string | undefined }): { readonly item?: number } {
  return item === undefined ? {} : { item: Number(item) };
}

function failed(error: ServiceError | undefined): Error {
  const code = error?.code;
  if (code === "INVALID_FIELDS") return wrong(error?.problems ?? []);
  if (code === "NOT_AS_APPROVED") return new UsageError(`${error?.message}${differencesText(error)}`);
  return new CommandFailure(code === "NOT_APPROVED" ? EXIT.failed : EXIT.conflict, error?.message ?? "");
}

function differencesText(error: ServiceError | undefined): string {
  const { differences = [] } = (error?.more ?? {}) as { readonly differences?: readonly Difference[] };
  return differences
    .map(({ pointer, what }) => `\n  ${what} ${pointer === "" ? "the whole" : pointer}`)
    .join("");
}

function unknown(id: string): CommandFailure {
  return new CommandFailure(EXIT.notFound, `There is no approval ${id}`);
}

function wrong(problems: readonly FieldProblem[]): UsageError {
  return new UsageError(problems.map(({ field, message }) => `--${field} ${message}`).join("\n"));
}
