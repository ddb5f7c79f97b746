import type { InPlaceOf } from "../../approval/absence.ts";
import type {
  ApprovalRequest,
  Content,
  Door,
  OutcomeKind,
  Person,
  SignedInBy,
} from "../../approval/approval.ts";
import type { ContentChange } from "../../approval/content-changes.ts";
import type { Doer, Program } from "../../approval/doer.ts";
import type { Explanation } from "../../approval/evaluate/evaluation.ts";
import type { FieldAnswerProblem, FieldFault, FieldValues } from "../../approval/field-answers.ts";
import type { DoNotAsk, DoNotAskRequest } from "../../approval/refusal/do-not-ask.ts";
import { type ChoiceRule, COMMENT_CHARS_MAX, type OnDeadline } from "../../approval/schema.ts";
import type { ClosedBecause } from "../../approval/standing.ts";
import type { Why } from "../../approval/why.ts";
import type { Refusal } from "../../service/approvals/act.ts";
import type { AdminPage } from "./admin/admin-page.ts";
import type { FormProblem } from "./decision-form.ts";
import type { EditRow } from "./edit-form.ts";
import type { InboxPage, Visiting } from "./inbox-page.ts";
import type { RefusalPage, StandingPage } from "./revoke-pages.ts";
import type { SignInPage } from "./sign-in-page.ts";

/** An answer that was given. */
export type Answer = Pick<ChoiceRule, "value" | "effect" | "label">;

/** One of the people who are asked, and what is known of their answer. */
export interface AskedPerson {
  readonly person: Person;
  /** Whether it is the person whose page this is. */
  readonly isReader: boolean;
  readonly state:
    | { readonly kind: "open" | "recused" | "none" }
    /** `replace`: path of the form that asks somebody else, if that can be done. */
    | { readonly kind: "unreached"; readonly replace?: string }
    | { readonly kind: "reassigned"; readonly to: Person }
    /** `atMs`: when the answer was given, in milliseconds since 1970. */
    | {
        readonly kind: "answered";
        readonly answer: Answer;
        readonly atMs: number;
        readonly comment?: string;
        readonly entered?: Entered;
      };
}

/** How an answer came in that a program gave in the person's place. */
export interface Entered extends Program {
  readonly door: Door;
}

/** One approver's open or closed question. */
export interface Asked {
  /** Pages pick from it by name what they show. */
  readonly request: ApprovalRequest;
  /** The approval's id. */
  readonly reference: string;
  /** The person in whose name the holder of the link decides. */
  readonly approver: Person;
  /** The name of the API key that asked. */
  readonly program?: string;
  /** Once it is approved: numbers of the items that are not run. */
  readonly leftOut?: readonly number[];
  /** Those who are away, and in whose place they are asked. */
  readonly inPlaceOf?: readonly InPlaceOf[];
  readonly choices: readonly ChoiceRule[];
  /** Indexes of the stage, and of the groups in it, in which the answer counts. Absent: the first. */
  readonly stage?: number;
  readonly groups?: readonly number[];
  /** Where the approval stands, while it is open. */
  readonly explanation?: Explanation;
  /** When the stage or the approval is over, whichever comes first, and what follows. */
  readonly deadlineAtMs: number;
  readonly onDeadline: OnDeadline;
  /** The present, in milliseconds since 1970. */
  readonly nowMs: number;
  /** SHA-256 of what this person was shown, if it is not what `request` has now. */
  readonly contentHash?: string;
  /** Who is asked with this person; of an approval that has ended, everybody who was asked. */
  readonly people: readonly AskedPerson[];
  /** What is not as it was in the round before, and why, in the words of the person who changed it. */
  readonly changed?: { readonly changes: readonly ContentChange[]; readonly note?: string };
  /** Why it has ended as it did, once that is recorded. */
  readonly why?: Why;
}

/** How the approval was cancelled. */
export interface Cancelled extends Program {
  readonly atMs: number;
  readonly reason?: string;
  /** The address of the person who did it. */
  readonly by?: string;
}

/** What the stored ballot says. */
export type Standing =
  | ({
      readonly kind: "decided";
      readonly answer: Answer;
      /** The decider's address; the approver's own name is shown when it is theirs. */
      readonly by: string;
      readonly door: Door;
      /** How the person had signed in to the inbox, if that is recorded. */
      readonly signedInBy?: SignedInBy;
      /** The engine's `settledAt`. */
      readonly atMs: number;
      readonly comment?: string;
      readonly fields?: FieldValues;
      readonly except?: readonly number[];
      /** What is not to be asked again. */
      readonly doNotAsk?: DoNotAsk;
      /** Until when the answer can be taken back, if it can. */
      readonly undoUntilMs?: number;
      /** How the approval ended, once that is recorded. */
      readonly outcome?: OutcomeKind;
      /** Given where that is by a cancellation. */
      readonly cancelled?: Cancelled;
      /** The question was changed after the answer and asked again, so that the answer counts no more. */
      readonly isChanged?: boolean;
    } & Program)
  /** The ballot is closed: the approval ended (by its deadline: `expired`), or it goes on without this ballot. */
  | ({
      readonly kind: "closed";
      readonly because: ClosedBecause;
      readonly atMs?: number;
      /** Why the approval was cancelled, or the ballot handed on, in the words of the person who did it. */
      readonly reason?: string;
      /** Whom it was handed to. */
      readonly to?: Person;
      /** The address of the person who did it. */
      readonly by?: string;
      readonly outcome?: OutcomeKind;
    } & Program);

