/** Small approvals, one for each thing that can happen to an approval beside another. */
import type { Scenario } from "./world.ts";

const ANA = "ana@example.com";
/** The same person. */
const ANA_TOO = "ana+x@example.com";
const BO = "bo@example.com";
const CY = "cy@example.com";
const CFO = "cfo@example.com";
const BOSS = "boss@example.com";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const changeable = {
  choices: [
    { value: "approve", effect: "approve" },
    { value: "changes", effect: "changes" },
    { value: "reject", effect: "reject" },
  ],
  requester: "kim@example.com",
};
const twoStages = { stages: [{ approvers: [ANA] }, { approvers: [CFO] }], deadline: "P3D" };
const escalating = { approvers: [ANA], deadline: "P1D", onDeadline: "escalate", escalateTo: [BOSS] };
const escalation = { stages: [escalating], deadline: "P5D" };
const threeGroups = {
  stages: [{ groups: [{ approvers: [BO] }, { approvers: [ANA] }, { approvers: [CY] }] }],
};
const approve = (press: string) => ({ press, choice: "approve" }) as const;
const reject = (press: string) => ({ press, choice: "reject" }) as const;

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "an approval and a veto": { request: { approvers: [ANA, BO] }, deeds: [approve(ANA), reject(BO)] },
  "two approvals that are both needed": {
    request: { approvers: [ANA, BO], require: "all" },
    deeds: [approve(ANA), approve(BO)],
  },
  "a majority": {
    request: { approvers: [ANA, BO, CY], require: 2, rejection: "majority" },
    deeds: [approve(ANA), reject(BO), reject(CY)],
  },
  "a press and a cancellation": {
    request: { approvers: [ANA] },
    deeds: [approve(ANA), { cancel: true }],
    clock: [1, 2],
  },
  "a press and a cancellation from the start": {
    request: { approvers: [ANA] },
    deeds: [approve(ANA), { cancel: true }],
    fromStart: true,
  },
  "a press around the deadline": {
    request: { approvers: [ANA], deadline: "P1D" },
    deeds: [approve(ANA)],
    clock: [DAY - 1, DAY],
  },
  "two groups": {
    request: { stages: [{ groups: [{ approvers: [ANA, BO] }, { approvers: [CY] }] }] },
    deeds: [approve(ANA), approve(CY), reject(BO)],
  },
  "two stages": { request: twoStages, deeds: [approve(ANA), approve(CFO)] },
  "a veto beside the end of a stage": {
    request: { stages: [{ approvers: [ANA, BO] }, { approvers: [CFO] }] },
    deeds: [approve(ANA), reject(BO), approve(CFO)],
  },
  "a deadline beside the end of a stage": { request: twoStages, deeds: [approve(ANA)], clock: [3 * DAY] },
  "a cancellation beside the end of a stage": { request: twoStages, deeds: [approve(ANA), { cancel: true }] },
  "a reassignment and presses of both": {
    request: { approvers: [ANA, BO] },
    deeds: [{ reassign: ANA, to: CY }, approve(ANA), reject(CY)],
  },
  "a reassignment to somebody who is asked": {
    request: { approvers: [ANA, BO], require: "all" },
    deeds: [{ reassign: ANA, to: BO }, approve(BO)],
  },
  "a recusal and a press": {
    request: { approvers: [ANA, BO], require: "all" },
    deeds: [{ recuse: ANA }, approve(BO)],
  },
  "everybody recuses themselves": {
    request: { approvers: [ANA, BO] },
    deeds: [{ recuse: ANA }, { recuse: BO }],
  },
  "new links and presses by both": {
    request: { approvers: [ANA] },
    deeds: [{ reissue: ANA }, approve(ANA), { ...reject(ANA), nth: 2 }],
  },
  "an answer that is taken back": {
    request: { approvers: [ANA], undo: "PT1H" },
    deeds: [
      { ...approve(ANA), undo: true },
      { ...reject(ANA), nth: 2 },
    ],
    clock: [HOUR],
  },
  "two answers that can be taken back": {
    request: { approvers: [ANA, BO], undo: "PT1H" },
    deeds: [approve(ANA), approve(BO)],
    clock: [10, HOUR, HOUR + 10],
  },
  "a veto that is taken back": {
    request: { approvers: [ANA, BO], undo: "PT1H" },
    deeds: [approve(ANA), { ...reject(BO), undo: true }],
    clock: [HOUR],
  },
  "an answer that is taken back beside a cancellation": {
    request: { approvers: [ANA], undo: "PT1H" },
    deeds: [{ ...approve(ANA), undo: true }, { cancel: true }],
  },
  "a cancellation around the end of the time for taking back": {
    request: { approvers: [ANA, BO], require: "all", undo: "PT1H" },
    deeds: [approve(ANA), approve(BO), { cancel: true }],
    clock: [10, HOUR, HOUR + 10],
  },
  "a veto that is taken back beside a cancellation": {
    request: { approvers: [ANA, BO], undo: "PT1H" },
    deeds: [approve(ANA), { ...reject(BO), undo: true }, { cancel: true }],
    clock: [10, HOUR],
  },
  "an answer that is taken back around the deadline": {
    request: { approvers: [ANA], undo: "PT1H", deadline: "P1D" },
    deeds: [{ ...approve(ANA), undo: true }],
    clock: [DAY - 10, DAY],
  },
  "an answer that is taken back beside the end of a stage": {
    request: { stages: [{ approvers: [ANA, BO] }, { approvers: [CFO] }], undo: "PT1H" },
    deeds: [approve(ANA), { ...approve(BO), undo: true }, approve(CFO)],
    clock: [HOUR],
  },
  "a reassignment and an answer that is taken back": {
    request: { approvers: [ANA], undo: "PT1H" },
    deeds: [
      { reassign: ANA, to: CY },
      { ...approve(CY), undo: true },
    ],
    clock: [HOUR],
  },
  "an escalation": { request: escalation, deeds: [approve(ANA), reject(BOSS)], clock: [DAY] },
  "an escalation that replaces": {
    request: { stages: [{ ...escalating, replace: true }], deadline: "P5D" },
    deeds: [approve(ANA), approve(BOSS)],
    clock: [DAY],
  },
  "an escalation of what all must approve": {
    request: { stages: [{ ...escalating, approvers: [ANA, BO], require: "all" }], deadline: "P5D" },
    deeds: [approve(ANA), approve(BOSS)],
    clock: [DAY],
  },
  "a reassignment to whom it escalates": {
    request: escalation,
    deeds: [{ reassign: ANA, to: BOSS }, approve(BOSS)],
    clock: [DAY],
  },
  "a recusal that escalates": { request: escalation, deeds: [{ recuse: ANA }, approve(BOSS)], clock: [DAY] },
  "a press around the end of a stage's time": {
    request: { stages: [{ approvers: [ANA], deadline: "P1D" }], deadline: "P5D" },
    deeds: [approve(ANA)],
    clock: [DAY - 1, DAY],
  },
  "a stage's time that rejects": {
    request: { stages: [{ approvers: [ANA], deadline: "P1D", onDeadline: "reject" }], deadline: "P5D" },
    deeds: [approve(ANA)],
    clock: [DAY],
  },
  "a veto around the end of a stage's time": { request: escalation, deeds: [reject(ANA)], clock: [DAY] },
  "a veto around the end of a stage's time that counts as approval": {
    request: {
      stages: [{ approvers: [ANA], deadline: "P1D", onDeadline: "approve" }, { approvers: [CFO] }],
      deadline: "P5D",
    },
    mayApproveByDeadline: true,
    deeds: [reject(ANA), approve(CFO)],
    clock: [DAY],
  },
  "two ballots of one person, and a no before a yes": {
    request: { ...threeGroups, rejection: "majority" },
    deeds: [
      { reassign: BO, to: ANA },
      { ...approve(ANA), having: 2 },
      { ...reject(ANA), nth: 2 },
    ],
    clock: [1, 2],
  },
  "two ballots of one person, and a yes before a veto": {
    request: threeGroups,
    deeds: [
      { reassign: BO, to: ANA },
      { ...reject(ANA), having: 2 },
      { ...approve(ANA), nth: 2 },
    ],
    clock: [1, 2],
  },
  "one person with two addresses, and a no before a yes": {
    request: { ...threeGroups, rejection: "majority" },
    deeds: [{ reassign: BO, to: ANA_TOO }, approve(ANA), reject(ANA_TOO)],
    clock: [1, 2],
  },
  "an extension around the deadline": {
    request: { approvers: [ANA], deadline: "P1D" },
    deeds: [{ extendTo: 2 * DAY }, approve(ANA)],
    clock: [DAY, 2 * DAY],
  },
  "an extension and an answer after the new deadline": {
    request: { approvers: [ANA, BO], require: "all", deadline: "P1D" },
    deeds: [approve(ANA), { extendTo: 2 * DAY }, approve(BO)],
    clock: [2 * DAY],
  },
  "an extension beside the end of a stage": {
    request: twoStages,
    deeds: [{ extendTo: 4 * DAY }, approve(ANA), approve(CFO)],
  },
  "a change of the question and a press": {
    request: { approvers: [ANA], ...changeable },
    deeds: [{ change: "Two" }, approve(ANA), { ...reject(ANA), nth: 2 }],
  },
  "a change of the question and a veto": {
    request: { approvers: [ANA], ...changeable },
    deeds: [{ change: "Two" }, reject(ANA)],
  },
  "a change of the question and answers that can be taken back": {
    request: { approvers: [ANA, BO], require: "all", ...changeable, undo: "PT1H" },
    deeds: [approve(ANA), { change: "Two" }],
    clock: [HOUR],
  },
  "a new round that would be longer than an approval may be": {
    request: { approvers: [ANA], ...changeable, deadline: "P390D" },
    deeds: [{ change: "Two" }],
    clock: [30 * DAY],
  },
  "changes that are requested and made": {
    request: { approvers: [ANA], ...changeable },
    deeds: [
      { press: ANA, choice: "changes" },
      { change: "Two", whenRevising: true },
      { ...approve(ANA), nth: 2 },
    ],
  },
  "changes that one requests and another approves": {
    request: { approvers: [ANA, BO], ...changeable },
    deeds: [
      { press: ANA, choice: "changes" },
      approve(BO),
      { change: "Two", whenRevising: true },
      { ...approve(BO), nth: 2 },
    ],
  },
  "changes that are requested beside a cancellation": {
    request: { approvers: [ANA], ...changeable },
    deeds: [{ press: ANA, choice: "changes" }, { cancel: true }],
  },
  "changes that are made around the deadline": {
    request: { approvers: [ANA], ...changeable, deadline: "P1D" },
    deeds: [
      { press: ANA, choice: "changes" },
      { change: "Two", whenRevising: true },
    ],
    clock: [DAY],
  },
  "a reminder beside answers": {
    request: { approvers: [ANA, BO], require: "all", reminders: { after: ["PT1H"] } },
    deeds: [approve(ANA), approve(BO)],
    clock: [HOUR],
  },
};
