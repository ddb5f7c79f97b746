/** Made from the OpenAPI document by `npm run generate`: change the schemas in `src/openapi`, not this file. */

export type AboutApproval = {
  readonly approval: string;
};

export type AboutBallot = {
  readonly approval: string;
  readonly ballot: number;
};

export type AboutCancelled = {
  readonly approval: string;
  readonly outcome: "cancelled";
};

export type AboutDecided = {
  readonly approval: string;
  readonly outcome: "approved" | "rejected";
};

export type AboutDecision = {
  readonly approval: string;
  readonly ballot: number;
  readonly choice: string;
};

export type AboutExpired = {
  readonly approval: string;
  readonly outcome: "expired";
};

export type AboutWorkflow = {
  readonly workflow: string;
  readonly status: "resolved" | "rejected" | "canceled" | "timedout";
};

/** While it holds, `to` is asked in place of `person`. */
export type Absence = {
  readonly id: string;
  readonly person: Person;
  readonly to: Person;
  /** ISO 8601 instant. */
  readonly from: string;
  /** ISO 8601 instant. */
  readonly until: string;
  readonly note?: string;
};

export type AbsenceList = {
  readonly absences: readonly Absence[];
  /** The `cursor` of the next page; absent at the end. */
  readonly nextCursor?: string;
};

export type AbsenceRemoved = {
  readonly id: string;
  readonly removed: true;
};

export type AbsenceRequest = {
  /** Who is away. */
  readonly person: PersonOrAddress;
  /** Who is asked in their place. */
  readonly to: PersonOrAddress;
  /** When it begins: a date (its first moment), an instant, or a duration from now; at most a year ago. Default: now. */
  readonly from?: string;
  /** When it ends: a date (its last moment), an instant, or a duration from now; within a year. */
  readonly until: string;
  /** IANA time zone of the dates. Default: the person's `timeZone`. */
  readonly timeZone?: string;
  /** Shown to those who are asked instead. */
  readonly note?: string;
};

export type Action = {
  readonly tool: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly standing?: Standing;
  readonly target?: string;
  readonly audience?: string;
  readonly reversible: "yes" | "costly" | "no";
  readonly schema?: Readonly<Record<string, unknown>>;
  readonly validFor: string;
};

/** What a program is to do once it is approved. */
export type ActionInput = {
  /** What is to be run, by a name that its program knows. */
  readonly tool: string;
  /** What it is to be run with: a JSON object of at most 32 KiB. Every value is shown to those who decide. Required unless there is `standing`. */
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly standing?: StandingInput;
  /** What it acts on, such as a system or an account. */
  readonly target?: string;
  /** The program that alone may run it. */
  readonly audience?: string;
  /** Whether it can be undone. People are told. Default: `"no"`. */
  readonly reversible?: "yes" | "costly" | "no";
  /** JSON Schema (2020-12) that the arguments must fit. It is checked before anybody is asked. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** How long after the approval it can be run, as an ISO 8601 duration from PT1M to P30D. Default: `"P1D"`. */
  readonly validFor?: string;
};

export type ActionUse = {
  /** 1, or the number of the item. Of a standing approval: from 1. */
  readonly n: number;
  readonly state: "consumed" | "revoked";
  /** ISO 8601 instant. */
  readonly at: string;
  /** Of a standing approval: what all uses came to with this one. */
  readonly used?: StandingUsed;
  /** Of a revocation. */
  readonly reason?: string;
  /** The person who revoked it by their own link. */
  readonly by?: string;
  /** The program or operator that did it. */
  readonly caller?: string;
  /** The name of its API key. */
  readonly client?: string;
};

export type Approval = {
  readonly id: string;
  readonly status: ApprovalStatus;
  readonly title: string;
  readonly summary?: string;
  readonly details: readonly Detail[];
  readonly action?: Action;
  readonly items?: readonly Action[];
  /** Whether items are approved or rejected as one. Default: false. */
  readonly atomic?: boolean;
  readonly requester?: Person;
  /** Whether the requester gets a mail at once, with a link to their page. Default: false. */
  readonly follow?: boolean;
  readonly require: "any" | "all" | number;
  readonly stages?: readonly Stage[];
  readonly choices?: readonly Choice[];
  readonly fields?: Fields;
  readonly rejection: "veto" | "majority";
  readonly onDeadline: "expire" | "reject" | "escalate" | "approve";
  readonly escalateTo?: readonly (readonly Person[])[];
  /** Whether an escalation closes the questions that were open. */
  readonly replace?: boolean;
  readonly reminders?: Reminders;
  readonly hours?: Hours;
  /** Whether approvers may hand their question on. Default: true. */
  readonly reassign?: boolean;
  readonly undo?: string;
  readonly rounds?: number;
  readonly callbackUrl?: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** ISO 8601 instant. */
  readonly deadline: string;
  /** How often the question has been asked, if it was changed. */
  readonly round?: number;
  /** The stage that is open, or was last, from 1, of an approval in stages. */
  readonly stage?: number;
  /** Changes were requested, and the requester has made none yet. */
  readonly revising?: boolean;
  readonly proposed?: ProposedAction;
  /** While the approval is open: who is waited for, and what comes next. */
  readonly explanation?: Explanation;
  readonly ballots: readonly Ballot[];
  /** Addresses of the approvers whose answer is awaited. */
  readonly waitingFor: readonly string[];
  readonly cancellation?: Cancellation;
  readonly outcome?: Outcome;
  /** What became of the approved action so far. */
  readonly uses?: readonly ActionUse[];
  readonly refusal?: StandingRefusal;
  readonly error?: string;
  /** ISO 8601 instant. */
  readonly createdAt: string;
  /** ISO 8601 instant. */
  readonly endedAt?: string;
  /** Of an approval that was open when the service was restored from a backup: when the backup was made. What happened to the approval after that, and before the restore, is lost. */
  readonly restoredFrom?: string;
  readonly callbacks?: readonly Callback[];
  readonly links: ApprovalLinks;
};

export type ApprovalAct = {
  readonly approval: string;
  /** ISO 8601 instant. */
  readonly deadline: string;
  readonly round: number;
};

export type ApprovalCancelledEvent = {
  readonly type: "approval.cancelled";
  readonly timestamp: string;
  readonly data: AboutCancelled;
};

export type ApprovalDecidedEvent = {
  readonly type: "approval.decided";
  readonly timestamp: string;
  readonly data: AboutDecided;
};

