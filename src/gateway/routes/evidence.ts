/**
 * `GET /approvals/:id/receipt`, `/bundle`, `/attestation`, and `GET /approvals/:id/ballots/:n/receipt`: what was decided,
 * signed for strangers. It is signed when it is asked for, so no decision waits for it. The same receipt comes back each
 * time (`src/proof/receipt.ts`).
 */
import type { IRouter, Request, Response } from "express";
import { type Course, courseOf } from "../../approval/course.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { SignedReceipt } from "../../openapi/evidence-schemas.ts";
import { type Bundle, bundleOf } from "../../proof/bundle.ts";
import { evidenceHash, evidenceOf } from "../../proof/evidence.ts";
import { decisionReceipt, outcomeReceipt } from "../../proof/receipt.ts";
import { STATEMENT_TYPE, statementOf } from "../../proof/statement.ts";
import { readUses } from "../../service/approvals/uses.ts";
import type { Signer } from "../../signing/signer.ts";
import type { Needs } from "../http/auth.ts";
import { noteApproval } from "../http/context.ts";
import { sendJson } from "../http/json.ts";
import { addRoute } from "../http/routes.ts";
import { approvalNamed, unknownApproval } from "./approval-view.ts";

export interface EvidenceRoutesOptions {
  readonly needs: Needs;
  readonly durable: Durable;
  readonly signer: Signer;
}

export function addEvidenceRoutes(router: IRouter, { needs, durable, signer }: EvidenceRoutesOptions): void {
  const read = async (req: Request, res: Response) => {
    const { root } = await approvalNamed(durable, req.params["id"]);
    noteApproval(res, root.id);
    return await readCourse(durable, root);
  };

  addRoute(router, "/approvals/:id/receipt", {
    GET: needs("approvals:read", async (req, res) => {
      const { course, children } = await read(req, res);
      const evidence = evidenceHash(evidenceOf(course.root, children));
      const claims = outcomeReceipt(course, evidence);
      if (claims === undefined) throw new ServiceError("CONFLICT", "There is no outcome to sign yet");
      res.json(await signed(signer, claims));
    }),
  });

  const readBundle = async (req: Request, res: Response): Promise<Bundle> => {
    const { course, children } = await read(req, res);
    const bundle = await bundleOf(course.root, children, await readUses(durable, course.root), signer);
    if (bundle === undefined) throw new ServiceError("CONFLICT", "There is no outcome to sign yet");
    return bundle;
  };

  addRoute(router, "/approvals/:id/bundle", {
    GET: needs("approvals:read", async (req, res) => {
      sendJson(res, JSON.stringify(await readBundle(req, res)));
    }),
  });

  addRoute(router, "/approvals/:id/attestation", {
    GET: needs("approvals:read", async (req, res) => {
      const statement = statementOf(await readBundle(req, res));
      sendJson(res, JSON.stringify(signer.seal(STATEMENT_TYPE, statement)));
    }),
  });

  addRoute(router, "/approvals/:id/ballots/:n/receipt", {
    GET: needs("approvals:read", async (req, res) => {
      const { course } = await read(req, res);
      const named = String(req.params["n"]);
      const ballot = course.ballots.find(({ ballot: { n } }) => String(n) === named)?.ballot;
      if (ballot === undefined)
        throw new ServiceError("NOT_FOUND", `The approval has no ballot "${named.slice(0, 64)}"`);
      const claims = decisionReceipt(course, ballot.n);
      if (claims === undefined) throw new ServiceError("CONFLICT", "The ballot has no answer to sign");
      res.json(await signed(signer, claims));
    }),
  });
}

async function signed(signer: Signer, claims: object): Promise<SignedReceipt> {
  const receipt = await signer.sign("countersign-receipt+jwt", { ...claims });
  return { receipt, claims: { ...claims, iss: signer.issuer } };
}

async function readCourse(
  durable: Durable,
  root: StoredPromise,
): Promise<{ readonly course: Course; readonly children: readonly StoredPromise[] }> {
  const children = await durable.children(root.id);
  const course = courseOf(root, children);
  if (course === undefined) throw unknownApproval(root.id);
  return { course, children };
}
