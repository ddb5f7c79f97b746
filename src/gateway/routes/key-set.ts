/** The public keys, for everybody who verifies what we have signed. No key is needed. */
import type { IRouter } from "express";
import { originOf } from "../../evidence/checkpoint.ts";
import { verifierKey } from "../../evidence/note.ts";
import type { Signer } from "../../signing/signer.ts";
import { addRoute } from "../http/routes.ts";

/** How long a verifier may go on with the set that it has. */
const KEPT_S = 300;

export interface KeySetOptions {
  readonly signer: Signer;
  /** Seeds of the keys that sign the log's head. */
  readonly logKeys: readonly Uint8Array[];
  /** Public keys of those that sign callbacks. */
  readonly callbackKeys: () => readonly string[];
  readonly publicUrl: string;
}

export function addKeySetRoute(
  router: IRouter,
  { signer, logKeys, callbackKeys, publicUrl }: KeySetOptions,
): void {
  const headers = {
    // Not application/jwk-set+json: what clients of other libraries know is JSON.
    "Content-Type": "application/json",
    "Cache-Control": `public, max-age=${KEPT_S}`,
    "X-Content-Type-Options": "nosniff",
    // Public for every page too: there is nothing in it that only some may read.
    "Access-Control-Allow-Origin": "*",
  };
  const log = logKeys.map((seed) => verifierKey(originOf(publicUrl), seed));
  const text = () => {
    const callbacks = callbackKeys();
    return JSON.stringify({
      ...signer.keySet,
      ...(log.length === 0 ? {} : { log }),
      ...(callbacks.length === 0 ? {} : { callbacks }),
    });
  };
  addRoute(router, "/.well-known/countersign-keys.json", {
    GET: (_req, res) => void res.set(headers).send(text()),
  });
}
