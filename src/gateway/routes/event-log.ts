/**
 * The log of events: its head for everybody, and entries and proofs for operators. Nothing in entries is personal; the salts
 * of an approval's events are for those who may see the approval's data.
 */
import type { IRouter, Request, Response } from "express";
import { isPromiseId } from "../../approval/ids.ts";
import type { EventLog } from "../../evidence/event-log.ts";
import { partsOf } from "../../evidence/note.ts";
import { ENTRIES_MAX } from "../../evidence/questions.ts";
import { type HeadSigner, signedHead } from "../../evidence/signed-head.ts";
import { withLines } from "../../evidence/witness/cosignature.ts";
import type { WitnessedHeads } from "../../evidence/witness/daily.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { LogEntries, LoggedApproval, LogProof } from "../../openapi/event-log-schemas.ts";
import type { Needs } from "../http/auth.ts";
import { addRoute } from "../http/routes.ts";

/** A checkpoint is the answer to everybody for so long: it needs no key, and costs a question to the engine. */
const KEPT_MS = 1_000;

export interface CheckpointOptions extends HeadSigner {
  /** Undefined where nobody asks witnesses. */
  readonly witnessed: () => WitnessedHeads | undefined;
}

export function addCheckpointRoutes(router: IRouter, options: CheckpointOptions): void {
  const { witnessed } = options;
  let kept: { readonly until: number; readonly note: Promise<string> } | undefined;
  addRoute(router, "/log/checkpoint", {
    GET: async (_req, res) => {
      const now = performance.now();
      if (kept === undefined || now > kept.until) kept = { until: now + KEPT_MS, note: signedHead(options) };
      const { note } = kept;
      try {
        sendNote(res, withCosignatures(await note, witnessed()?.note()));
      } catch (error) {
        if (kept?.note === note) kept = undefined;
        throw error;
      }
    },
  });
  addRoute(router, "/log/checkpoint/witnessed", {
    GET: (_req, res) => {
      const note = witnessed()?.note();
      if (note === undefined)
        throw new ServiceError("NOT_FOUND", "No witness has cosigned a head of this log");
      sendNote(res, note);
    },
  });
}

function sendNote(res: Response, note: string): void {
  res.set("Cache-Control", "public, max-age=1").set("Access-Control-Allow-Origin", "*");
  res.type("text/plain").send(note);
}

/** The head of now, and what witnesses said of it, if it is the one that they have seen. */
function withCosignatures(note: string, witnessed: string | undefined): string {
  const [now, seen] = [partsOf(note), witnessed === undefined ? undefined : partsOf(witnessed)];
  if (seen === undefined || now?.text !== seen.text) return note;
  return withLines(
    note,
    seen.lines.map(({ line }) => line),
  );
}

export function addEventLogRoutes(
  router: IRouter,
  { eventLog, needs }: { readonly eventLog: EventLog; readonly needs: Needs },
): void {
  addRoute(router, "/log/inclusion", {
    GET: needs("admin", async (req, res) => {
      answer(res, await eventLog.inclusion(numberIn(req, "index"), optionalIn(req, "size")));
    }),
  });
  addRoute(router, "/log/consistency", {
    GET: needs("admin", async (req, res) => {
      answer(res, await eventLog.consistency(numberIn(req, "older"), optionalIn(req, "size")));
    }),
  });
  addRoute(router, "/log/entries", {
    GET: needs("admin", async (req, res) => {
      const from = optionalIn(req, "from") ?? 0;
      const entries = await eventLog.entries(from, optionalIn(req, "limit") ?? ENTRIES_MAX);
      res.json({ from, entries: [...entries] } satisfies LogEntries);
    }),
  });
  addRoute(router, "/log/approvals/:id", {
    GET: needs("admin", async (req, res) => {
      const approval = String(req.params["id"]);
      const events = isPromiseId(approval) ? await eventLog.events(approval) : [];
      if (events.length === 0) {
        throw new ServiceError(
          "NOT_FOUND",
          `The log has no events of an approval "${approval.slice(0, 64)}"`,
        );
      }
      res.set("Cache-Control", "no-store").json({ approval, events: [...events] } satisfies LoggedApproval);
    }),
  });
}

function answer(res: Response, { size, proof }: { size: number; proof: readonly string[] }): void {
  res.json({ size, proof: [...proof] } satisfies LogProof);
}

function optionalIn(req: Request, field: string): number | undefined {
  return req.query[field] === undefined ? undefined : numberIn(req, field);
}

function numberIn(req: Request, field: string): number {
  const text = req.query[field];
  const number = typeof text === "string" && /^\d{1,15}$/u.test(text) ? Number(text) : undefined;
  if (number !== undefined) return number;
  const message = "must be a whole number from 0 on";
  throw new ServiceError("INVALID_FIELDS", `${field} ${message}`, { problems: [{ field, message }] });
}
