import { existsSync } from "node:fs";
import { loadSigningKeys, ownSigningKeysFile } from "../config/signing-keys.ts";
import { createSigner, type Signer } from "../signing/signer.ts";
import { type Cli, UsageError } from "./command.ts";

/** @throws UsageError where the gateway's keys are not at hand: nobody could verify what other keys have signed */
export function signerOf({ config }: Cli): Signer {
  const { list, file } = config.signingKeys;
  if (config.publicUrl === undefined)
    throw new UsageError("PUBLIC_URL must be set: it is the issuer of what is signed");
  if (list === undefined && file === undefined && !existsSync(ownSigningKeysFile(config))) {
    throw new UsageError(
      "There are no signing keys here: set SIGNING_KEYS or SIGNING_KEYS_FILE as for the gateway, or use its DATA_DIR",
    );
  }
  return createSigner({ keys: loadSigningKeys(config).sign, issuer: config.publicUrl });
}
