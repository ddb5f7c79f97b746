import { TRIES_MAX } from "../../approval/sign-in.ts";
import type { MessageKey, Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { messageContent } from "./message-content.ts";
import type { PageContent } from "./page-content.ts";
import { PASSKEY_FORM, PASSKEY_SCRIPT } from "./passkey-form.ts";
import { SIGN_IN_FORM, type SignInOver, type SignInPage } from "./sign-in-page.ts";

export function signInContent(page: SignInPage, messages: Messages): PageContent {
  const again = { href: "/inbox/sign-in", text: messages.text("signIn.again") };
  switch (page.view) {
    case "signIn": {
      const { email, problem, passkey } = page.data;
      const wrong = problem && messages.text("signIn.address.wrong");
      const content = formContent(
        "pages/sign-in",
        { email, problem: wrong, passkey, passkeyForm: PASSKEY_FORM },
        messages,
        "signIn.title",
      );
      return passkey === undefined
        ? content
        : { ...content, shell: { ...content.shell, script: PASSKEY_SCRIPT } };
    }
    case "signInCode": {
      const { email, form, left } = page.data;
      const problem = left === undefined ? undefined : messages.text("signIn.code.wrong", { left });
      const lead = messages.text("signIn.sent.lead", { address: email });
      return formContent(
        "pages/sign-in-code",
        { lead, value: form, problem, again },
        messages,
        "signIn.sent",
      );
    }
    case "signInLink": {
      const { email, form } = page.data;
      return formContent("pages/sign-in-link", { email, value: form }, messages, "signIn.link");
    }
    case "signInElsewhere":
      return messageContent(
        {
          headline: messages.text("signIn.elsewhere"),
          explanation: messages.text("signIn.elsewhere.lead"),
          icon: "info",
          steps: [messages.text("signIn.elsewhere.code"), messages.text("signIn.elsewhere.unasked")],
        },
        messages,
      );
    case "signInOver":
      return messageContent(
        {
          headline: messages.text("signIn.over"),
          explanation:
            page.data.because === "spent"
              ? messages.text("signIn.over.spent", { tries: TRIES_MAX })
              : messages.text(OVER[page.data.because]),
          icon: "closed",
          link: again,
        },
        messages,
      );
    case "signedOut":
      return messageContent(
        {
          headline: messages.text("signOut.done"),
          explanation: messages.text("signOut.done.lead"),
          icon: "closed",
          link: { href: "/inbox/sign-in", text: messages.text("signIn.title") },
        },
        messages,
      );
    default:
      return page satisfies never;
  }
}

const OVER = {
  passkey: "signIn.over.passkey",
  "spent-today": "signIn.over.today",
  used: "signIn.over.used",
  expired: "signIn.over.expired",
  unasked: "signIn.over.unasked",
  stale: "signIn.over.stale",
} as const satisfies Record<Exclude<SignInOver, "spent">, MessageKey>;

function formContent(
  template: string,
  locals: Locals,
  messages: Messages,
  title: "signIn.title" | "signIn.sent" | "signIn.link",
): PageContent {
  return {
    template,
    locals: { text: messages.text, title: messages.text(title), controls: SIGN_IN_FORM, ...locals },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title: messages.text(title),
      footer: messages.text("signIn.footer"),
    },
  };
}
