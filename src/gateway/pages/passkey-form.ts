/** The forms with which a browser posts what it says about a passkey. */
import { PASSKEY_LABEL_CHARS_MAX } from "../../approval/passkey.ts";
import type { ActField } from "./act-form.ts";

/** The only script of these pages. */
export const PASSKEY_SCRIPT = "passkey.js";

/** Names of the controls. The script fills in `credential`. */
export const PASSKEY_FORM = { label: "label", credential: "credential" } as const;

/** JSON with two kilobytes of base64url, and room for devices that say more. */
export const PASSKEY_FORM_BYTES_MAX = 32 * 1024;

/** What a person calls their passkey. */
export const PASSKEY_LABEL = {
  name: PASSKEY_FORM.label,
  kind: "line",
  charsMax: PASSKEY_LABEL_CHARS_MAX,
  isRequired: true,
} as const satisfies ActField;
