/** `countersign approvals show`. */
import type { Program } from "../approval/doer.ts";
import { explained } from "../approval/explained.ts";
import { shownActions } from "../approval/shown-action.ts";
import type { UseView } from "../approval/use-view.ts";
import { type ApprovalView, type BallotView, summarize } from "../approval/view.ts";
import { explanationText } from "../approval/wording.ts";
import type { Durable } from "../durable/durable.ts";
import { currentTime } from "../durable/engine-time.ts";
import { readRestores, restoredFrom } from "../durable/restores.ts";
import { messagesFor } from "../lib/messages.ts";
import { cleanText } from "../lib/text.ts";
import { approvalBehind } from "../service/approvals/approval-behind.ts";
import { readReturns } from "../service/approvals/returned.ts";
import { usesOf } from "../service/approvals/uses.ts";
import { type Cli, CommandFailure, EXIT } from "./command.ts";

export async function show(
  cli: Cli,
  id: string,
  values: { readonly json?: boolean | undefined },
): Promise<void> {
  const durable = await cli.durable();
  const view = await viewOf(cli, durable, id);
  const root = await durable.read(view.id);
  const shown = { ...view, ...(root && (await usesOf(durable, root))) };
  cli.print(shown, () => textOf(shown), values);
}

/** @throws CommandFailure if there is no approval of that id */
export async function viewOf({ clock }: Cli, durable: Durable, id: string): Promise<ApprovalView> {
  const root = await approvalBehind(durable, id);
  const nowMs = await currentTime({ durable, clock });
  const english = messagesFor();
  const children = root === undefined ? [] : await durable.children(root.id);
  const view =
    root &&
    summarize(
      root,
      children,
      (course) => explained(course, nowMs, (explanation) => explanationText(explanation, english, {})),
      await readReturns(durable, root, children),
    );
  if (root === undefined || view === undefined)
    throw new CommandFailure(EXIT.notFound, `There is no approval ${id}`);
  return { ...view, ...restoredFrom(await readRestores(durable), root) };
}

function textOf(view: ApprovalView & { readonly uses?: readonly UseView[] }): string {
  const { id, status, title, deadline, explanation, outcome, error, ballots, restoredFrom: backupAt } = view;
  const facts: [string, string][] = [["title", title]];
  if (explanation !== undefined) {
    const { at, onDeadline } = explanation.nextDeadline;
    facts.push(["waits", explanation.text]);
    if (at !== deadline) facts.push(["next", `${at}, then: ${onDeadline}`]);
    facts.push(["deadline", deadline]);
  }
  if (outcome !== undefined) facts.push(["reason", outcome.reason]);
  if (error !== undefined) facts.push(["error", error]);
  if (backupAt !== undefined)
    facts.push(["restored", `from a backup of ${backupAt}: what came after it is lost`]);
  for (const use of view.uses ?? []) facts.push([use.state, `${use.at}${byText(use)}`]);
  const lines = facts.map(([label, text]) => `  ${label.padEnd(8)}  ${text}`);
  return [`${id}  approval  ${status}`, ...lines, ...actionLines(view), ...ballots.map(ballotLine)]
    .map(cleanText)
    .join("\n");
}

/** The arguments as JSON, which has no line breaks of the asker. */
function actionLines(view: ApprovalView): readonly string[] {
  const shown = shownActions(view, messagesFor());
  return shown.flatMap(({ tool, target, audience, reversible, standing, json }, i) => [
    `  ${view.items === undefined ? "action" : `item ${i + 1}`.padEnd(6)}    ${tool}  ${UNDOING[reversible]}`,
    ...(standing === undefined ? [] : [`  standing  ${standing}`]),
    ...(target === undefined ? [] : [`  target    ${target}`]),
    ...(audience === undefined ? [] : [`  run by    ${audience}`]),
    ...json.split("\n").map((line) => `    ${line}`),
  ]);
}

const UNDOING = { yes: "can be undone", costly: "costly to undo", no: "cannot be undone" } as const;

function ballotLine(ballot: BallotView): string {
  const { n, approver, state, choice, except, door, decidedAt, act, mail } = ballot;
  const how =
    act !== undefined
      ? `${act.at}${byText(act)}`
      : decidedAt === undefined
        ? `mail ${mail.status}`
        : `${decidedAt}${byText({ ...ballot, by: door })}`;
  const struck = except === undefined ? "" : ` without item ${except.join(", ")}`;
  return `  ballot ${n}  ${approver.email}  ${state}${choice === undefined ? "" : ` (${choice})`}${struck}  ${how}`;
}

/** The API key by its name, and its id where that is not known. */
function byText({ caller, client, by }: Program & { readonly by?: string | undefined }): string {
  const who = client ?? caller ?? by;
  return who === undefined ? "" : ` by ${who}`;
}
