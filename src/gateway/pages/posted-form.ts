import { type Request, type Response, urlencoded } from "express";
import { askForBody } from "../http/body.ts";

/** A form as a browser has posted it. */
export interface PostedForm {
  /** Whether a control arrived more than once: which one did the person see? */
  readonly isDoubled: boolean;
  /** What a control holds; undefined if it is not in the form, or there more than once. */
  text(name: string): string | undefined;
  /** What all controls of the name hold. */
  texts(name: string): readonly string[];
}

/** Reads the form that was posted. A body that is none (none at all, JSON, a mail program's one-click) is an empty form. */
export type FormReader = (req: Request, res: Response) => Promise<PostedForm>;

/** @throws when read: the parser's errors, with `status` 400, 413 or 415 */
export function formReader(limits: { readonly bytesMax: number; readonly controlsMax: number }): FormReader {
  const { bytesMax: limit, controlsMax: parameterLimit } = limits;
  const parse = urlencoded({ extended: false, inflate: false, limit, parameterLimit });
  return async (req, res) => {
    if (req.is("urlencoded") && req.headers["content-encoding"] === undefined) askForBody(req, limit);
    await new Promise<void>((resolve, reject) => {
      parse(req, res, (error?: Error) => (error === undefined ? resolve() : reject(error)));
    });
    const posted: Readonly<Record<string, unknown>> = { ...(req.body as object | undefined) };
    return {
      isDoubled: Object.values(posted).some((value) => typeof value !== "string"),
      text(name) {
        const value = Object.hasOwn(posted, name) ? posted[name] : undefined;
        return typeof value === "string" ? value : undefined;
      },
      texts(name) {
        const values = [Object.hasOwn(posted, name) ? posted[name] : []].flat();
        return values.filter((value) => typeof value === "string");
      },
    };
  };
}
