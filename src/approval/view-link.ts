/** In place of a choice, in the link that suggests no answer. So no choice can have this value. */
export const VIEW_LINK = "view";
