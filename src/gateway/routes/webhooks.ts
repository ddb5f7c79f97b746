/**
 * `POST /webhooks/:source`: the ladder that a delivery climbs, each step before the next one costs anything:
 * method 405, source 404, length 413, headers and time 401, signature 401 (over the bytes as they came), content 400,
 * mapping 422, 403 or 404, and then the effect.
 */

import type { IRouter, Request, Response } from "express";
import { ERRORS, ServiceError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { Measures } from "../../lib/measures.ts";
import { WEBHOOK_BODY_BYTES_MAX } from "../../openapi/limits.ts";
import { type Taken, type TakeOptions, takeDelivery } from "../../service/webhooks/take-delivery.ts";
import { readEvents, type WebhookEvent } from "../../webhooks/events.ts";
import type { ReportEvent } from "../../webhooks/mapping.ts";
import type { Source, Sources } from "../../webhooks/source.ts";
import { type Accepted, type Challenge, type Head, type Refused, sha256Hex } from "../../webhooks/verify.ts";
import { audit, noteRefusal } from "../http/audit.ts";
import { readRaw } from "../http/body.ts";
import { requestIdOf } from "../http/context.ts";
import { publicDetail } from "../http/problem.ts";
import { addRoute } from "../http/routes.ts";

export interface WebhookRoutesOptions extends TakeOptions {
  readonly sources: Sources;
  readonly log: Logger;
  /** Default: nothing is measured. */
  readonly measures?: Measures | undefined;
  /** What senders that sign the address have signed: ours, whatever the request's `Host` says. */
  readonly publicUrl: string;
  readonly formerPublicUrls: readonly string[];
}

/** Events of one list taken at once: the engine writes them together. */
const EVENTS_AT_ONCE = 16;

export function addWebhookRoutes(router: IRouter, options: WebhookRoutesOptions): void {
  addRoute(router, "/webhooks/:source", {
    POST: async (req, res) => {
      const source = options.sources.get(String(req.params["source"]));
      if (source === undefined)
        throw new ServiceError("NOT_FOUND", "There is no webhook source of this name");
      const { body, replayKey, confirm } = await verified(options, source, req, res);
      if (confirm !== undefined) {
        await confirm();
        const who = `webhook:${source.name}`;
        audit(res, { who, what: "webhook.confirm", about: source.name, outcome: "confirmed" });
        options.log.info({ requestId: requestIdOf(res), source: source.name }, "webhook confirmed");
        return answerChallenge(res, { kind: "empty" });
      }
      const events =
        source.scheme.format === "mail"
          ? [{ event: await reportEvent(body), replayKey }]
          : readEvents(source, body, replayKey);
      const challenge = source.batch ? undefined : source.scheme.challenge?.(events[0]?.event);
      if (challenge !== undefined) return answerChallenge(res, challenge);
      const bodySha256 = sha256Hex(body);
      const answers = await takeAll(events, (event) => take(options, source, { ...event, bodySha256 }, res));
      if (source.batch) res.json({ source: source.name, deliveries: answers });
      else res.json({ source: source.name, ...answers[0] });
    },
  });
}

/** A report about a mail that comes as a whole mail. */
async function reportEvent(body: Buffer): Promise<ReportEvent> {
  // Its libraries are only needed where there is such a source.
  const { readReport } = await import("../../bounces/report.ts");
  const read = await readReport(body);
  return read.ok ? { to: read.to, report: read.report } : { why: read.why };
}

/** The bytes, once their origin is shown. Nothing is read before the headers are in order. */
async function verified(
  { clock, publicUrl, formerPublicUrls, log }: WebhookRoutesOptions,
  source: Source,
  req: Request,
  res: Response,
): Promise<Omit<Accepted, "ok"> & { readonly body: Buffer }> {
  const refused = ({ reason, detail }: Refused): ServiceError => {
    noteRefusal(res, `signature: ${reason}`, `webhook:${source.name}`);
    log.warn({ requestId: requestIdOf(res), source: source.name, reason }, "webhook refused");
    // The body may be unread, and would be taken for the next request.
    if (!req.complete) res.set("Connection", "close");
    return new ServiceError("UNAUTHENTICATED", detail);
  };
  if (Number(req.headers["content-length"] ?? 0) > WEBHOOK_BODY_BYTES_MAX) {
    throw new ServiceError("PAYLOAD_TOO_LARGE", `The body must be at most ${WEBHOOK_BODY_BYTES_MAX} bytes`);
  }
  const opened = source.scheme.verify(headOf(req, originOf(req, [publicUrl, ...formerPublicUrls])), clock());
  if (!opened.ok) throw refused(opened);
  const body = await readRaw(req, WEBHOOK_BODY_BYTES_MAX);
  const accepted = await opened.check(body);
  if (!accepted.ok) throw refused(accepted);
  return { ...accepted, body };
}

/** The one of our origins that was called, which some senders sign; behind a proxy that renames us, the first. */
function originOf({ headers }: Request, [publicUrl = "", ...former]: readonly string[]): string {
  return former.find((origin) => new URL(origin).host === headers.host) ?? publicUrl;
}

function headOf(req: Request, origin: string): Head {
  return {
    // Node joins repeated headers with commas; here a second one must show.
    values: (name) => req.headersDistinct[name] ?? [],
    names: () => Object.keys(req.headersDistinct),
    url: `${origin}${req.originalUrl}`,
  };
}

/** What becomes of one event, in the log by ids only. */
async function take(
  options: WebhookRoutesOptions,
  source: Source,
  event: WebhookEvent & { readonly bodySha256: string },
  res: Response,
): Promise<Taken> {
  const line = { requestId: requestIdOf(res), source: source.name };
  try {
    if (event.problem !== undefined) throw event.problem;
    const taken = await takeDelivery(options, source, event);
    const { delivery, duplicate, result, effective, promise, why } = taken;
    audit(res, {
      who: `webhook:${source.name}`,
      what: "webhook",
      about: promise ?? delivery,
      delivery,
      duplicate,
      effective,
      outcome: result,
    });
    options.measures?.count("countersign.webhooks", { source: source.name, result });
    options.log.info({ ...line, delivery, duplicate, result, effective, promise, why }, "webhook taken");
    return taken;
  } catch (error) {
    options.measures?.count("countersign.webhooks", { source: source.name, result: "not-taken" });
    if (error instanceof ServiceError && ERRORS[error.code].status < 500) {
      options.log.warn({ ...line, code: error.code, why: publicDetail(error) }, "webhook not taken");
    }
    throw error;
  }
}

/** All of them, though one fails; then the failure is thrown, and the sender's next try finds the others done. */
async function takeAll(
  events: readonly WebhookEvent[],
  takeOne: (event: WebhookEvent) => Promise<Taken>,
): Promise<Taken[]> {
  const taken: Taken[] = [];
  const failed: unknown[] = [];
  for (let first = 0; first < events.length; first += EVENTS_AT_ONCE) {
    const settled = await Promise.allSettled(events.slice(first, first + EVENTS_AT_ONCE).map(takeOne));
    for (const one of settled) {
      if (one.status === "fulfilled") taken.push(one.value);
      else failed.push(one.reason);
    }
  }
  if (failed.length > 0) throw failed[0];
  return taken;
}

function answerChallenge(res: Response, challenge: Challenge): void {
  switch (challenge.kind) {
    case "text":
      return void res.type("text/plain").send(challenge.text);
    case "json":
      return void res.json(challenge.json);
    case "empty":
      return void res.status(204).end();
  }
}