export type ApprovalExpiredEvent = {
  readonly type: "approval.expired";
  readonly timestamp: string;
  readonly data: AboutExpired;
};

export type ApprovalHistory = {
  readonly id: string;
  readonly events: readonly HistoryEvent[];
  /** Whether some mails, callbacks or openings of a large workflow are missing. */
  readonly truncated: boolean;
};

export type ApprovalLinks = {
  readonly self: string;
  readonly cancel: string;
  readonly wait: string;
};

export type ApprovalList = {
  readonly items: readonly ListedApproval[];
  /** The `cursor` of the next page; absent at the end. If few entries match, a page may be short or empty and still have one. */
  readonly nextCursor?: string;
  readonly total?: ListTotal;
};

export type ApprovalReference = {
  readonly id: string;
  readonly status: ApprovalStatus;
  readonly links: ApprovalLinks;
};

/** A request for a decision. */
export type ApprovalRequest = {
  /** The approval's id. The same id and content are the same approval. */
  readonly id?: string;
  /** The question, in one line. */
  readonly title: string;
  /** What approvers need to know. Markdown; pages and mails show a safe subset. */
  readonly summary?: string;
  /** Facts, shown as a table. Default: `[]`. */
  readonly details?: readonly DetailInput[];
  readonly action?: ActionInput;
  /** In place of `action`: several, of which people can strike some out. */
  readonly items?: readonly ActionInput[];
  /** Whether items are approved or rejected as one. Default: false. */
  readonly atomic?: boolean;
  /** The person who asks. Must not be an approver. */
  readonly requester?: PersonOrAddress;
  /** Whether the requester gets a mail at once, with a link to their page. Default: false. */
  readonly follow?: boolean;
  /** The people who are asked, each once. Leave it out if you give stages. */
  readonly approvers?: readonly PersonOrAddress[];
  /** How many approvals are needed. Default: `"any"`. */
  readonly require?: "any" | "all" | number;
  /** Questions in sequence: nobody is asked before the stage before has approved. */
  readonly stages?: readonly StageInput[];
  /** What people can answer. Default: approve and reject. */
  readonly choices?: readonly ChoiceInput[];
  readonly fields?: FieldsInput;
  /** veto: one rejection ends the approval. majority: it ends when too few approvers are left to reach `require`. Default: `"veto"`. */
  readonly rejection?: "veto" | "majority";
  /** ISO 8601 duration from now, or an instant; 1 minute to 400 days away. Default: `"P7D"`. */
  readonly deadline?: string;
  /** How the approval ends if it is undecided at the deadline. Default: `"expire"`. */
  readonly onDeadline?: "expire" | "reject" | "escalate" | "approve";
  /** With onDeadline escalate: who is asked too, one entry each time the deadline passes. */
  readonly escalateTo?: readonly (PersonOrAddress | readonly PersonOrAddress[])[];
  /** Whether an escalation closes the questions that were open. */
  readonly replace?: boolean;
  readonly reminders?: RemindersInput;
  readonly hours?: HoursInput;
  /** Whether approvers may hand their question on. Default: true. */
  readonly reassign?: boolean;
  /** How long people can take their answer back, as an ISO 8601 duration from PT1S to P1D. It counts when that time is over. */
  readonly undo?: string;
  /** How often the question may be asked, with changes in between. Default: 3. */
  readonly rounds?: number;
  /** Countersign sends signed events about this approval to this URL. */
  readonly callbackUrl?: string;
  /** Any JSON object of at most 16 KiB. Countersign returns it with the outcome. Default: `{}`. */
  readonly metadata?: Readonly<Record<string, unknown>>;
};

export type ApprovalRequestedEvent = {
  readonly type: "approval.requested";
  readonly timestamp: string;
  readonly data: AboutApproval;
};

/** `failed`: the workflow failed, and `error` says why. */
export type ApprovalStatus = "approved" | "rejected" | "expired" | "cancelled" | "pending" | "failed";

export type ArgumentDifference = {
  /** JSON Pointer (RFC 6901) into the arguments. */
  readonly pointer: string;
  /** `missing`: it was approved and is not given. `added`: it is given and was not approved. */
  readonly what: "changed" | "missing" | "added";
  /** Left out if there is none, or if it is longer than 500 characters. */
  readonly approved?: unknown;
  /** Left out if there is none, or if it is longer than 500 characters. */
  readonly given?: unknown;
};

/** One approver's answer, open or given. */
export type Ballot = {
  /** 1 for the first approver, or 2 if a schedule started the approval. Ballots that are opened later leave gaps. */
  readonly n: number;
  readonly approver: Person;
  /** From 1, of an approval in stages. */
  readonly stage?: number;
  /** From 2, of a question that was changed. */
  readonly round?: number;
  readonly via?: BallotVia;
  /** People who are away, and in whose place the approver is asked. */
  readonly inPlaceOf?: readonly InPlaceOf[];
  /** `withdrawn`: the approval ended, or went on, without this answer. `reissued`: another ballot has new links. `undone`: the answer was taken back. */
  readonly state:
    | "open"
    | "approved"
    | "rejected"
    | "changes_requested"
    | "withdrawn"
    | "expired"
    | "reassigned"
    | "recused"
    | "reissued"
    | "undone";
  /** The value of the answer's choice, if the request has choices of its own. */
  readonly choice?: string;
  readonly comment?: string;
  /** What the approver filled in, by the names of the request's fields. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
  /** Numbers of the items that the answer does not approve. */
  readonly except?: readonly number[];
  /** Of an answer that rejected an action: what is not to be asked again. */
  readonly doNotAsk?: DoNotAsk;
  /** ISO 8601 instant. */
  readonly decidedAt?: string;
  /** SHA-256, in hexadecimal, of what the approver was shown, in the form of RFC 8785. */
  readonly contentHash?: string;
  /** Until when the answer can be taken back. */
  readonly undoUntil?: string;
  /** How the decision arrived: by the link in a mail, by the API, or by a webhook. */
  readonly door?: "mail" | "inbox" | "api" | "webhook";
  /** How the person had signed in, with the door `inbox`. Absent in what earlier versions stored. */
  readonly signedInBy?: "mail" | "passkey";
  /** The program that decided in the approver's place: an API key's id, or the source of a webhook. */
  readonly caller?: string;
  /** The name of the API key. Absent in what earlier versions stored. */
  readonly client?: string;
  readonly act?: ClosingAct;
  readonly mail: BallotMail;
};

