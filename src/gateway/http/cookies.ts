/** The cookies of people who sign in. Programs have none: no route for them reads a cookie. */
import type { Request, Response } from "express";

export interface Cookie {
  /** Its value; undefined if the browser sent none, or more than one of the name. */
  read(req: Request): string | undefined;
  /** @param maxAgeMs how long the browser keeps it */
  set(res: Response, value: string, maxAgeMs: number): void;
  clear(res: Response): void;
}

/**
 * Under https its name begins with `__Host-`: then browsers take it from this host alone and over https alone (RFC 6265bis
 * §4.1.3.2), so neither a neighbour's page nor somebody on the wire can plant one. A service at `http://127.0.0.1` has no
 * wire, and some browsers would drop such a cookie there: it goes without the prefix and without `Secure`.
 *
 * `Lax`: a link in a mail comes from another site, and should find its reader signed in. Every POST is checked for where it
 * comes from, and by a value in its form.
 */
export function createCookie(name: string, { https }: { readonly https: boolean }): Cookie {
  const fullName = https ? `__Host-${name}` : name;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${https ? "; Secure" : ""}`;
  const write = (res: Response, value: string, maxAgeSeconds: number) =>
    void res.append("Set-Cookie", `${fullName}=${value}; Max-Age=${maxAgeSeconds}; ${attributes}`);
  return {
    read(req) {
      const found = (req.headers.cookie ?? "")
        .split(";")
        .map((pair) => pair.trim())
        .filter((pair) => pair.startsWith(`${fullName}=`));
      // Which of two is ours? Without the prefix, another port of this host could have set one.
      return found.length === 1 ? found[0]?.slice(fullName.length + 1) : undefined;
    },
    set: (res, value, maxAgeMs) => write(res, value, Math.max(1, Math.floor(maxAgeMs / 1000))),
    clear: (res) => write(res, "", 0),
  };
}
