/** What shows an engine who we are: a token that stays the same, or what tells the one to use now. Undefined: none. */
export type Token = string | undefined | (() => string | undefined);

export function tokenNow(token: Token): string | undefined {
  return typeof token === "function" ? token() : token;
}