export type BallotAct = {
  readonly approval: string;
  readonly ballot: number;
  /** The ballot that takes its place. */
  readonly next?: number;
  readonly mail?: MailByHand;
};

export type BallotAnswer = {
  readonly approval: string;
  readonly ballot: number;
  /** Whether this call settled it. */
  readonly effective: boolean;
  readonly stands: BallotStands;
};

export type BallotClosed = {
  readonly kind: "closed";
  /** How the approval ended; `closing`: it is ending, and its outcome is not recorded yet. The others say why it goes on, or went on, without this ballot. */
  readonly because:
    | "approved"
    | "rejected"
    | "expired"
    | "cancelled"
    | "closing"
    | "reassigned"
    | "recused"
    | "reissued"
    | "undone"
    | "stage-done"
    | "escalated"
    | "changes-requested"
    | "round-over";
  /** ISO 8601 instant. */
  readonly at?: string;
  /** The caller's reason for the cancellation; only for keys with the scope `approvals:read`. */
  readonly reason?: string;
  /** How the approval ended, if that is recorded. */
  readonly outcome?: "approved" | "rejected" | "expired" | "cancelled";
};

export type BallotDecided = {
  readonly kind: "decided";
  readonly choice: string;
  /** What the choice does, if the request has choices of its own. */
  readonly effect?: "approve" | "reject" | "changes";
  /** The approver's address; only for keys with the scope `approvals:read`. */
  readonly by?: string;
  readonly door: "mail" | "inbox" | "api" | "webhook";
  /** The program that decided in the approver's place; only for keys with the scope `approvals:read`. */
  readonly caller?: string;
  /** The name of its API key; only for keys with the scope `approvals:read`. */
  readonly client?: string;
  /** ISO 8601 instant. */
  readonly at: string;
  /** Only for keys with the scope `approvals:read`. */
  readonly comment?: string;
  /** What the approver filled in, by the names of the request's fields. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
  /** Numbers of the items that the answer does not approve. */
  readonly except?: readonly number[];
  /** Of an answer that rejected an action: what is not to be asked again. */
  readonly doNotAsk?: DoNotAsk;
  /** How the approval ended, if that is recorded. */
  readonly outcome?: "approved" | "rejected" | "expired" | "cancelled";
};

export type BallotDecidedEvent = {
  readonly type: "ballot.decided";
  readonly timestamp: string;
  readonly data: AboutDecision;
};

export type BallotMail = {
  /** `sent`: the relay accepted the mail. It does not mean that anyone has read it. */
  readonly status: "pending" | "sent" | "deferred" | "undeliverable" | "skipped";
  /** Why it is deferred, undeliverable or late, by codes alone. */
  readonly reason?: string;
  /** How often Countersign tried to hand the mail to the relay. */
  readonly attempts: number;
  /** When Countersign tries a deferred mail again. */
  readonly nextTryAt?: string;
  /** When the mail came back. The relay had accepted it, and it is `undeliverable` now. */
  readonly bouncedAt?: string;
  /** When a mail system reported that the mail is late. It may still arrive. */
  readonly delayedAt?: string;
};

export type BallotStands = BallotDecided | BallotClosed;

/** Why it was opened later than its stage, or in place of another ballot. */
export type BallotVia = {
  readonly kind: "reassigned" | "escalated" | "absence" | "undo" | "reissued" | "round";
  /** The number of the ballot that this one follows. */
  readonly from?: number;
  readonly reason?: string;
  readonly by?: string;
};

export type BegunWorkflow = {
  /** The workflow's id. */
  readonly promise: string;
  readonly status: "pending" | "resolved" | "rejected" | "canceled" | "timedout";
  /** Where to ask for the result. */
  readonly wait: string;
};

/** Everything about an approval that has ended, signed. */
export type Bundle = {
  readonly kind: "countersign-bundle";
  readonly v: 1;
  /** The approval's promises as they are stored. */
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly receipts: BundleReceipts;
  readonly keys: KeySet;
};

export type BundleReceipts = {
  readonly outcome: string;
  readonly decisions: readonly string[];
  readonly uses: readonly string[];
};

export type Callback = {
  readonly id: string;
  readonly type:
    | "approval.requested"
    | "approval.delivery_failed"
    | "ballot.decided"
    | "approval.decided"
    | "approval.expired"
    | "approval.cancelled"
    | "workflow.completed";
  /** The id of the approval or workflow that the event is about. */
  readonly about: string;
  /** An endpoint's name, or a URL without its query. */
  readonly to: string;
  readonly status: "pending" | "delivered" | "gone" | "failed";
  readonly attempts?: number;
  readonly result?: "2xx" | "3xx" | "4xx" | "5xx" | "timeout" | "unreachable" | "blocked" | "unknown";
  readonly replayOf?: string;
  /** ISO 8601 instant. */
  readonly createdAt: string;
  /** ISO 8601 instant. */
  readonly endedAt?: string;
};

export type CallbackAttempt = {
  readonly n: number;
  /** ISO 8601 instant. */
  readonly at: string;
  readonly ms: number;
  readonly result: "2xx" | "3xx" | "4xx" | "5xx" | "timeout" | "unreachable" | "blocked" | "unknown";
};

export type CallbackDetails = {
  readonly id: string;
  readonly type:
    | "approval.requested"
    | "approval.delivery_failed"
    | "ballot.decided"
    | "approval.decided"
    | "approval.expired"
    | "approval.cancelled"
    | "workflow.completed";
  /** The id of the approval or workflow that the event is about. */
  readonly about: string;
  /** An endpoint's name, or a URL without its query. */
  readonly to: string;
  readonly status: "pending" | "delivered" | "gone" | "failed";
  readonly attempts?: number;
  readonly result?: "2xx" | "3xx" | "4xx" | "5xx" | "timeout" | "unreachable" | "blocked" | "unknown";
  readonly replayOf?: string;
  /** ISO 8601 instant. */
  readonly createdAt: string;
  /** ISO 8601 instant. */
  readonly endedAt?: string;
  readonly event?: CallbackEvent;
  readonly log: readonly CallbackAttempt[];
  /** ISO 8601 instant. */
  readonly nextAttemptAt?: string;
};

