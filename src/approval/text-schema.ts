import { z } from "zod";
import { facets } from "./shape.ts";
import { composed, lineProblem, linesProblem, storableProblem, tidyLine, tidyLines } from "./text.ts";

/** Schema of text of one line, tidied. */
export function line(charsMax: number) {
  return text(charsMax, tidyLine, lineProblem).register(facets, { meaning: composed });
}

/** Schema of text of several lines, tidied. */
export function lines(charsMax: number) {
  return text(charsMax, tidyLines, linesProblem).register(facets, { meaning: composed });
}

/** Controls are looked for in the text as given, which trimming would hide; reserved words in the text as stored. */
function text(charsMax: number, tidy: (raw: string) => string, problem: (raw: string) => string | undefined) {
  return z
    .string()
    .superRefine((raw, ctx) => {
      const message = problem(raw) ?? storableProblem(tidy(raw));
      if (message !== undefined) ctx.addIssue({ code: "custom", message });
    })
    .overwrite(tidy)
    .min(1)
    .max(charsMax);
}
