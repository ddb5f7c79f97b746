/** Ways through an approval's rules: what is asked, and what people and programs do one after the other. */
import type { Story } from "./rule-story.ts";

export interface RulePath {
  readonly name: string;
  /** Or how it follows from the approval's id, for people who are in one approval only. */
  readonly request: Request | ((id: string) => Request);
  /** What is done before it is asked. */
  readonly before?: Act;
  /** Each is done once the approval rests. */
  readonly acts: readonly Act[];
  /** If present, `TIME_MS` passes after the acts, so that what the path is about comes due, and then these are done. */
  readonly later?: readonly Act[];
  /** Default: `approved`. */
  readonly outcome?: "rejected" | "expired";
  /** The answers that count, as `address: choice`, and what became of all ballots. An id in an address is `…`. */
  readonly decisions: readonly string[];
  readonly ballots: readonly string[];
  /** Kinds of the mails that only tell something, and of reminders, in alphabetical order. */
  readonly notices: readonly string[];
}

type Request = Readonly<Record<string, unknown>>;
type Act = (story: Story) => Promise<void>;

/** Deadlines of stages and the like: longer than a whole round takes in real time, so that only the moved clock ends them. */
const TIME = "PT10M";
export const TIME_MS = 10 * 60_000;

const [ANA, BO, CY, DEE] = [
  "ana@example.com",
  "bo@example.com",
  "cy@example.com",
  "dee@example.com",
] as const;

const approves =
  (who: string, nth = 1): Act =>
  (story) =>
    story.press(who, { nth });

const changeable = [
  { value: "approve", effect: "approve" },
  { value: "reject", effect: "reject" },
  { value: "changes", effect: "changes" },
];

/** Somebody who is away for a time: in one approval only, because a rule about a person holds for all. */
const eveOf = (id: string) => `eve.${id}@example.com`;

export const RULE_PATHS: readonly RulePath[] = [
  {
    name: "two groups, then a second stage",
    request: { stages: [{ groups: [{ approvers: [ANA, BO] }, { approvers: [CY] }] }, { approvers: [DEE] }] },
    acts: [approves(ANA), approves(CY), approves(DEE)],
    decisions: [`${ANA}: approve`, `${CY}: approve`, `${DEE}: approve`],
    ballots: [`${ANA} approved`, `${BO} withdrawn`, `${CY} approved`, `${DEE} approved`],
    notices: ["no-longer-needed", "outcome", "outcome", "outcome", "requester-outcome"],
  },
  {
    name: "escalated at its deadline",
    request: { approvers: [ANA], deadline: TIME, onDeadline: "escalate", escalateTo: [BO] },
    acts: [],
    later: [approves(BO)],
    decisions: [`${BO}: approve`],
    ballots: [`${ANA} withdrawn`, `${BO} approved`],
    notices: ["no-longer-needed", "outcome", "requester-outcome"],
  },
  {
    name: "reminded",
    request: { approvers: [ANA, BO], require: "all", reminders: { after: [TIME] } },
    acts: [approves(ANA)],
    later: [approves(BO)],
    decisions: [`${ANA}: approve`, `${BO}: approve`],
    ballots: [`${ANA} approved`, `${BO} approved`],
    notices: ["outcome", "outcome", "reminder", "requester-outcome"],
  },
  {
    name: "taken back and answered again",
    request: { approvers: [ANA], undo: TIME },
    acts: [approves(ANA), (story) => story.call("ballots/1/undo", {}), approves(ANA, 2)],
    later: [],
    decisions: [`${ANA}: approve`],
    ballots: [`${ANA} undone`, `${ANA} approved`],
    notices: ["outcome", "requester-outcome"],
  },
  {
    name: "handed on, refused and extended",
    request: { approvers: [ANA, BO, CY], require: "all" },
    acts: [
      (story) => story.call("ballots/1/reassign", { to: DEE, reason: "Ana is away" }),
      (story) => story.call("ballots/2/recuse", { reason: "A friend of mine" }),
      (story) => story.call("extend", { deadline: "P30D" }),
      approves(CY),
      approves(DEE),
    ],
    decisions: [`${CY}: approve`, `${DEE}: approve`],
    ballots: [`${ANA} reassigned`, `${BO} recused`, `${CY} approved`, `${DEE} approved`],
    // The deadline outlives the links that the two have.
    notices: ["handed-on", "outcome", "outcome", "requester-outcome", "resend", "resend"],
  },
  {
    name: "changed and asked again",
    request: {
      approvers: [ANA, BO],
      choices: changeable,
    },
    acts: [
      (story) => story.press(ANA, { choice: "changes" }),
      (story) => story.call("change", { summary: "Thirty of them will do" }),
      approves(BO, 2),
    ],
    decisions: [`${BO}: approve`],
    ballots: [`${ANA} changes_requested`, `${BO} withdrawn`, `${ANA} withdrawn`, `${BO} approved`],
    notices: ["changes-requested", "no-longer-needed", "no-longer-needed", "outcome", "requester-outcome"],
  },
  {
    name: "expired at its deadline",
    request: { approvers: [ANA, BO], require: "all", deadline: TIME },
    acts: [approves(ANA)],
    later: [],
    outcome: "expired",
    decisions: [`${ANA}: approve`],
    ballots: [`${ANA} approved`, `${BO} expired`],
    notices: ["no-longer-needed", "outcome", "requester-outcome"],
  },
  {
    name: "expired while it waited for changes",
    request: { approvers: [ANA], choices: changeable, deadline: TIME },
    acts: [(story) => story.press(ANA, { choice: "changes" })],
    later: [],
    outcome: "expired",
    decisions: [`${ANA}: changes`],
    ballots: [`${ANA} changes_requested`],
    notices: ["changes-requested", "outcome", "requester-outcome"],
  },
  {
    name: "rejected when the time of its second stage was over",
    request: { stages: [{ approvers: [ANA] }, { approvers: [BO], deadline: TIME, onDeadline: "reject" }] },
    acts: [approves(ANA)],
    later: [],
    outcome: "rejected",
    decisions: [`${ANA}: approve`],
    ballots: [`${ANA} approved`, `${BO} withdrawn`],
    notices: ["no-longer-needed", "outcome", "requester-outcome"],
  },
  {
    name: "others asked in their place when the time of a stage was over",
    request: {
      stages: [
        { approvers: [ANA], deadline: TIME, onDeadline: "escalate", escalateTo: [BO], replace: true },
        { approvers: [CY] },
      ],
    },
    acts: [],
    later: [approves(BO), approves(CY)],
    decisions: [`${BO}: approve`, `${CY}: approve`],
    ballots: [`${ANA} withdrawn`, `${BO} approved`, `${CY} approved`],
    notices: ["no-longer-needed", "outcome", "outcome", "requester-outcome"],
  },
  {
    name: "back in the office before the second stage",
    request: (id) => ({
      stages: [{ approvers: [eveOf(id)] }, { approvers: [eveOf(id)] }],
      reminders: { after: [TIME] },
    }),
    before: (story) => story.post("/absences", { person: eveOf(story.id), to: DEE, until: TIME }),
    acts: [],
    later: [approves(DEE), (story) => story.press(eveOf(story.id))],
    decisions: [`${DEE}: approve`, `${eveOf("…")}: approve`],
    ballots: [`${DEE} approved`, `${eveOf("…")} approved`],
    notices: ["outcome", "outcome", "reminder", "requester-outcome"],
  },
];
