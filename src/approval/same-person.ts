/**
 * Whose address it is: all addresses that reach one person have one key here. It only takes something away: the requester never
 * decides, and one person counts once. It gives nobody a right: a link, an inbox and the requester's page belong to the address
 * itself (`person.ts`).
 *
 * I1 Upper and lower case tell nobody apart.
 * I2 What follows a "+" before the "@" is a tag of the same mailbox (RFC 5233), unless the operator's list says otherwise.
 * I3 gmail.com and googlemail.com are one domain, and dots before the "@" mean nothing there.
 * I4 The operator's list names addresses of one person, and domains that are one.
 * I5 Who is one person, is settled when the approval starts, and stored with it: what a workflow did before, it does again. So a
 *    later version that reads addresses in another way gives `form` another number.
 * I6 Whom the request does not name, is settled when they are asked (as a stand-in, or because a ballot is handed to them), and
 *    stored with the judgement that asks them. That changes nothing about those who were settled before.
 */
import { z } from "zod";
import { addressKey } from "./person.ts";
import type { Person } from "./schema.ts";

/** The key of the person whom an address reaches. */
export type WhoIs = (email: string) => string;

/** What the operator knows of people's addresses. */
export interface Aliases {
  /** Whether addresses that differ by their tag belong to different people. */
  readonly areTagsPeople: boolean;
  /** Each line has the addresses of one person. No two lines have one that is the same by its form and by `domains`. */
  readonly people: readonly (readonly string[])[];
  /** Each line has domains that are one. None of them is Gmail's, where names have another form, and none is in two lines. */
  readonly domains: readonly (readonly string[])[];
}

const NO_ALIASES: Aliases = { areTagsPeople: false, people: [], domains: [] };

/** The part of it that matters to one approval, as its terms have it. */
export interface SamePeople {
  readonly form: 1;
  readonly areTagsPeople?: true;
  /** By the normal form of an address, the key of the person whose it is too. */
  readonly aliases?: Readonly<Record<string, string>>;
}

export const storedAliasesSchema = z.record(z.string(), z.string());

export const storedSamePeopleSchema: z.ZodType<SamePeople> = z.object({
  form: z.literal(1),
  areTagsPeople: z.exactOptional(z.literal(true)),
  aliases: z.exactOptional(storedAliasesSchema),
});

/** The same with what was settled later. */
export function withAliases(same: SamePeople, later: SamePeople["aliases"]): SamePeople {
  return later === undefined ? same : { ...same, aliases: { ...same.aliases, ...later } };
}

/** By what an approval's terms have. Without it, as in approvals of earlier versions, each address is a person. */
export function whoIsBy(same: SamePeople | undefined): WhoIs {
  if (same === undefined) return addressKey;
  const { areTagsPeople = false, aliases = {} } = same;
  // The few addresses of an approval are asked for again and again.
  const known = new Map<string, string>();
  return (email) => {
    const found = known.get(email);
    if (found !== undefined) return found;
    const form = normalForm(email, areTagsPeople);
    const who = Object.hasOwn(aliases, form) ? (aliases[form] ?? form) : form;
    known.set(email, who);
    return who;
  };
}

/** By all that the operator knows. */
export class KnownPeople {
  readonly aliases: Aliases;
  /** Of every line, by each of its addresses but the first: the first. All in the form of `formOf`. */
  readonly #people: ReadonlyMap<string, string>;
  /** Of every line, by its first address: the others. */
  readonly #others: ReadonlyMap<string, readonly string[]>;
  readonly #domains: ReadonlyMap<string, readonly string[]>;

  constructor(aliases: Aliases = NO_ALIASES) {
    this.aliases = aliases;
    this.#domains = new Map(
      aliases.domains.flatMap((line) => {
        const domains = line.map((domain) => domain.toLowerCase());
        return domains.map((domain) => [domain, domains] as const);
      }),
    );
    this.#others = new Map(
      aliases.people.map((line) => {
        const [first = "", ...others] = line.map((email) => this.formOf(email));
        return [first, others];
      }),
    );
    this.#people = new Map(
      [...this.#others].flatMap(([first, others]) => others.map((other) => [other, first] as const)),
    );
  }

  readonly whoIs: WhoIs = (email) => {
    const form = this.formOf(email);
    return this.#people.get(form) ?? form;
  };

  /** What matters to an approval of these people, for its terms. */
  among(people: readonly Person[]): SamePeople {
    const { areTagsPeople } = this.aliases;
    const aliases: Record<string, string> = {};
    for (const who of new Set(people.map(({ email }) => this.whoIs(email)))) {
      for (const spelling of this.spellingsOf(who)) if (spelling !== who) aliases[spelling] = who;
    }
    return {
      form: 1,
      ...(areTagsPeople ? { areTagsPeople } : {}),
      ...(Object.keys(aliases).length === 0 ? {} : { aliases }),
    };
  }

  /**
   * What is to be stored of people who are asked only now; undefined if nothing is.
   *
   * @param same what the approval has already
   * @param settled those of whom it is settled who they are
   */
  later(
    same: SamePeople,
    { asked, settled }: { readonly asked: readonly Person[]; readonly settled: readonly Person[] },
  ): SamePeople["aliases"] {
    const later: Record<string, string> = {};
    for (const { email } of asked) {
      const whoIs = whoIsBy(withAliases(same, later));
      const keys = new Set([
        ...settled.map((person) => whoIs(person.email)),
        ...Object.values({ ...same.aliases, ...later }),
      ]);
      if (keys.has(whoIs(email))) continue;
      const spellings = this.spellingsOf(this.whoIs(email));
      const who = spellings.map(whoIs).find((key) => keys.has(key)) ?? this.whoIs(email);
      for (const spelling of spellings)
        if (!keys.has(whoIs(spelling)) && spelling !== who) later[spelling] = who;
    }
    return Object.keys(later).length === 0 ? undefined : later;
  }

  /** The normal form of an address, with the first domain of its line. */
  formOf(email: string): string {
    const form = normalForm(email, this.aliases.areTagsPeople);
    const { local, domain } = partsOf(form);
    return `${local}@${this.#domains.get(domain)?.[0] ?? domain}`;
  }

  /** The normal forms of all addresses that the lists give to a person, by their key. */
  spellingsOf(who: string): string[] {
    return [who, ...(this.#others.get(who) ?? [])].flatMap((form) => this.#inAllDomains(form));
  }

  #inAllDomains(form: string): string[] {
    const { local, domain } = partsOf(form);
    return (this.#domains.get(domain) ?? [domain]).map((other) => `${local}@${other}`);
  }
}

/** Where the operator knows of no aliases. */
export const NO_KNOWN_PEOPLE = new KnownPeople();

/** I1 to I3. */
function normalForm(email: string, areTagsPeople: boolean): string {
  const { local, domain } = partsOf(addressKey(email));
  const plus = local.indexOf("+");
  // What begins with "+" has no name before the tag.
  const name = areTagsPeople || plus < 1 ? local : local.slice(0, plus);
  if (!isGmail(domain)) return `${name}@${domain}`;
  return `${name.replaceAll(".", "")}@gmail.com`;
}

/** @param domain in lower case */
export function isGmail(domain: string): boolean {
  return domain === "gmail.com" || domain === "googlemail.com";
}

function partsOf(address: string): { readonly local: string; readonly domain: string } {
  const at = address.lastIndexOf("@");
  return at < 0
    ? { local: address, domain: "" }
    : { local: address.slice(0, at), domain: address.slice(at + 1) };
}
