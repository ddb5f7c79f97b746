/** Names that uses of actions are stored under; apart from their records, because the command line reads these and no library. */
export const USE_KIND = "use";

/** The function that tells people of a use of a standing approval, as workers register it. */
export const STANDING_USE_FUNC = "standing_use";
