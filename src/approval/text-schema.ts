import { z } from "zod";
import { invisibleAt } from "./argument-rows.ts";
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

/** Schema of text of one line that programs and people must read alike: what `line` would tidy, or nobody can see, is refused. */
export function exactLine(charsMax: number) {
  return z
    .string()
    .superRefine((raw, ctx) => {
      const message = lineProblem(raw) ?? storableProblem(raw) ?? exactProblem(raw);
      if (message !== undefined && raw !== "") ctx.addIssue({ code: "custom", message });
    })
    .min(1)
    .max(charsMax)
    .register(facets, { meaning: composed });
}

function exactProblem(raw: string): string | undefined {
  const hidden = invisibleAt(raw);
  if (hidden !== undefined) {
    return `must hold only characters that can be seen: ${hidden.code} is character ${hidden.place}`;
  }
  return tidyLine(raw) === raw ? undefined : "must not begin or end with a blank";
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
