import type { Messages } from "../../../lib/messages.ts";
import { messageContent } from "../message-content.ts";
import type { PageContent } from "../page-content.ts";
import { ADMIN_FORM, type AdminPage } from "./admin-page.ts";

type Data = Extract<AdminPage, { view: "adminSignIn" }>["data"];

const FOOTER = "For those who look after this service. People who are asked for decisions need no account.";

export function entryContent({ key, provider, problem }: Data): PageContent {
  return {
    template: "admin/sign-in",
    locals: { key, provider, problem, control: ADMIN_FORM.key },
    shell: { title: "Sign in as an operator", footer: FOOTER },
  };
}

export function signedOutContent(messages: Messages): PageContent {
  const { shell, ...content } = messageContent(
    {
      headline: "You are signed out",
      explanation: "Nobody can act under your name in this browser any more.",
      icon: "closed",
      link: { href: "/admin/sign-in", text: "Sign in" },
    },
    messages,
  );
  return { ...content, shell: { ...shell, footer: FOOTER } };
}
