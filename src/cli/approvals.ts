/** `countersign approvals …`: lists of approvals, and what an operator does about one. Each act is a line of `ACTS`. */

import { ACT_OPTIONS, ACTS, actOn } from "./approvals-act.ts";
import { bundle } from "./approvals-bundle.ts";
import { CONSUME_OPTIONS, ON_ACTION } from "./approvals-consume.ts";
import { isListVerb, LIST_HELP, LIST_OPTIONS, LIST_VERBS, runLists } from "./approvals-list.ts";
import { show } from "./approvals-show.ts";
import { type Command, EXIT, parseWords, refuseOthers, UsageError } from "./command.ts";

const OWN_VERBS: readonly string[] = ["show", "bundle"];

export const approvals: Command = {
  help: `Usage: countersign approvals list [conditions] [--json]
       countersign approvals export [conditions] --format csv|jsonl
       countersign approvals history ID [--json]
       countersign approvals show ID [--json]
       countersign approvals bundle ID [--dsse]
       countersign approvals remind|resend|recuse|undo ID BALLOT [options]
       countersign approvals reassign ID BALLOT --to ADDRESS [options]
       countersign approvals cancel ID [--reason TEXT]
       countersign approvals extend ID --deadline DEADLINE [options]
       countersign approvals change ID [--title TEXT] [--content FILE] [--note TEXT] [options]
       countersign approvals consume ID --arguments FILE --attempt NAME [--audience NAME] [--item N]
       countersign approvals revoke ID [--item N] [--reason TEXT]

BALLOT is --ballot N, as show lists them, or --approver ADDRESS, whose latest ballot is meant.

  list       Lists approvals, the newest first
  export     Prints all that match, as a file
  history    Shows what happened to one, in order
  show       Shows the approval: what it waits for, and every ballot
  bundle     Prints everything about an ended approval, signed, for countersign verify. Needs the gateway's signing keys
  remind     Sends the approver a reminder, at most once an hour
  resend     Sends the approver the links once more, at most once an hour; with --new-links, new ones
  reassign   Hands the ballot to somebody else
  recuse     Takes the approver out of the count
  undo       Takes the answer back, while the request allows it; its approver is asked again
  cancel     Ends the approval
  extend     Moves the deadline to a later time: a duration from now, or an instant
  change     Changes the question, in a new round. FILE has title, summary and details, or some of them
  consume    Takes the approved action, to run it once, and prints the signed grant. FILE has the arguments, in JSON or YAML.
             The same attempt gets the same grant
  revoke     Takes the approval of an action back that nobody has consumed

Options:
  --to ADDRESS    Who is asked instead
  --reason TEXT   Shown to those concerned
  --arguments FILE, --attempt NAME, --audience NAME, --item N
                  As of POST /approvals/:id/consume
  --key KEY       Names this act: repeated with the same key, it is done once. Without one, a new key is made and printed
  --dsse          Of bundle: as an in-toto statement in a DSSE envelope
  --json          Print JSON, even on a terminal

${LIST_HELP}
Exits 0 when it is done, now or earlier with the same key; 1 when the mail cannot be delivered; 2 when a value is wrong; 3 when there is no such approval or
ballot; 5 when it is stored, but no worker has acted on it yet; 6 when an answer, another act or the end came first, or the
approval does not allow it. consume exits 1 when nobody has approved the action, 2 when it is not what was approved, and 6 when it was
consumed or can no longer be.

Examples:
  countersign approvals list --waiting-for ana@example.com --sort due
  countersign approvals export --status approved --created 2026-11-01..2026-12-01 --format csv > november.csv
  countersign approvals reassign po-4711 --approver ana@example.com --to dee@example.com --reason 'Ana is away'
  countersign approvals extend po-4711 --deadline P5D
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {
      ...ACT_OPTIONS,
      ...CONSUME_OPTIONS,
      ...LIST_OPTIONS,
      dsse: { type: "boolean" },
    });
    const [verb = "", id, ...others] = positionals;
    if (isListVerb(verb)) return await runLists(cli, verb, positionals.slice(1), values);
    const act = ACTS.get(verb);
    const ofAction = ON_ACTION.get(verb);
    if (!OWN_VERBS.includes(verb) && act === undefined && ofAction === undefined) {
      const verbs = [...LIST_VERBS, ...OWN_VERBS, ...ACTS.keys(), ...ON_ACTION.keys()];
      throw new UsageError(`Say what to do: ${verbs.join(", ")}`);
    }
    refuseOthers(
      verb,
      values,
      ofAction !== undefined
        ? ofAction.takes
        : act !== undefined
          ? [...act.takes, "key"]
          : verb === "bundle"
            ? ["dsse"]
            : [],
    );
    if (id === undefined || id === "") throw new UsageError("ID is missing");
    if (others.length > 0) throw new UsageError(`One ID only: what is ${others.join(" ")}?`);
    if (act !== undefined) return await actOn(cli, id, act, values);
    if (ofAction !== undefined) return await ofAction.run(cli, id, values);
    if (verb === "bundle") return await bundle(cli, id, values.dsse === true);
    await show(cli, id, values);
    return EXIT.ok;
  },
};
