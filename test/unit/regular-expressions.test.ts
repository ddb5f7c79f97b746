/**
 * No text, whoever wrote it, makes a regular expression take longer than in proportion to its length. Proven for each by
 * an automaton, so no list of evil inputs has to be complete.
 */
import { createRequire } from "node:module";
import { relative } from "node:path";
import { describe, expect, test } from "vitest";
import type * as HeaderValues from "../../src/webhooks/schemes/header-value.ts";
import { nonlinearity, patternsIn, patternsMadeBy, sourceFiles } from "../support/patterns.ts";

const root = new URL("../../", import.meta.url);
const files = [new URL("src/", root), new URL("worker/", root)].flatMap(sourceFiles);
const patterns = files.map((file) => ({ file: relative(root.pathname, file), ...patternsIn(file) }));

describe("the proof", () => {
  test.each([/(a+)+$/u, /\s+$/u, /=+$/, /<[^>]*>/u, /\b[\w.-]+@/u, /^(?=.*a*a*$)b/u])(
    "sees that %s is not linear",
    (pattern) => {
      expect(nonlinearity(pattern)).toMatch(/polynomial|exponential/u);
    },
  );

  test.each([/a+(?=b)/u, /(?<=b)a+$/u, /(a+)\1/u])("passes nothing that it only believes: %s", (pattern) => {
    expect(nonlinearity(pattern)).toBeDefined();
  });

  test.each([/^a{1,400}$/, /[^\s]+/gu, /<[^<>]*>/u, /^(?!.*=\?)[a-z]{1,64}$/u])(
    "sees that %s is linear",
    (pattern) => {
      expect(nonlinearity(pattern)).toBeUndefined();
    },
  );
});

/** Modules that make theirs not when they load but of a setting. */
const MADE_LATER: Readonly<Record<string, (module: unknown) => void>> = {
  "src/webhooks/schemes/header-value.ts": (module) => {
    const { parseHeaderValue } = module as typeof HeaderValues;
    for (const text of ["{timestamp}.{signature}", "{id}.{timestamp}.{signature}", "v1=={signature};{id}"]) {
      expect(parseHeaderValue(text)).toMatchObject({ kind: "fixed" });
    }
  },
};

describe("our own regular expressions", () => {
  const literals = patterns.flatMap(({ file, literals }) => literals.map((pattern) => ({ file, pattern })));

  test("are found", () => {
    expect(literals.length).toBeGreaterThan(80);
  });

  test.each(literals)("$file: $pattern", ({ pattern }) => {
    expect(nonlinearity(pattern)).toBeUndefined();
  });

  test.each(patterns.filter(({ makesMore }) => makesMore))("those that $file makes", async ({ file }) => {
    const made = await patternsMadeBy(async () => {
      // Loaded once more, as another module: this process may have it already.
      const module: unknown = await import(`${new URL(file, root).href}?made`);
      MADE_LATER[file]?.(module);
    });
    expect(made).not.toEqual([]);
    for (const pattern of made) expect([pattern, nonlinearity(pattern)]).toEqual([pattern, undefined]);
  });
});

/** In libraries that are given others' text. Each exception says why it never meets a long one. */
const LIBRARIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "markdown-it": {},
  "nodemailer/lib/mime-funcs": { "(\\s+)[^\\s]*$": "foldLines gives it lines of 76 characters" },
  "nodemailer/lib/qp": {},
};

describe("regular expressions of libraries", () => {
  const require = createRequire(import.meta.url);

  test.each(Object.entries(LIBRARIES))("%s", (name, exceptions) => {
    const { literals } = patternsIn(require.resolve(name));
    const found = literals
      .filter((pattern) => nonlinearity(pattern) !== undefined)
      .map(({ source }) => source);
    expect(found.toSorted()).toEqual(Object.keys(exceptions).toSorted());
  });
});