/** The body that receivers get. It contains ids and little else: read the current state from the API. */
export type CallbackEvent =
  | ApprovalRequestedEvent
  | DeliveryFailedEvent
  | BallotDecidedEvent
  | ApprovalDecidedEvent
  | ApprovalExpiredEvent
  | ApprovalCancelledEvent
  | WorkflowCompletedEvent;

export type CallbackList = {
  /** Newest first. */
  readonly callbacks: readonly Callback[];
  /** Whether there may be more. */
  readonly truncated: boolean;
};

export type CalledBack = {
  readonly status: "resolved" | "rejected" | "canceled" | "timedout" | "pending";
  /** Whether this call settled it. */
  readonly effective: boolean;
};

export type CancelRequest = {
  readonly reason?: string;
};

export type Cancellation = {
  /** ISO 8601 instant. */
  readonly at: string;
  readonly reason?: string;
  /** The person who did it by their own link. */
  readonly by?: string;
  /** The program or operator: an API key's id, `operator:` and a name, or `operator` for the command line. */
  readonly caller?: string;
  /** The name of the API key. Absent in what earlier versions stored. */
  readonly client?: string;
};

export type CancelledApproval = {
  readonly id: string;
  readonly status: ApprovalStatus;
  readonly links: ApprovalLinks;
  /** False: an earlier cancellation of the same caller stands, with its own reason. */
  readonly effective: boolean;
};

/** What is left out stays as it is. */
export type ChangeRequest = {
  /** The question, in one line. */
  readonly title?: string;
  /** What approvers need to know. Markdown; pages and mails show a safe subset. */
  readonly summary?: string;
  readonly details?: readonly DetailInput[];
  /** What was changed, or why, for those who are asked again. */
  readonly note?: string;
};

export type Choice = {
  readonly value: string;
  /** What an answer with this choice does. */
  readonly effect: "approve" | "reject" | "changes";
  readonly label?: string;
  readonly comment: "optional" | "required" | "none";
};

export type ChoiceInput = {
  readonly value: string;
  /** What an answer with this choice does. */
  readonly effect: "approve" | "reject" | "changes";
  /** What the button says. */
  readonly label?: string;
  /** Whether people can, must or cannot say why. Default: `"optional"`. */
  readonly comment?: "optional" | "required" | "none";
};

/** Who handed the ballot on, took its approver out, took the answer back or ordered new links. */
export type ClosingAct = {
  /** ISO 8601 instant. */
  readonly at: string;
  /** The person who did it by their own link. */
  readonly by?: string;
  /** The program or operator: an API key's id, `operator:` and a name, or `operator` for the command line. */
  readonly caller?: string;
  /** The name of the API key. Absent in what earlier versions stored. */
  readonly client?: string;
  readonly reason?: string;
  /** Whom it was handed to. */
  readonly to?: Person;
};

export type ConsumeRequest = {
  /** What you are about to run the action with. It must be what was approved. Required, but for items that stay together. */
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** In place of `arguments`, of items that stay together: the arguments of all, in order. */
  readonly items?: readonly Readonly<Record<string, unknown>>[];
  /** Your own name of this try, such as the id of the job. The same try, sent again, gets the same grant. */
  readonly attempt: string;
  /** Required if the action names one: the same. */
  readonly audience?: string;
  /** Required, of several items: which one, from 1. */
  readonly item?: number;
};

export type ConsumedAction = {
  /** Signed (JWS, compact form): what may run, once. `/.well-known/countersign-keys.json` has the keys. */
  readonly grant: string;
  readonly approval: string;
  /** 1, or the number of the item. Of a standing approval: from 1. */
  readonly use: number;
  /** SHA-256, in hexadecimal, of everything that was approved. */
  readonly digest: string;
  /** Until when the grant is good. */
  readonly expiresAt: string;
};

export type ConsumedBy = {
  /** ISO 8601 instant. */
  readonly at: string;
  /** The program or operator that did it. */
  readonly caller?: string;
  /** The name of its API key. */
  readonly client?: string;
};

export type DecideRequest = {
  /** The value of one of the request's choices: approve or reject, if it has none of its own. */
  readonly choice: string;
  readonly comment?: string;
  /** By the names of the request's fields. Required fields are only needed for a choice whose effect is approve. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Numbers of the request's items that are not approved, from 1. */
  readonly except?: readonly number[];
  /** With a choice that rejects an action: what is refused in advance, once the approval is rejected. */
  readonly doNotAsk?: DoNotAskRequest;
};

export type DeliveryFailedEvent = {
  readonly type: "approval.delivery_failed";
  readonly timestamp: string;
  readonly data: AboutBallot;
};

export type Detail = {
  readonly label: string;
  readonly value: string;
};

export type DetailInput = {
  readonly label: string;
  readonly value: string;
};

