/** `GET /callback-deliveries`, `GET /callback-deliveries/:id`, `POST /callback-deliveries/:id/replay`. */
import type { IRouter, Response } from "express";
import { isPromiseId } from "../../approval/ids.ts";
import {
  type CallbackDetails,
  type CallbackView,
  callbacksStartedBy,
  viewCallback,
} from "../../approval/stored-callback.ts";
import { allows } from "../../auth/scopes.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { currentTime } from "../../durable/engine-time.ts";
import { type FieldProblem, ServiceError } from "../../lib/errors.ts";
import { listCallbacks, readCallback, replayCallback } from "../../service/callbacks/look-after.ts";
import { audit } from "../http/audit.ts";
import { callerOf, type Needs } from "../http/auth.ts";
import { addRoute } from "../http/routes.ts";

export interface CallbackRoutesOptions {
  readonly needs: Needs;
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** A new id. */
  readonly newId: () => string;
}

/** An approval of 50 people has 152 events; with more receivers, `GET /callback-deliveries` shows the rest. */
const SHOWN_MAX = 200;

const STATUSES: readonly CallbackView["status"][] = ["pending", "delivered", "gone", "failed"];

export function addCallbackRoutes(
  router: IRouter,
  { needs, durable, clock, newId }: CallbackRoutesOptions,
): void {
  addRoute(router, "/callback-deliveries", {
    GET: needs(READERS, async (req, res) => {
      const found = await listCallbacks(durable, readFilter(req.query));
      if (found === undefined) {
        throw new ServiceError(
          "INVALID_REQUEST",
          "The Resonate server cannot search: ask for a callback by its id",
        );
      }
      res.json({ ...found, callbacks: found.callbacks.filter((view) => may(res, "read", view)) });
    }),
  });

  addRoute(router, "/callback-deliveries/:id", {
    GET: needs(READERS, async (req, res) => {
      res.json(await permitted(res, "read", req.params["id"]));
    }),
  });

  addRoute(router, "/callback-deliveries/:id/replay", {
    POST: needs(SENDERS, async (req, res) => {
      const { id } = await permitted(res, "send", req.params["id"]);
      const view = await replayCallback(durable, id, {
        nowMs: await currentTime({ durable, clock }),
        newId: newId(),
      });
      audit(res, { what: "replay", about: id, replay: view.id, outcome: view.status });
      res
        .status(202)
        .location(`/callback-deliveries/${encodeURIComponent(view.id)}`)
        .json(view);
    }),
  });

  /** What a caller may not see is not there for them. */
  async function permitted(res: Response, right: Right, given: unknown): Promise<CallbackDetails> {
    const details = await readCallback(durable, possibleId(given));
    if (may(res, right, details)) return details;
    throw unknown(details.id);
  }
}

/** Who may look after callbacks: callers who may do the same with what the callbacks report. */
const SCOPES = {
  read: { approval: "approvals:read", workflow: "workflows:read" },
  send: { approval: "approvals:create", workflow: "workflows:begin" },
} as const;
const READERS = Object.values(SCOPES.read);
const SENDERS = Object.values(SCOPES.send);

type Right = keyof typeof SCOPES;

function may(res: Response, right: Right, { type }: CallbackView): boolean {
  const { approval, workflow } = SCOPES[right];
  return allows(callerOf(res)?.scopes ?? [], [type === "workflow.completed" ? workflow : approval]);
}

/** The callbacks of an approval, as its children tell of them; nothing if there are none. */
export async function callbacksOf(
  durable: Durable,
  children: readonly StoredPromise[],
): Promise<{ readonly callbacks?: readonly CallbackView[] }> {
  const ids = [...new Set(children.flatMap(callbacksStartedBy))].slice(0, SHOWN_MAX);
  if (ids.length === 0) return {};
  const records = await Promise.all(ids.map((id) => durable.read(id)));
  return { callbacks: records.flatMap((record) => (record && viewCallback(record)) ?? []) };
}

function readFilter(query: Readonly<Record<string, unknown>>) {
  const problems: FieldProblem[] = [];
  for (const name of Object.keys(query)) {
    if (name !== "status" && name !== "about") {
      problems.push({ field: name.slice(0, 64), message: "is not a known parameter: use status, about" });
    }
  }
  const { about } = query;
  const status = STATUSES.find((each) => each === query["status"]);
  if (query["status"] !== undefined && status === undefined) {
    problems.push({ field: "status", message: `must be ${STATUSES.join(", ")}, given once` });
  }
  if (about !== undefined && (typeof about !== "string" || !isPossible(about))) {
    problems.push({ field: "about", message: "must be the id of an approval or workflow, given once" });
  }
  const [first] = problems;
  if (first === undefined) return { status, about: about as string | undefined };
  throw new ServiceError("INVALID_REQUEST", `${first.field} ${first.message}`, { problems });
}

/** @throws ServiceError NOT_FOUND for what can be no promise's id */
function possibleId(given: unknown): string {
  const id = String(given);
  if (isPossible(id)) return id;
  throw unknown(id);
}

function unknown(id: string): ServiceError {
  return new ServiceError("NOT_FOUND", `There is no callback "${id.slice(0, 100)}"`);
}

function isPossible(id: string): boolean {
  return isPromiseId(id);
}