/** A form that was not taken, with all that the person wrote. */
export interface Rejected {
  readonly problem: FormProblem;
  readonly comment: string;
  /** Text of each field, by its name. */
  readonly fields: ReadonlyMap<string, string>;
  readonly fieldProblems: readonly FieldAnswerProblem[];
  /** Numbers of the items that were struck out. */
  readonly struck?: readonly number[];
  /** What was not to be asked again. */
  readonly doNotAsk?: DoNotAskRequest | undefined;
}

/** What the person who is asked can do instead of answering. */
export type BallotAct = "reassign" | "recuse";

/** Given where the reader is signed in, and has not come by a link. */
interface Visited {
  readonly visitor?: Visiting;
}

/** Something that a person can do about an open approval besides answering. */
export interface ActPage extends Visited {
  readonly act: BallotAct | "cancel" | "extend" | "replace";
  /** In whose place somebody else is to be asked. */
  readonly instead?: Person;
  /** Who reads the page. */
  readonly reader: Person;
  /** Of the request. */
  readonly title: string;
  /** The approval's id. */
  readonly reference: string;
  /** Path of the page that this one belongs to. */
  readonly back: string;
  /** What was filled in, by the control's name. */
  readonly values: ReadonlyMap<string, string>;
  /** What is wrong with it. */
  readonly faults: ReadonlyMap<string, FieldFault>;
  /** Names this form, with 128 random bits in base64url. */
  readonly press: string;
  /** Why it was not done. */
  readonly refused?: Refusal;
  /** How the approval would end by this alone. */
  readonly outcome?: OutcomeKind;
}

/** The form by which an approver changes arguments. */
export interface EditPage extends Omit<ActPage, "act" | "outcome" | "instead"> {
  /** What can be changed. */
  readonly rows: readonly EditRow[];
  /** Names of the controls with a value that does not fit. */
  readonly wrong: ReadonlySet<string>;
}

/** What was tried, on a page that tells why it was not done. */
export type TriedAct = BallotAct | "undo";

/** Who asks for changes, and what they said. */
export interface ChangesAsked {
  readonly by: Person;
  readonly comment?: string;
  readonly entered?: Entered;
}

/** What happened to an approval. Times in milliseconds since 1970. */
export type TimelineEntry = {
  readonly atMs: number;
  /** Who did it in place of the people of the approval. */
  readonly doer?: Doer;
} & (
  | { readonly kind: "requested" }
  | { readonly kind: "asked"; readonly people: readonly Person[] }
  | {
      readonly kind: "answered";
      readonly who: Person;
      readonly answer: Answer;
      readonly comment?: string;
      readonly entered?: Entered;
    }
  | { readonly kind: "undone"; readonly who: Person }
  | { readonly kind: "reassigned"; readonly who: Person; readonly to: Person; readonly comment?: string }
  | { readonly kind: "recused"; readonly who: Person; readonly comment?: string }
  | { readonly kind: "extended"; readonly untilMs: number; readonly comment?: string }
  | { readonly kind: "changed"; readonly comment?: string }
  | { readonly kind: "cancelled"; readonly comment?: string }
  | { readonly kind: "ended"; readonly outcome: OutcomeKind | "failed" }
);

/** Paths of what the person who asked can do. */
export interface RequestActs {
  readonly cancel: string;
  readonly change?: string;
  readonly extend?: string;
  readonly remind?: string;
}

/** An approval, for the person who asked. */
export interface RequestPage extends Visited {
  /** With the content of the present round. */
  readonly request: ApprovalRequest;
  /** As of `Asked`. */
  readonly leftOut?: readonly number[];
  readonly requester: Person;
  /** The approval's id. */
  readonly reference: string;
  readonly status: "pending" | OutcomeKind | "failed";
  /** Where it stands, while it is open. */
  readonly explanation?: Explanation;
  /** As of `Asked`, with the index of the stage that is open. */
  readonly deadlineAtMs: number;
  readonly onDeadline: OnDeadline;
  readonly stage: number;
  /** The present, in milliseconds since 1970. */
  readonly nowMs: number;
  /** Everybody of the round that is open, or was last. */
  readonly people: readonly AskedPerson[];
  readonly timeline: readonly TimelineEntry[];
  /** Why it ended as it did. */
  readonly why?: Why;
  /** Why it was cancelled. */
  readonly reason?: string;
  /** Given while it waits for the requester. */
  readonly changes?: ChangesAsked;
  /** What can be done, while anything can. */
  readonly acts?: RequestActs;
  /** Path of the page of the standing approval, if that was granted. */
  readonly standingApproval?: string;
  /** Path of the page of the standing refusal, if people have said so. */
  readonly standingRefusal?: string;
  /** Path of the signed receipt of the outcome, once there is one. */
  readonly signed?: string;
  /** Names the form that reminds, with 128 random bits in base64url. */
  readonly press: string;
  /** What came of a press on this page. Of an act: that it came too late. */
  readonly notice?:
    | { readonly kind: "reminded"; readonly people: number }
    | {
        readonly kind: "too-soon" | "too-many-mails" | "nobody" | "cancel" | "change" | "extend" | "replace";
      };
}

