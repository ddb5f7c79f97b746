/** The file of people's addresses: which of them are one person's. */
import { z } from "zod";
import { problemsFromIssues } from "../approval/problems.ts";
import { isGmail, KnownPeople, NO_KNOWN_PEOPLE } from "../approval/same-person.ts";
import { ConfigError } from "../lib/config-error.ts";
import { isMailAddress, MAIL_ADDRESS_CHARS_MAX } from "../lib/mail-address.ts";
import type { Config } from "./config.ts";
import { readYamlFile } from "./yaml-file.ts";

const ADDRESSES_MAX = 20;
const DOMAINS_MAX = 20;
/** Each approval stores those of its people: of one line, each address in each domain that is one with its own. */
const SPELLINGS_MAX = 40;
/** Everybody of a large organisation can have a line. */
const PEOPLE_MAX = 50_000;

const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/iu;

const NOT_GMAIL =
  "must not be a domain of Gmail: gmail.com and googlemail.com are one without a line, and one with no other domain";

const schema = z.strictObject({
  people: z
    .array(
      z
        .array(
          z
            .string()
            .max(MAIL_ADDRESS_CHARS_MAX)
            .refine(isMailAddress, "must be one plain mail address, such as ana@example.com"),
        )
        .min(2)
        .max(ADDRESSES_MAX),
    )
    .max(PEOPLE_MAX)
    .default([]),
  domains: z
    .array(
      z
        .array(
          z
            .string()
            .max(253)
            .regex(DOMAIN, "must be a domain, such as example.com")
            .refine((domain) => !isGmail(domain.toLowerCase()), NOT_GMAIL),
        )
        .min(2)
        .max(DOMAINS_MAX),
    )
    .max(PEOPLE_MAX)
    .default([]),
  plusTags: z.enum(["same", "distinct"]).default("same"),
});

/**
 * @param setting what names the file, for messages
 * @throws ConfigError with every problem, TextFileError
 */
export function loadAliases(
  { aliasesFile: file }: Pick<Config, "aliasesFile">,
  setting = "ALIASES_FILE",
): KnownPeople {
  if (file === undefined) return NO_KNOWN_PEOPLE;
  const given = readYamlFile(setting, file) ?? {};
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(
      problemsFromIssues(parsed.error.issues, given).map(
        ({ field, message }) => `${setting} ${file}: ${field === "body" ? "it" : field} ${message}`,
      ),
    );
  }
  const { people, domains, plusTags } = parsed.data;
  const known = new KnownPeople({ people, domains, areTagsPeople: plusTags === "distinct" });
  const problems = [
    ...repeated("people", people, (email) => known.formOf(email)),
    ...repeated("domains", domains, (domain) => domain.toLowerCase()),
  ];
  if (problems.length === 0) problems.push(...tooMany(known));
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `${setting} ${file}: ${problem}`));
  return known;
}

/** An address in two lines would make their people one person; such a list must use one line. */
function repeated(
  name: string,
  lines: readonly (readonly string[])[],
  keyOf: (each: string) => string,
): string[] {
  const seen = new Map<string, { readonly i: number; readonly each: string }>();
  return lines.flatMap((line, i) =>
    line.flatMap((each, j) => {
      const key = keyOf(each);
      const first = seen.get(key);
      if (first === undefined) {
        seen.set(key, { i, each });
        return [];
      }
      const as = first.each === each ? "" : `, as ${first.each}`;
      return [`${name}[${i}][${j}] ${each} is in ${name}[${first.i}] already${as}`];
    }),
  );
}

function tooMany(known: KnownPeople): string[] {
  return known.aliases.people.flatMap(([first = ""], i) => {
    const { length } = known.spellingsOf(known.whoIs(first));
    if (length <= SPELLINGS_MAX) return [];
    return [
      `people[${i}] stands for ${length} addresses with those in domains of one line; it must stand for at most ${SPELLINGS_MAX}`,
    ];
  });
}
