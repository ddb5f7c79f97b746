import { PASSKEY_PLACES_MAX } from "../../approval/passkey.ts";
import { dateText } from "../../lib/date-text.ts";
import type { Messages } from "../../lib/messages.ts";
import { fieldControl } from "./act-controls.ts";
import type { PasskeysPage } from "./inbox-page.ts";
import { passkeyHref } from "./inbox-paths.ts";
import { DECISION_FORM } from "./page.ts";
import type { PageContent } from "./page-content.ts";
import { PASSKEY_FORM, PASSKEY_LABEL, PASSKEY_SCRIPT } from "./passkey-form.ts";

/** A person's passkeys, and the form by which their browser makes one. */
export function passkeysContent(
  { visitor, passkeys, options, limit, values, faults, problem }: PasskeysPage,
  messages: Messages,
): PageContent {
  const dateOf = (atMs: number) => dateText(atMs, { locale: messages.locale });
  return {
    template: "pages/passkeys",
    locals: {
      text: messages.text,
      passkeys: passkeys.map(({ n, label, addedAtMs, endsAtMs }) => ({
        label,
        added: dateOf(addedAtMs),
        ends: dateOf(endsAtMs),
        remove: `${passkeyHref(n)}/remove`,
      })),
      options,
      limitText: limit === undefined ? undefined : problemText(limit, messages),
      problem: problem === undefined ? undefined : problemText(problem, messages),
      label: fieldControl(PASSKEY_LABEL, { values, faults, label: messages.text("passkey.label") }, messages),
      form: DECISION_FORM,
      passkeyForm: PASSKEY_FORM,
      session: visitor.form,
    },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title: messages.text("passkey.title"),
      note: visitor.email,
      homeHref: "/inbox",
      footer: messages.text("inbox.footer"),
      ...(options === undefined ? {} : { script: PASSKEY_SCRIPT }),
    },
  };
}

function problemText(problem: NonNullable<PasskeysPage["problem"]>, messages: Messages): string {
  return problem === "spent"
    ? messages.text("passkey.spent", { n: PASSKEY_PLACES_MAX })
    : messages.text(PROBLEMS[problem]);
}

const PROBLEMS = {
  fields: "page.problem.fields",
  unchecked: "passkey.problem.unchecked",
  full: "passkey.full",
} as const;
