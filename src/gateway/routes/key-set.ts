/** The public keys, for everybody who verifies what we have signed. No key is needed. */
import type { IRouter } from "express";
import type { Signer } from "../../signing/signer.ts";
import { addRoute } from "../http/routes.ts";

/** How long a verifier may go on with the set that it has. */
const KEPT_S = 300;

export function addKeySetRoute(router: IRouter, { signer }: { readonly signer: Signer }): void {
  const headers = {
    // Not application/jwk-set+json: what clients of other libraries know is JSON.
    "Content-Type": "application/json",
    "Cache-Control": `public, max-age=${KEPT_S}`,
    "X-Content-Type-Options": "nosniff",
    // Public for every page too: there is nothing in it that only some may read.
    "Access-Control-Allow-Origin": "*",
  };
  const text = JSON.stringify(signer.keySet);
  addRoute(router, "/.well-known/countersign-keys.json", {
    GET: (_req, res) => void res.set(headers).send(text),
  });
}