/** The form by which the person who asked changes the question. */
export interface ChangePage extends Omit<ActPage, "act" | "reader" | "outcome"> {
  readonly requester: Person;
  readonly changes?: ChangesAsked;
  /** What those who are asked again will see. */
  readonly preview?: { readonly content: Content; readonly note: string | undefined };
  /** Whether nothing was changed, nor said. */
  readonly isSame?: boolean;
}

/** What a page about a settled ballot can say beside how it stands. */
interface AfterPress {
  /** Path of the page of a standing approval that the reader has granted. */
  readonly standingApproval?: string;
  /** Path of the page of a standing refusal that the reader has said. */
  readonly standingRefusal?: string;
  /** Path that takes the answer back, while that is possible. */
  readonly undo?: string;
  /** What was tried here, and came too late. */
  readonly tried?: TriedAct;
}

/**
 * Every page people get, with the data it needs.
 *
 * Pages about an approval are the same for a reader who came by a link and for one who is signed in (`visitor`), whose forms
 * carry the value of the session.
 *
 * - `decide` (200; 422 with `rejected`): the form with a button for each choice. `suggested` is the choice of the link or
 *   of the press that was not taken.
 * - `standing` (200, 409, 410): how the ballot was settled; no form. For GET on a ballot that is not open.
 * - `receipt` (200, 409, 410): the result of a press for the choice `pressed`. `effective` is true when this press is the
 *   stored decision.
 * - `act` (200; 422 if it was not done): the form of something else that can be done.
 * - `request` (200; 409 if a press there came too late): an approval, for the person who asked.
 * - `change` (200; 422 if it was not done): the form by which they change the question.
 * - `standingRefusal` (200; 409 if a press there came too late; 422 if it was not done): what is not to be asked again.
 * - `standingApproval` (200; 409 if a press there came too late; 422 if it was not done): what became of a standing approval.
 * - `refused` (403): one and the same page for every bad link.
 * - `notRecorded` (503): the engine did not answer; nothing was recorded.
 * - `error`: any other refusal; `message` must be fit for people.
 * - those by which people sign in, and of people who are signed in: see `SignInPage` and `InboxPage`.
 * - those of operators: see `AdminPage`.
 * - `home`: what is here for whom; where there is the development mailbox, also a button that asks for a first approval.
 */
export type Page =
  | SignInPage
  | InboxPage
  | AdminPage
  | {
      readonly view: "decide";
      readonly data: Asked &
        Visited & {
          readonly suggested?: string;
          readonly rejected?: Rejected;
          /** Paths of the pages for those who will not answer, where there are such. */
          readonly acts?: { readonly edit?: string; readonly reassign?: string; readonly recuse: string };
        };
    }
  | { readonly view: "standing"; readonly data: Asked & AfterPress & Visited & { readonly stands: Standing } }
  | {
      readonly view: "receipt";
      readonly data: Asked &
        AfterPress &
        Visited & {
          readonly pressed: string;
          readonly stands: Standing;
          readonly effective: boolean;
          /** Path of the signed receipt of the answer, where this press gave it. */
          readonly signed?: string;
        };
    }
  | { readonly view: "act"; readonly data: ActPage }
  | { readonly view: "edit"; readonly data: EditPage }
  | { readonly view: "request"; readonly data: RequestPage }
  | { readonly view: "change"; readonly data: ChangePage }
  | { readonly view: "standingApproval"; readonly data: StandingPage }
  | { readonly view: "standingRefusal"; readonly data: RefusalPage }
  | { readonly view: "refused" }
  | { readonly view: "notRecorded" }
  | {
      readonly view: "error";
      readonly data: { readonly title: string; readonly message: string; readonly requestId?: string };
    }
  | {
      readonly view: "home";
      readonly data: { readonly mailbox: boolean; readonly inbox?: boolean; readonly admin?: boolean };
    };

/** Names of the form's controls: `confirm` must be `yes`; `comment` is at most 2,000 characters. */
export const DECISION_FORM = {
  confirm: "confirm",
  confirmValue: "yes",
  choice: "choice",
  comment: "comment",
  commentMax: COMMENT_CHARS_MAX,
  /** Before the name of a field. */
  field: "field.",
  /** Of the form's element: controls elsewhere on the page belong to it. */
  id: "decision",
  /** Before the number of an item: there if the item is struck out. */
  except: "except.",
  /** How long it is not to be asked again, and with which arguments. */
  doNotAsk: "doNotAsk",
  doNotAskWhich: "doNotAsk.which",
  doNotAskTimes: ["P1D", "P7D", "P30D"],
  /** Names the form: sent twice, as by a double click, it does once what it does. */
  press: "press",
  /** Carries what shows that the form is ours, where the person is signed in. */
  session: "form",
} as const;
