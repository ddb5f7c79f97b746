/** `GET /admin/overview`: figures, and what is stuck. `GET /admin/callbacks`: those that failed. */
import type { IRouter } from "express";
import { KIND_TAG } from "../../../approval/ids.ts";
import type { TasksFound } from "../../../durable/administration.ts";
import type { Durable } from "../../../durable/durable.ts";
import type { WitnessState } from "../../../evidence/witness/daily.ts";
import type { Ledger } from "../../../ledger/ledger.ts";
import { ServiceError } from "../../../lib/errors.ts";
import { createOverview } from "../../../service/admin/overview.ts";
import { CALLBACKS_MAX, listCallbacks } from "../../../service/callbacks/look-after.ts";
import { addRoute } from "../../http/routes.ts";
import type { Pages } from "../../pages/pages.ts";
import type { Entrance } from "./signed-in.ts";

export interface AdminOverviewOptions {
  readonly durable: Durable;
  readonly ledger: Pick<Ledger, "list">;
  /** Halted workflows; undefined where the engine cannot say. */
  readonly halted?: (() => Promise<TasksFound | undefined>) | undefined;
  /** Those that cosign the log's head; undefined where there are none. */
  readonly witnesses?: (() => readonly WitnessState[] | undefined) | undefined;
  readonly entrance: Entrance;
  readonly pages: Pages;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export function addAdminOverviewRoutes(router: IRouter, options: AdminOverviewOptions): void {
  const { durable, entrance, pages, halted = async () => undefined, witnesses } = options;
  const readOverview = createOverview(options);

  addRoute(router, "/admin/overview", {
    GET: entrance.viewing(async (_req, res, operator) => {
      const stuck = await halted();
      const named = stuck && (await Promise.all(stuck.tasks.map(({ id }) => kindOf(durable, id))));
      const isLeast = stuck?.truncated === true;
      const states = witnesses?.();
      const shown = {
        operator,
        ...(named === undefined ? {} : { halted: { named, isLeast } }),
        ...(states === undefined ? {} : { witnesses: states }),
      };
      try {
        const data = { ...shown, overview: await readOverview() };
        pages.render(res, { status: 200, view: "adminOverview", data });
      } catch (error) {
        if (!(error instanceof ServiceError) || error.code !== "INDEX_UNAVAILABLE") throw error;
        const data = { ...shown, unavailable: error.message };
        pages.render(res, { status: 503, view: "adminOverview", data });
      }
    }),
  });

  addRoute(router, "/admin/callbacks", {
    GET: entrance.viewing(async (_req, res, operator) => {
      const found = await listCallbacks(durable, { status: "failed" });
      const data = {
        operator,
        ...(found === undefined ? {} : { callbacks: found.callbacks }),
        ...(found?.truncated === true ? { lookedAt: CALLBACKS_MAX } : {}),
      };
      pages.render(res, { status: 200, view: "adminCallbacks", data });
    }),
  });
}

/** Only approvals have a page here. */
async function kindOf(durable: Durable, id: string) {
  const promise = await durable.read(id);
  return { id, isApproval: promise?.tags[KIND_TAG] === "approval" };
}
