/** The addresses that mails to approvers can come back to. */
import { RETURN_PATH_KIND, type ReturnPath, returnPathId } from "../../src/approval/bounce.ts";
import { KIND_TAG } from "../../src/approval/ids.ts";
import { ballotOf } from "../../src/approval/stored.ts";
import type { StoredPromise } from "../../src/durable/durable.ts";
import { EXTERNAL, lineage } from "../../src/durable/lineage.ts";
import { encodeValue } from "../../src/durable/value.ts";
import type { ProductServices } from "../runtime/services.ts";

type Parts = Pick<ProductServices, "bounceAddress" | "tokens">;

/**
 * The return path of the first mail of a ballot, kept before it goes out; undefined where this installation has none. A step that
 * runs again gets the same.
 *
 * @param expiresAtMs from when on nothing that comes back is of use
 */
export async function openReturnPath(
  svc: Parts & Pick<ProductServices, "promises">,
  record: StoredPromise,
  expiresAtMs: number,
): Promise<string | undefined> {
  const ballot = ballotOf(record);
  const made = returnPathOf(svc, record, expiresAtMs);
  if (ballot === undefined || made === undefined) return undefined;
  const { approval, n } = ballot;
  const bornAtMs = record.createdAt;
  const path: ReturnPath = { kind: RETURN_PATH_KIND, approval, n, ballot: record.id, bornAtMs };
  const { id, address } = made;
  await svc.promises.create(id, expiresAtMs, {
    ...encodeValue(path),
    tags: { ...lineage(id), ...EXTERNAL, [KIND_TAG]: RETURN_PATH_KIND },
  });
  return address;
}

/**
 * The return path of a later mail of the ballot. None if its first mail had none, as where the settings have changed since:
 * what comes back of such a ballot is looked for nowhere, so its person's silence could approve all the same.
 */
export async function keptReturnPath(
  svc: Parts & Pick<ProductServices, "look">,
  record: StoredPromise,
  expiresAtMs: number,
): Promise<string | undefined> {
  const made = returnPathOf(svc, record, expiresAtMs);
  return made !== undefined && (await svc.look(made.id)) !== undefined ? made.address : undefined;
}

function returnPathOf({ bounceAddress, tokens }: Parts, record: StoredPromise, expiresAtMs: number) {
  if (bounceAddress === undefined || ballotOf(record) === undefined) return undefined;
  const { tag, name } = tokens.returnPaths.issue({
    pid: record.id,
    bornAtMs: record.createdAt,
    expiresAtMs,
  });
  return { id: returnPathId(name), address: bounceAddress.replace("@", `+${tag}@`) };
}
