/** Pages for people who are signed in. All others are led to the page on which they sign in. */
import type { Request, Response } from "express";
import { seeOther } from "../http/see-other.ts";
import type { Visitor, Visitors } from "./visitors.ts";

/** Who is signed in; undefined if nobody is: then the answer has been given. */
export async function visitorFor(
  visitors: Visitors,
  req: Request,
  res: Response,
): Promise<Visitor | undefined> {
  const visitor = await visitors.visitorOf(req, res);
  if (visitor === undefined) seeOther(res, "/inbox/sign-in");
  return visitor;
}

type Handler = (req: Request, res: Response, visitor: Visitor) => Promise<void>;

/** Makes handlers of routes of those that want a person. */
export function forVisitors(
  visitors: Visitors,
): (handler: Handler) => (req: Request, res: Response) => Promise<void> {
  return (handler) => async (req, res) => {
    const visitor = await visitorFor(visitors, req, res);
    if (visitor !== undefined) await handler(req, res, visitor);
  };
}
