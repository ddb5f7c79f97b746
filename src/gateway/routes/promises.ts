/**
 * `POST /promises/:id/resolve`, `/reject`, and `POST /approvals/:id/ballots/:n/decide`: a program with the right scope
 * settles what waits for a person or another system. Each response says whether this call decided, and what is stored.
 */
import type { IRouter } from "express";
import type { z } from "zod";
import { programOf } from "../../approval/doer.ts";
import { ballotId, ballotNumber, isPromiseId } from "../../approval/ids.ts";
import { problemsFromIssues } from "../../approval/problems.ts";
import type { SettledStanding } from "../../approval/standing.ts";
import type { Caller } from "../../auth/authenticate.ts";
import { allows } from "../../auth/scopes.ts";
import type { Durable } from "../../durable/durable.ts";
import { assertStorable } from "../../durable/storable.ts";
import { type FieldProblem, ServiceError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { decideRequest } from "../../openapi/decide-request.ts";
import { decideBallot } from "../../service/approvals/decide.ts";
import { type SettleRequest, settleLatent } from "../../service/promises/settle.ts";
import { audit } from "../http/audit.ts";
import { callerOf, type Needs } from "../http/auth.ts";
import { readJson } from "../http/body.ts";
import { noteApproval, requestIdOf } from "../http/context.ts";
import { sendJson } from "../http/json.ts";
import { addRoute } from "../http/routes.ts";
import { assertUniqueNames } from "../http/unique-names.ts";
import { programIn } from "./actor.ts";
import { describePromise } from "./outcome.ts";
import { toldBy } from "./settlement.ts";

export interface PromiseRoutesOptions {
  readonly needs: Needs;
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly log: Logger;
  /** 128 random bits in base64url: the name of one call. */
  readonly newNonce: () => string;
}

export function addPromiseRoutes(router: IRouter, options: PromiseRoutesOptions): void {
  const { needs, durable, clock, log, newNonce } = options;

  for (const [verb, as] of [
    ["resolve", "resolved"],
    ["reject", "rejected"],
  ] as const) {
    addRoute(router, `/promises/:id/${verb}`, {
      POST: needs("promises:resolve", async (req, res) => {
        const id = promiseNamed(req.params["id"]);
        const value = (await readJson(req))?.value ?? null;
        assertStorable(value, "body");
        const asked: SettleRequest = { id, door: "api", as, value, nonce: newNonce() };
        const { record, effective } = toldBy(res, await settleLatent(durable, asked), asked);
        const outcome = effective ? "stored" : "too late";
        audit(res, { what: verb, about: id, nonce: asked.nonce, outcome });
        const caller = callerOf(res)?.id;
        log.info({ requestId: requestIdOf(res), promise: id, caller, effective }, "settled by program");
        sendJson(res, describePromise(record, { effective }));
      }),
    });
  }

  addRoute(router, "/approvals/:id/ballots/:n/decide", {
    POST: needs("promises:resolve", async (req, res) => {
      const approval = promiseNamed(req.params["id"]);
      noteApproval(res, approval);
      const named = String(req.params["n"]);
      const n = ballotNumber(named);
      const ballot = n === undefined ? undefined : ballotId(approval, n);
      const { value: body, bytes } = (await readJson(req)) ?? {};
      const { choice, comment, fields, except, doNotAsk } = parseDecideBody(body);
      // Limits are shown to people, who read them as the program that asks does.
      if (bytes !== undefined && doNotAsk !== undefined) assertUniqueNames(bytes);
      const caller = callerOf(res)?.id;
      const nonce = newNonce();
      const decided =
        ballot === undefined
          ? ({ kind: "unknown" } as const)
          : await decideBallot(
              durable,
              { ballot, choice, door: "api", nonce, comment, fields, except, doNotAsk, ...programIn(res) },
              clock,
            );
      if (decided.kind === "wrong") throw wrongAnswer(decided.problems);
      if (decided.kind !== "stands") {
        throw new ServiceError(
          "NOT_FOUND",
          `There is no ballot ${named.slice(0, 8)} of an approval "${approval.slice(0, 64)}"`,
        );
      }
      const { effective, isSame, standing } = decided;
      const outcome = effective ? "stored" : "too late";
      audit(res, { what: "decide", about: ballot ?? "", approval, choice, nonce, outcome });
      log.info(
        { requestId: requestIdOf(res), approval, ballot: named, choice, caller, effective },
        "decided by program",
      );
      res
        .status(statusOf(standing, isSame))
        .json({ approval, ballot: Number(named), effective, stands: told(standing, callerOf(res)) });
    }),
  });
}

function parseDecideBody(input: unknown): z.output<typeof decideRequest> {
  const parsed = decideRequest.safeParse(input);
  if (parsed.success) return parsed.data;
  throw wrongAnswer(problemsFromIssues(parsed.error.issues, input));
}

function wrongAnswer(problems: readonly FieldProblem[]): ServiceError {
  return new ServiceError("INVALID_FIELDS", "Cannot decide: some fields are wrong", { problems });
}

/** As for people who press: the same answer again is no conflict. */
function statusOf(standing: SettledStanding, isSame: boolean): number {
  if (standing.kind === "closed") return standing.because === "expired" ? 410 : 409;
  return isSame ? 200 : 409;
}

/** Only callers who may read approvals see who answered, and the comment. */
function told(standing: SettledStanding, caller: Caller | undefined): object {
  const at = standing.atMs === undefined ? {} : { at: new Date(standing.atMs).toISOString() };
  const outcome = standing.outcome === undefined ? {} : { outcome: standing.outcome };
  const mayRead = allows(caller?.scopes ?? [], ["approvals:read"]);
  if (standing.kind === "closed") {
    const { kind, because, reason } = standing;
    return { kind, because, ...(reason === undefined || !mayRead ? {} : { reason }), ...at, ...outcome };
  }
  const { choice, effect, door, by, comment, fields, except, doNotAsk } = standing.decision;
  const own = effect === undefined ? {} : { effect };
  const told = { kind: standing.kind, choice, ...own, door, ...at, ...outcome };
  if (!mayRead) return told;
  return {
    ...told,
    by,
    ...programOf(standing.decision),
    ...(comment === undefined ? {} : { comment }),
    ...(fields === undefined ? {} : { fields }),
    ...(except === undefined ? {} : { except }),
    ...(doNotAsk === undefined ? {} : { doNotAsk }),
  };
}

/** @throws ServiceError NOT_FOUND for what can be no promise's id */
function promiseNamed(named: string | string[] | undefined): string {
  const id = String(named);
  if (isPromiseId(id)) return id;
  throw new ServiceError("NOT_FOUND", `There is no promise "${id.slice(0, 64)}"`);
}
