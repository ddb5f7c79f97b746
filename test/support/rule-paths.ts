/** Ways through an approval's rules: what is asked, and what people and programs do one after the other. */
import type { Story } from "./rule-story.ts";

export interface RulePath {
  readonly name: string;
  readonly request: Readonly<Record<string, unknown>>;
  /** Each is done once the approval rests. */
  readonly acts: readonly Act[];
  /** If present, `TIME_MS` passes after the acts, and then these are done. */
  readonly later?: readonly Act[];
  /** The answers that count, as `address: choice`, and what became of all ballots. The outcome is always `approved`. */
  readonly decisions: readonly string[];
  readonly ballots: readonly string[];
  /** Kinds of the mails that only tell something, and of reminders, in alphabetical order. */
  readonly notices: readonly string[];
}

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
      choices: [
        { value: "approve", effect: "approve" },
        { value: "reject", effect: "reject" },
        { value: "changes", effect: "changes" },
      ],
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
];