export type DoNotAsk = {
  /** ISO 8601 instant. */
  readonly until: string;
  /** Only what has one of these hashes: SHA-256, in hexadecimal, of tool, target, audience and arguments in the form of RFC 8785. */
  readonly same?: readonly string[];
  /** Only with arguments within these, by their JSON pointers. */
  readonly limits?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/** Refuses the same action in advance: the program that asks again is refused at once. */
export type DoNotAskRequest = {
  /** How long from now, as an ISO 8601 duration from PT1H to P30D. */
  readonly for: string;
  /** `same`: only with the arguments that were asked about. Default: `any`, or those within `limits`. */
  readonly arguments?: "same" | "any";
  /** Only with arguments within these limits, by their JSON pointers. Arguments that no limit names can be anything. */
  readonly limits?: Readonly<Record<string, LimitInput>>;
};

export type EditRequest = {
  /** All arguments as they shall be. Only those may differ that the action's schema marks with `x-countersign-editable`. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Of a request with items: which one, from 1. */
  readonly item?: number;
  /** What was changed, or why, for those who are asked again. */
  readonly note?: string;
};

export type EditedArgument = {
  /** Of a request with items: which one, from 1. */
  readonly item?: number;
  /** JSON Pointer within the arguments. */
  readonly pointer: string;
  /** Absent if there was none, or if it is long. */
  readonly before?: unknown;
  /** The same of the value now. */
  readonly after?: unknown;
};

/** An envelope as DSSE 1.0.2 has it. */
export type Envelope = {
  readonly payloadType: string;
  /** In base64. */
  readonly payload: string;
  readonly signatures: readonly EnvelopeSignature[];
};

export type EnvelopeSignature = {
  /** The `kid` of one of the published keys. */
  readonly keyid: string;
  /** In base64. */
  readonly sig: string;
};

/** Why the approval is still open. */
export type Explanation = {
  /** What follows in sentences, in the first language of `Accept-Language` that there is. */
  readonly text: string;
  readonly round: number;
  /** How often the question may be asked. */
  readonly rounds: number;
  /** The stage that is open, from 1. */
  readonly stage: number;
  readonly stages: number;
  readonly stageName?: string;
  readonly waitingFor: readonly ExplanationGroup[];
  /** Groups that can no longer get the approvals that they need, if the stage cannot do without them: too few people are left who can answer. */
  readonly outOfReach?: readonly ExplanationGroup[];
  /** Names of groups of this stage, and of earlier stages, that have approved. */
  readonly approved: readonly string[];
  /** Changes were requested, and the requester has made none yet. */
  readonly revising: boolean;
  /** Until when answers can be taken back, if that is all that is waited for. */
  readonly undoUntil?: string;
  readonly next?: ExplanationNext;
  /** When the time of the open stage is over, if it has one of its own. */
  readonly stageEndsAt?: string;
  readonly nextDeadline: NextDeadline;
};

export type ExplanationGroup = {
  /** The group's name, if it has one. */
  readonly group?: string;
  /** How many approvals are missing, besides those that can still be taken back. */
  readonly needed: number;
  /** Who can give them. */
  readonly people: readonly Person[];
};

/** The stage that comes next. */
export type ExplanationNext = {
  readonly name?: string;
  readonly people: readonly Person[];
};

export type ExtendRequest = {
  /** The new deadline: ISO 8601 duration from now, or an instant. Later than before. */
  readonly deadline: string;
  /** Shown to those concerned. */
  readonly reason?: string;
};

export type Field = {
  readonly type?: "string" | "number" | "integer" | "boolean";
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly format?: "date" | "email";
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
};

export type FieldInput = {
  /** May be left out beside `enum`. */
  readonly type?: "string" | "number" | "integer" | "boolean";
  /** The label; default: the field's name. */
  readonly title?: string;
  /** A hint below the label. */
  readonly description?: string;
  /** The texts to choose from. */
  readonly enum?: readonly string[];
  readonly format?: "date" | "email";
  readonly minLength?: number;
  /** Default 200. A longer text may have several lines. */
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
};

export type FieldProblem = {
  readonly field: string;
  readonly message: string;
};

export type Fields = {
  readonly $schema?: string;
  readonly type: "object";
  readonly properties: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
};

/** What approvers fill in beside their answer: a JSON Schema of an object with plain fields. */
export type FieldsInput = {
  readonly $schema?: string;
  readonly type: "object";
  readonly properties: Readonly<Record<string, FieldInput>>;
  /** Fields that must be filled in to approve. */
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
};

export type Group = {
  readonly name?: string;
  readonly approvers: readonly Person[];
  readonly require: "any" | "all" | number;
};

export type GroupInput = {
  readonly name?: string;
  /** The people of this group, each once. */
  readonly approvers: readonly PersonOrAddress[];
  /** How many approvals of this group are needed. Default: `"any"`. */
  readonly require?: "any" | "all" | number;
};

export type Health = {
  readonly status: string;
  /** What is wrong and keeps nothing from working: `clock` where the engine's clock and this machine's are apart. Absent: nothing. */
  readonly warnings?: readonly string[];
};

export type HistoryEvent = {
  /** ISO 8601 instant. */
  readonly at: string;
  /** Later versions may have more of them: leave out what you do not know. */
  readonly type:
    | "requested"
    | "stage-opened"
    | "changed"
    | "extended"
    | "asked"
    | "mailed"
    | "opened"
    | "mail-delayed"
    | "mail-bounced"
    | "decided"
    | "undone"
    | "reassigned"
    | "recused"
    | "reissued"
    | "deadline-passed"
    | "cancel-requested"
    | "changes-requested"
    | "withdrawn"
    | "ended"
    | "consumed"
    | "revoked"
    | "callback";
  /** The number of the ballot that it is about. */
  readonly ballot?: number;
  readonly person?: Person;
  readonly stage?: number;
  readonly round?: number;
  /** Why somebody was asked later. */
  readonly via?: "reassigned" | "escalated" | "absence" | "undo" | "reissued" | "round";
  readonly choice?: string;
  /** Numbers of the items that the answer does not approve. */
  readonly except?: readonly number[];
  /** Of an answer that rejected an action: what is not to be asked again. */
  readonly doNotAsk?: DoNotAsk;
  /** Arguments that an approver changed: the first twenty of each action. */
  readonly edited?: readonly EditedArgument[];
  readonly comment?: string;
  readonly reason?: string;
  /** Whom it was handed to. */
  readonly to?: Person;
  /** The new one. */
  readonly deadline?: string;
  /** Which: `request`, `reminder`, `outcome` and so on. */
  readonly mail?: string;
  /** What became of a mail or a callback; of a mail that is late or came back, the reported code. */
  readonly status?: string;
  /** When a deferred mail is tried again. */
  readonly nextTryAt?: string;
  /** What a callback reported. */
  readonly event?:
    | "approval.requested"
    | "approval.delivery_failed"
    | "ballot.decided"
    | "approval.decided"
    | "approval.expired"
    | "approval.cancelled"
    | "workflow.completed";
  readonly outcome?: "approved" | "rejected" | "expired" | "cancelled" | "failed";
  /** What opened a ballot's link first, as far as it can be told: programs that look at mails open links, too. */
  readonly opener?: "person" | "scanner";
  readonly door?: "mail" | "inbox" | "api" | "webhook";
  /** The program that did it. */
  readonly caller?: string;
  /** The name of its API key. */
  readonly client?: string;
  /** The person who did it, or a callback's receiver. */
  readonly by?: string;
  /** Of several actions, which one was consumed or revoked. */
  readonly item?: number;
};

export type Hours = {
  readonly timeZone: string;
  readonly days: string;
  readonly from: string;
  readonly to: string;
  readonly holidays?: readonly string[];
};

/** Working hours. People are reminded within them. */
export type HoursInput = {
  /** IANA time zone of the hours, whoever reads them. */
  readonly timeZone: string;
  /** Days of the week: `Mo`, `Tu`, `We`, `Th`, `Fr`, `Sa`, `Su`, ranges of them, or both. */
  readonly days: string;
  /** When the hours open. */
  readonly from: string;
  /** When they close. `24:00` is the end of the day. */
  readonly to: string;
  /** Dates that are no working days. */
  readonly holidays?: readonly string[];
};

export type InPlaceOf = {
  readonly person: Person;
  /** When their absence ends, as it was known then. */
  readonly until: string;
  readonly note?: string;
};

/** A JWK Set (RFC 7517). */
export type KeySet = {
  /** The one that signs now first; then those that signed before. */
  readonly keys: readonly PublicKey[];
  /** The keys that sign the head of the log of events: verifier keys as c2sp.org/signed-note has them. None where there are none. */
  readonly log?: readonly string[];
  /** The keys that sign callbacks after `v1a,`, as `whpk_…` of Standard Webhooks. None where the settings have none. */
  readonly callbacks?: readonly string[];
};

export type Limit = {
  readonly fixed?: unknown;
  readonly oneOf?: readonly unknown[];
  readonly min?: number | string;
  readonly max?: number | string;
  readonly maxLength?: number;
};

/** What one argument can be: give exactly one of fixed, oneOf, max and maxLength. */
export type LimitInput = {
  /** The one value that the argument has. */
  readonly fixed?: unknown;
  /** The values that it can have. */
  readonly oneOf?: readonly unknown[];
  /** The least that it can be. Default beside max: 0. */
  readonly min?: number | string;
  /** The most that it can be: a number, or a decimal text if the argument is sent as text. */
  readonly max?: number | string;
  /** Any text of at most so many characters. */
  readonly maxLength?: number;
};

/** If `isExact` is false, there are at least so many. */
export type ListTotal = {
  readonly count: number;
  readonly isExact: boolean;
};

export type ListedApproval = {
  readonly id: string;
  readonly status: ApprovalStatus;
  readonly title: string;
  readonly requester?: Person;
  /** The stage that is open, or was last, from 1, of an approval in stages. */
  readonly stage?: number;
  /** How many stages there are. */
  readonly stages?: number;
  /** From 2, of a question that was changed. */
  readonly round?: number;
  /** Changes were requested, and the requester has made none yet. */
  readonly revising?: boolean;
  /** Of everybody who was asked so far. */
  readonly ballots: readonly ListedBallot[];
  /** Addresses of those whose ballots are open. */
  readonly waitingFor: readonly string[];
  /** ISO 8601 instant. */
  readonly deadline: string;
  /** The end of the open stage's time, if it is sooner. Lists by deadline go by it. */
  readonly nextDeadline?: string;
  /** ISO 8601 instant. */
  readonly createdAt: string;
  /** ISO 8601 instant. */
  readonly endedAt?: string;
  readonly stands?: Stands;
  /** The first 16 short members of the metadata, as text. */
  readonly tags: Readonly<Record<string, string>>;
  readonly links: ApprovalLinks;
};

/** One approver's answer, open or given. `GET /approvals/{id}` has more. */
export type ListedBallot = {
  readonly n: number;
  readonly approver: Person;
  readonly stage?: number;
  readonly round?: number;
  /** `withdrawn`: the approval ended, or went on, without this answer. `reissued`: another ballot has new links. `undone`: the answer was taken back. */
  readonly state:
    | "open"
    | "approved"
    | "rejected"
    | "changes_requested"
    | "withdrawn"
    | "expired"
    | "reassigned"
    | "recused"
    | "reissued"
    | "undone";
  /** ISO 8601 instant. */
  readonly decidedAt?: string;
};

export type ListedWorkflow = {
  /** The value of `func` in `POST /begin`. */
  readonly name: string;
  readonly version: number;
  /** JSON Schema (draft 2020-12) of its argument. null if it accepts any argument, or if its schema library cannot export one. */
  readonly argument: unknown;
};

export type LogEntries = {
  /** Index of the first entry. */
  readonly from: number;
  /** The bytes of each: JSON in the form of RFC 8785. */
  readonly entries: readonly string[];
};

export type LogProof = {
  /** Of the tree that the proof is about, in leaves. */
  readonly size: number;
  /** As RFC 9162 orders them. */
  readonly proof: readonly string[];
};

export type LoggedApproval = {
  readonly approval: string;
  readonly events: readonly LoggedEvent[];
};

export type LoggedEvent = {
  /** Of its leaf, from 0 on. */
  readonly index: number;
  /** The bytes that the log has of it. */
  readonly leaf: string;
  /** The promise that it is about. */
  readonly id: string;
  /** What its commitment begins with, in hexadecimal. */
  readonly salt: string;
};

/** Of a reminder, or of links that were sent once more. */
export type MailByHand = {
  /** `pending`: not sent yet. `undeliverable`: the mail system refuses it. */
  readonly status: "pending" | "sent" | "undeliverable";
  readonly reason?: string;
  /** When the next mail by hand is possible. */
  readonly possibleAgainAt: string;
};

/** Of a request that people have refused in advance. */
export type MetRefusal = {
  /** The approval that was rejected. */
  readonly approval: string;
  readonly state: "in-force" | "over" | "revoked";
  /** ISO 8601 instant. */
  readonly since: string;
  /** When it is over, or was revoked. */
  readonly until: string;
  readonly said: readonly RefusalSaid[];
  /** Which items of the request are refused, from 1. */
  readonly items?: readonly number[];
};

/** The end of the stage's time or of the approval's, whichever comes first. */
export type NextDeadline = {
  /** ISO 8601 instant. */
  readonly at: string;
  /** What follows if nobody answers until then. */
  readonly onDeadline: "expire" | "reject" | "escalate" | "approve";
};

/** How an approval ended. */
export type Outcome = {
  readonly approval: string;
  readonly outcome: "approved" | "rejected" | "expired" | "cancelled";
  /** One sentence for logs. */
  readonly reason: string;
  readonly why?: OutcomeWhy;
  readonly decisions: readonly OutcomeDecision[];
  /** The last round, of a question that was changed. */
  readonly round?: number;
  readonly action?: OutcomeAction;
  readonly metadata: Readonly<Record<string, unknown>>;
};

/** Of a request with an action. */
export type OutcomeAction = {
  /** SHA-256, in hexadecimal, of the action, the rule, the people and the deadline, in the form of RFC 8785. */
  readonly digest: string;
  /** What the action may be run with. Absent unless it was approved. */
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** What had been proposed, if an approver has changed it. */
  readonly proposed?: Readonly<Record<string, unknown>>;
  /** Those of the request's items that may be run. Absent unless it was approved. */
  readonly items?: readonly OutcomeItem[];
};

export type OutcomeDecision = {
  readonly n: number;
  readonly email: string;
  readonly choice: string;
  /** What the choice does, if the request has choices of its own. */
  readonly effect?: "approve" | "reject" | "changes";
  /** From 1, of an approval in stages. */
  readonly stage?: number;
  readonly comment?: string;
  /** What the approver filled in, by the names of the request's fields. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
  /** Numbers of the items that the answer does not approve. */
  readonly except?: readonly number[];
  /** Of an answer that rejected an action: what is not to be asked again. */
  readonly doNotAsk?: DoNotAsk;
  /** When the answer was stored, by the engine's clock. */
  readonly at: string;
  /** How the decision arrived: by the link in a mail, by the API, or by a webhook. */
  readonly door?: "mail" | "inbox" | "api" | "webhook";
  /** How the person had signed in, with the door `inbox`. Absent in what earlier versions stored. */
  readonly signedInBy?: "mail" | "passkey";
  /** The program that decided in the approver's place: an API key's id, or the source of a webhook. */
  readonly caller?: string;
  /** The name of the API key. Absent in what earlier versions stored. */
  readonly client?: string;
};

export type OutcomeItem = {
  readonly n: number;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** What had been proposed, if an approver has changed it. */
  readonly proposed?: Readonly<Record<string, unknown>>;
};

/** How far the stage was in which the approval ended. */
export type OutcomeProgress = {
  /** What `given` and `needed` count. */
  readonly of: "approvals" | "groups";
  readonly given: number;
  readonly needed: number;
  /** How many could have approved. */
  readonly people: number;
  readonly rejections: number;
  /** How many have answered in time, in any way. */
  readonly answered: number;
  /** The stage in which it ended, from 1. */
  readonly stage: number;
  readonly stages: number;
};

/** Why it ended so. Absent in outcomes of earlier versions. Later versions may have more reasons: leave out what you do not know. */
export type OutcomeWhy = WhyByRule | WhyByCount | WhyCancelled | WhyByTime;

export type Person = {
  readonly email: string;
  readonly name?: string;
  readonly locale?: string;
  readonly timeZone?: string;
};

export type PersonInput = {
  /** One mail address. */
  readonly email: string;
  /** Name, shown beside the address. */
  readonly name?: string;
  /** BCP 47 language tag. */
  readonly locale?: string;
  /** IANA time zone. */
  readonly timeZone?: string;
};

/** A person, or only their mail address. */
export type PersonOrAddress = string | PersonInput;

export type Problem = {
  /** Stable identifier of the problem: a path on this service, where a page explains it. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The request's id. The log has the same id. */
  readonly instance: string;
  /** Every problem in the input. */
  readonly errors?: readonly FieldProblem[];
  /** Of a refused consumption: `pending`, `rejected`, `failed`, `struck-out`, `expired`, `cancelled`, `revoked`, or `approved` if only the time is over. */
  readonly approvalStatus?: string;
  /** Who consumed the action, and when. */
  readonly use?: ConsumedBy;
  /** Of a use of a standing approval: the limit that refuses it. */
  readonly limit?: RefusingLimit;
  readonly refusal?: MetRefusal;
  /** Between the approved arguments and those that were given; at most 20. */
  readonly differences?: readonly ArgumentDifference[];
  /** The same as `detail`, for clients of `/begin` and `/wait`. */
  readonly error: string;
};

/** What the asker had proposed, if an approver has changed arguments of it. */
export type ProposedAction = {
  readonly action?: Action;
  readonly items?: readonly Action[];
};

export type PublicKey = {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  /** The public key's 32 bytes in base64url. */
  readonly x: string;
  /** The key's thumbprint by RFC 7638; the header of what it signed names it. */
  readonly kid: string;
  readonly use: "sig";
  readonly alg: "EdDSA";
};

export type ReassignRequest = {
  /** Who is asked instead. */
  readonly to: PersonOrAddress;
  /** Shown to those concerned. */
  readonly reason?: string;
};

export type RecuseRequest = {
  /** Shown to those concerned. */
  readonly reason?: string;
};

export type RefusalSaid = {
  /** Address of the person. */
  readonly by: string;
  /** ISO 8601 instant. */
  readonly until: string;
  /** Which are refused: those that were asked about, those within `limits`, or any. */
  readonly arguments: "same" | "within" | "any";
  /** Only with arguments within these, by their JSON pointers. */
  readonly limits?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

export type RefusingLimit = {
  /** A limit of the request. `named`: no limit names this argument. `present`: the argument of this limit is missing. */
  readonly name: "named" | "present" | "fixed" | "oneOf" | "min" | "max" | "maxLength" | "uses" | "total";
  /** The argument, by its JSON Pointer (RFC 6901). */
  readonly pointer?: string;
};

export type RemindRequest = {};

export type Reminders = {
  readonly after?: readonly string[];
  readonly every?: string;
  readonly max?: number;
};

/** When people are reminded who have not answered. Within `hours`, if there are any. */
export type RemindersInput = {
  /** How long after the question each reminder is due, the earliest first. */
  readonly after?: readonly string[];
  /** In place of `after`: the time from the question to the first reminder, and from one to the next. */
  readonly every?: string;
  /** With `every`: how many there are at most. Default: 5. */
  readonly max?: number;
};

export type ResendRequest = {
  /** Whether the earlier links stop working, and new ones are made. */
  readonly newLinks?: boolean;
};

export type RevokeRequest = {
  /** Of several items, which one, from 1. Default: all that nobody has consumed. */
  readonly item?: number;
  /** For the record. */
  readonly reason?: string;
};

export type RevokedAction = {
  readonly approval: string;
  /** False: an earlier call has revoked it. */
  readonly effective: boolean;
  readonly uses: readonly ActionUse[];
};

/** The promise's state, and whether this call settled it. */
export type Settlement = SettlementPending | SettlementResolved | SettlementFailed;

export type SettlementFailed = {
  readonly status: "rejected" | "canceled" | "timedout";
  readonly promise_id: string;
  readonly error: string;
  /** Whether this call settled it. */
  readonly effective: boolean;
};

export type SettlementPending = {
  readonly status: "pending";
  readonly promise_id: string;
  readonly message: string;
  /** Whether this call settled it. */
  readonly effective: boolean;
};

export type SettlementResolved = {
  readonly status: "resolved";
  readonly promise_id: string;
  /** Any JSON value. */
  readonly result: unknown;
  /** Whether this call settled it. */
  readonly effective: boolean;
};

/** A signed receipt; `docs/evidence.md` lists its claims. */
export type SignedReceipt = {
  /** Compact JWS with `typ` `countersign-receipt+jwt`. The same each time that you ask. */
  readonly receipt: string;
  /** What it says, for those who need not verify it. */
  readonly claims: Readonly<Record<string, unknown>>;
};

export type Stage = {
  readonly name?: string;
  readonly groups?: readonly Group[];
  readonly approvers?: readonly Person[];
  readonly require?: "any" | "all" | number;
  readonly deadline?: string;
  /** What happens then. Default: expire. */
  readonly onDeadline?: "expire" | "reject" | "escalate" | "approve";
  readonly escalateTo?: readonly (readonly Person[])[];
  /** Whether an escalation closes the questions that were open. */
  readonly replace?: boolean;
};

export type StageInput = {
  readonly name?: string;
  /** Groups that are asked side by side. */
  readonly groups?: readonly GroupInput[];
  /** In place of groups: the people of the only one. */
  readonly approvers?: readonly PersonOrAddress[];
  /** How many groups (default all), or approvals of the only one (default any), are needed. */
  readonly require?: "any" | "all" | number;
  /** How long the stage may take. */
  readonly deadline?: string;
  /** What happens then. Default: expire. */
  readonly onDeadline?: "expire" | "reject" | "escalate" | "approve";
  /** Who is asked too, one entry each time the stage's time is over. */
  readonly escalateTo?: readonly (PersonOrAddress | readonly PersonOrAddress[])[];
  /** Whether an escalation closes the questions that were open. */
  readonly replace?: boolean;
};

export type Standing = {
  readonly limits: Readonly<Record<string, Limit>>;
  readonly uses: number;
  readonly total?: Total;
};

/** Limits in place of arguments: the approval can be used several times. */
export type StandingInput = {
  /** What each argument can be, by its JSON pointer. An argument that no limit names is refused, and one that a limit names must be there. */
  readonly limits: Readonly<Record<string, LimitInput>>;
  /** How often it can be used. */
  readonly uses: number;
  /** How much all uses together can come to. */
  readonly total?: TotalInput;
};

/** People have rejected it and said not to be asked again: the same program gets its refusal at once. Only what all of `said` refuse is refused. */
export type StandingRefusal = {
  /** The approval that was rejected. */
  readonly approval: string;
  readonly state: "in-force" | "over" | "revoked";
  /** ISO 8601 instant. */
  readonly since: string;
  /** When it is over, or was revoked. */
  readonly until: string;
  readonly said: readonly RefusalSaid[];
};

export type StandingUsed = {
  readonly uses: number;
  readonly total?: string;
};

/** What holds in advance, until then. Absent once it is revoked or used up. */
export type Stands = {
  /** A standing approval, or a standing refusal: of an action, in advance. */
  readonly kind: "approval" | "refusal";
  /** ISO 8601 instant. */
  readonly until: string;
};

export type Total = {
  readonly argument: string;
  readonly max: number | string;
};

export type TotalInput = {
  /** An argument whose limit has a max, and no min below 0. */
  readonly argument: string;
  /** The most that it can come to over all uses. */
  readonly max: number | string;
};

export type WebhookAnswer = WebhookTaken | WebhooksTaken;

export type WebhookDelivery = {
  readonly delivery: string;
  /** The delivery was accepted before; the other members show the result of that time. */
  readonly duplicate: boolean;
  readonly result: "settled" | "stands" | "kept" | "ignored" | "unknown";
  /** Whether this call settled it. */
  readonly effective: boolean;
  readonly promise?: string;
  readonly why?: string;
  /** What the workflow that gets the value should know. */
  readonly note?: string;
};

export type WebhookTaken = {
  readonly source: string;
  readonly delivery: string;
  /** The delivery was accepted before; the other members show the result of that time. */
  readonly duplicate: boolean;
  readonly result: "settled" | "stands" | "kept" | "ignored" | "unknown";
  /** Whether this call settled it. */
  readonly effective: boolean;
  readonly promise?: string;
  readonly why?: string;
  /** What the workflow that gets the value should know. */
  readonly note?: string;
};

export type WebhooksTaken = {
  readonly source: string;
  readonly deliveries: readonly WebhookDelivery[];
};

export type WhyByCount = {
  readonly because: "approvals" | "out-of-reach";
  readonly progress: OutcomeProgress;
  /** With `approvals`: silence counted as approval in a stage before the last. */
  readonly isConsent?: true;
};

export type WhyByRule = {
  readonly because: "veto" | "nobody-left" | "no-rounds";
};

export type WhyByTime = {
  readonly because: "deadline" | "stage-time";
  readonly progress: OutcomeProgress;
  /** When the time was over, in milliseconds since 1970. */
  readonly atMs: number;
  /** Silence counts as approval. */
  readonly isConsent?: true;
  /** It waited for changes, which were not made. */
  readonly isRevising?: true;
};

export type WhyCancelled = {
  readonly because: "cancelled";
  readonly reason?: string;
  /** The person who did it by their own link. */
  readonly by?: string;
  /** The program or operator: an API key's id, `operator:` and a name, or `operator` for the command line. */
  readonly caller?: string;
  /** The name of the API key. Absent in what earlier versions stored. */
  readonly client?: string;
};

export type WorkflowCompletedEvent = {
  readonly type: "workflow.completed";
  readonly timestamp: string;
  readonly data: AboutWorkflow;
};

export type WorkflowFailed = {
  readonly status: "rejected" | "canceled" | "timedout";
  readonly promise_id: string;
  readonly error: string;
};

export type WorkflowList = {
  readonly workflows: readonly ListedWorkflow[];
};

export type WorkflowPending = {
  readonly status: "pending";
  readonly promise_id: string;
  readonly message: string;
};

export type WorkflowResolved = {
  readonly status: "resolved";
  readonly promise_id: string;
  /** Any JSON value. */
  readonly result: unknown;
};

/** The state or result of a workflow; `status` tells which. */
export type WorkflowState = WorkflowPending | WorkflowResolved | WorkflowFailed;
