/** `countersign approvals bundle`. */
import { bundleOf } from "../proof/bundle.ts";
import { STATEMENT_TYPE, statementOf } from "../proof/statement.ts";
import { approvalBehind } from "../service/approvals/approval-behind.ts";
import { readUses } from "../service/approvals/uses.ts";
import { type Cli, CommandFailure, EXIT, type ExitCode } from "./command.ts";
import { signerOf } from "./signer.ts";

/** @param isEnvelope whether it is printed as a statement in a DSSE envelope */
export async function bundle(cli: Cli, id: string, isEnvelope: boolean): Promise<ExitCode> {
  const signer = signerOf(cli);
  const durable = await cli.durable();
  const root = await approvalBehind(durable, id);
  if (root === undefined) throw new CommandFailure(EXIT.notFound, `There is no approval ${id}`);
  const children = await durable.children(root.id);
  const made = await bundleOf(root, children, await readUses(durable, root), signer);
  if (made === undefined)
    throw new CommandFailure(EXIT.pending, `${id} is no approval that has ended with an outcome`);
  const printed = isEnvelope ? signer.seal(STATEMENT_TYPE, statementOf(made)) : made;
  cli.write(`${JSON.stringify(printed, null, 2)}\n`);
  return EXIT.ok;
}
