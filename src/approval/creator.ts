/** Which program began an approval, for those who may only see their own. */

/** Tag of the root promise of a tree: `client:` and the client's name of the API key, or `person:` and a hash. */
export const CREATOR_TAG = "countersign:creator";

type Tags = Readonly<Record<string, string>>;

/** Who began it; of an approval below another workflow, who began that. Undefined if that is not known. */
export function creatorOf(root: Tags, origin: Tags | undefined): string | undefined {
  return root[CREATOR_TAG] ?? origin?.[CREATOR_TAG];
}
