/** Rehearsals, for `countersign/testing` and for the command line. */
export {
  type Difference,
  differences,
  differencesText,
  type Expectation,
  parseExpectation,
} from "./expectation.ts";
export { FolderInUse, writeMails } from "./mail-files.ts";
export type { MailKind, RehearsedMail } from "./mails.ts";
export type { People } from "./people.ts";
export type { ScriptedReaction } from "./reaction.ts";
export {
  type Rehearsal,
  type RehearsalOptions,
  RehearsalRefused,
  type RehearsedAbsence,
  rehearse,
} from "./rehearse.ts";
export { countMails, durationText, instantText, type TimelineEntry, timelineLines } from "./timeline.ts";
