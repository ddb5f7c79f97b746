import {
  createMailer as create,
  type Mailer,
  type MailerOptions,
} from "../../../../src/channels/mail/mailer.ts";
import { seams } from "./seams.ts";

export * from "../../../../src/channels/mail/mailer.ts";

export function createMailer(options: MailerOptions): Mailer {
  return seams.mailer ?? create(options);
}
