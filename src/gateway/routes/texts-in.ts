/** The texts of a control or parameter that may be there several times. */
export function textsIn(value: unknown): readonly string[] {
  return [value].flat().filter((each): each is string => typeof each === "string");
}
