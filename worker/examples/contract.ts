/**
 * A workflow that waits for a signature, to copy from: send the envelope, wait until everybody has signed, file the
 * document. `docs/guides/docusign.md` has the source's configuration.
 */
import type { Context } from "@resonatehq/sdk";
import { waitForWebhook } from "../authoring/wait-for-webhook.ts";
import { lasting } from "../runtime/step-options.ts";

export interface Contract {
  readonly document: string;
  readonly signers: readonly string[];
  /** The sample takes it from here; DocuSign answers it when an envelope is made. */
  readonly envelope: string;
}

export interface ContractResult {
  readonly status: "signed" | "declined" | "unsigned";
  readonly filed?: string;
}

export function* contract(ctx: Context, terms: Contract): Generator<unknown, ContractResult> {
  const envelope: string = yield* ctx.run(send_envelope, terms, lasting(ctx));
  const signed = yield* waitForWebhook(ctx, {
    source: "docusign",
    match: { envelope },
    timeout: "P30D",
  });
  if (signed.outcome === "timeout") return { status: "unsigned" };
  if (signed.outcome === "rejected") return { status: "declined" };
  return { status: "signed", filed: yield* ctx.run(file_document, envelope, lasting(ctx)) };
}

function send_envelope(_ctx: Context, { envelope }: Contract): string {
  return envelope;
}

function file_document(_ctx: Context, envelope: string): string {
  return `filed-${envelope}`;
}
