/** A rule about several members of an object that is also checked where some members are wrong, so one answer names all problems. */
import { isRecord } from "./raw-input.ts";

/** For Zod's `superRefine`, of rules that look at whether members are there and not into them: some may be of a wrong type. */
export const besideOthers = {
  when: ({ value }: { readonly value: unknown }): boolean => isRecord(value),
};
