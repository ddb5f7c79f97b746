import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);

function sourcesIn(folder: string): string {
  const files = readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(new URL(`${folder}/${file}`, root), "utf8"))
    .join("\n");
}

test("docs/command-line.md explains every kind that the service gives its own promises", () => {
  const sources = ["src", "worker"].map(sourcesIn).join("\n");
  // What is written after the tag, and what a constant of that name stands for; timers are told theirs. Some are told to
  // a function that creates several kinds: then a constant names them.
  const written = [...sources.matchAll(/\[KIND_TAG\]: ("?)([\w-]+)\1[,\s}]/g)].map(([, quote, word]) =>
    quote === "" ? new RegExp(`const ${word} = "([\\w-]+)"`).exec(sources)?.[1] : word,
  );
  const timers = [...sources.matchAll(/timerTags\([^"]*"([\w-]+)"\)/g)].map(([, word]) => word);
  const constants = [...sources.matchAll(/const \w+_KIND = "([\w-]+)"/g)].map(([, word]) => word);
  const kinds = new Set([...written, ...timers, ...constants].filter((kind) => kind !== undefined));
  expect([...kinds].sort()).toEqual([
    "absence",
    "admin-session",
    "alarm",
    "approval",
    "ballot",
    "callback",
    "delay",
    "delivery",
    "end",
    "log-head",
    "log-witness",
    "meeting",
    "notice",
    "opening",
    "passkey",
    "passkey-challenge",
    "passkey-mail",
    "passkey-use",
    "refusal-place",
    "retry",
    "return-path",
    "session",
    "sign-in",
    "sign-in-try",
    "signed-in",
    "undo",
    "use",
    "use-attempt",
    "webhook",
  ]);
  const docs = readFileSync(new URL("docs/command-line.md", root), "utf8");
  const explained = docs.slice(
    docs.indexOf("`kind` of what"),
    docs.indexOf("\n## ", docs.indexOf("`kind` of what")),
  );
  for (const kind of kinds) expect(explained, kind).toContain(`\`${kind}\``);
});

/** A known id with other content is refused, so whoever tries one page after the other must meet each id once. */
test("requests that readers send from the README and the docs have ids of their own", () => {
  const pages = readdirSync(new URL("docs", root), { recursive: true, encoding: "utf8" });
  const texts = [
    "README.md",
    ...pages.filter((file) => file.endsWith(".md")).map((file) => `docs/${file}`),
  ].map((file) => readFileSync(new URL(file, root), "utf8"));
  const blocks = texts.flatMap((text) =>
    [...text.matchAll(/^```\w*\n(.*?)^```$/gmsu)].map(([block]) => block),
  );
  const ids = blocks
    .filter((block) => block.includes("curl") && block.includes("/approvals"))
    .flatMap((block) => [...block.matchAll(/"id": "([\w.-]+)"/gu)].map(([, id]) => id));
  expect(ids.length).toBeGreaterThan(2);
  expect(ids).toEqual([...new Set(ids)]);
});
