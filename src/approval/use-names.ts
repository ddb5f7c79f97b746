/** Names that uses of actions are stored under; apart from their records, because the command line reads these and no library. */
export const USE_KIND = "use";

/** Tag of a use or revocation after which nothing stands any more, with this value: lists look at the approval again. */
export const ENDS_TAG = "countersign:ends";
export const ENDS_STANDING = "standing";

/** The function that tells people of a use of a standing approval, as workers register it. */
export const STANDING_USE_FUNC = "standing_use";
