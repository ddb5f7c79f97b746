/**
 * The pages by which people sign in to their inbox, with the data that they need. `form` is what a form carries to show
 * that it is ours.
 *
 * - `signIn` (200; 422 with `problem`): asks for an address.
 * - `signInCode` (200; 422 with `left`): asks for the code of the mail. `left`: the last one was wrong, and so many tries
 *   are left.
 * - `signInLink` (200): the page of the mail's link, in the browser that asked.
 * - `signInElsewhere` (200): the same in any other browser. It can only say what to do.
 * - `signInOver` (403, 410): this attempt signs nobody in.
 * - `signedOut` (200)
 */
export type SignInPage =
  | {
      readonly view: "signIn";
      readonly data: {
        readonly email: string;
        readonly problem?: "address";
        /** What the browser is asked to sign in by, as JSON, where passkeys are possible. */
        readonly passkey?: string;
      };
    }
  | { readonly view: "signInCode"; readonly data: Attempted & { readonly left?: number } }
  | { readonly view: "signInLink"; readonly data: Attempted }
  | { readonly view: "signInElsewhere" }
  | { readonly view: "signInOver"; readonly data: { readonly because: SignInOver } }
  | { readonly view: "signedOut" };

interface Attempted {
  readonly email: string;
  readonly form: string;
}

/**
 * `passkey`: it is not known here, or what it signed is not good. `unasked`: this browser has asked for nothing, or too
 * long ago. `stale`: the form is of another session.
 */
export type SignInOver = "passkey" | "spent" | "spent-today" | "used" | "expired" | "unasked" | "stale";

/** Names of the controls. */
export const SIGN_IN_FORM = { email: "email", code: "code", form: "form", everywhere: "everywhere" } as const;
