/** `countersign approvals bundle`. */
import { bundleOf } from "../proof/bundle.ts";
import { approvalBehind } from "../service/approvals/approval-behind.ts";
import { readUses } from "../service/approvals/uses.ts";
import { type Cli, CommandFailure, EXIT, type ExitCode } from "./command.ts";
import { signerOf } from "./signer.ts";

export async function bundle(cli: Cli, id: string): Promise<ExitCode> {
  const signer = signerOf(cli);
  const durable = await cli.durable();
  const root = await approvalBehind(durable, id);
  if (root === undefined) throw new CommandFailure(EXIT.notFound, `There is no approval ${id}`);
  const children = await durable.children(root.id);
  const made = await bundleOf(root, children, await readUses(durable, root), signer);
  if (made === undefined)
    throw new CommandFailure(EXIT.pending, `${id} is no approval that has ended with an outcome`);
  cli.write(`${JSON.stringify(made, null, 2)}\n`);
  return EXIT.ok;
}
