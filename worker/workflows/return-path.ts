/** The addresses that mails to approvers can come back to. */
import { RETURN_PATH_KIND, type ReturnPath, returnPathId } from "../../src/approval/bounce.ts";
import { KIND_TAG } from "../../src/approval/ids.ts";
import { ballotOf } from "../../src/approval/stored.ts";
import type { StoredPromise } from "../../src/durable/durable.ts";
import { EXTERNAL, lineage } from "../../src/durable/lineage.ts";
import { encodeValue } from "../../src/durable/value.ts";
import type { ProductServices } from "../runtime/services.ts";

/**
 * The return path of the mails of a ballot, kept before any of them goes out; undefined where this installation has none.
 * A step that runs again gets the same.
 *
 * @param expiresAtMs from when on nothing that comes back is of use
 */
export async function openReturnPath(
  { bounceAddress, tokens, promises }: Pick<ProductServices, "bounceAddress" | "tokens" | "promises">,
  record: StoredPromise,
  expiresAtMs: number,
): Promise<string | undefined> {
  const ballot = ballotOf(record);
  if (bounceAddress === undefined || ballot === undefined) return undefined;
  const bornAtMs = record.createdAt;
  const { tag, name } = tokens.returnPaths.issue({ pid: record.id, bornAtMs, expiresAtMs });
  const { approval, n } = ballot;
  const path: ReturnPath = { kind: RETURN_PATH_KIND, approval, n, ballot: record.id, bornAtMs };
  const id = returnPathId(name);
  await promises.create(id, expiresAtMs, {
    ...encodeValue(path),
    tags: { ...lineage(id), ...EXTERNAL, [KIND_TAG]: RETURN_PATH_KIND },
  });
  return bounceAddress.replace("@", `+${tag}@`);
}
