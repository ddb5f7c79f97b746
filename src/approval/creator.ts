/** Which program began an approval, for those who may only see their own. */

/** Tag of the root promise of a tree: `client:` and the client's name of the API key, or `person:` and a hash. */
export const CREATOR_TAG = "countersign:creator";

type Tags = Readonly<Record<string, string>>;

/** The name that the API keys of the program have that began it; undefined if a person's tool did, or if that is not known. */
export function programThatBegan(root: Tags): string | undefined {
  const creator = root[CREATOR_TAG];
  return creator?.startsWith(CLIENT) === true ? creator.slice(CLIENT.length) : undefined;
}

const CLIENT = "client:";

/** Who began it; of an approval below another workflow, who began that. Undefined if that is not known. */
export function creatorOf(root: Tags, origin: Tags | undefined): string | undefined {
  return root[CREATOR_TAG] ?? origin?.[CREATOR_TAG];
}
