/** People: they read their mail, open links, press, press again, and come too late. */

import type { Random } from "../../support/seeds.ts";
import { type Answer, call } from "../machine/calls.ts";
import type { World } from "../machine/world.ts";
import type { Oracle } from "../oracle.ts";
import type { SimMail } from "../parts/relay.ts";
import { PUBLIC_URL, TOKENS } from "../parts/settings.ts";
import { HOUR_MS, MINUTE_MS, ownRandom } from "./plans.ts";

export interface PeopleOptions {
  readonly seed: number;
  readonly world: World;
  readonly oracle: Oracle;
  /** As of the simulation: how much more often people press twice. */
  readonly severity: number;
}

/** Longer than a gateway takes. Nobody looks at a page that does not load for longer. */
const PATIENCE_MS = 60_000;

interface Link {
  readonly url: URL;
  readonly approval: string;
  readonly ballot: number;
}

export class People {
  readonly #options: PeopleOptions;
  readonly #mails = new Map<string, number>();
  /** What people have yet to do. */
  pending = 0;

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  /** A mail has arrived. */
  read(mail: SimMail): void {
    const { oracle, seed } = this.#options;
    const links = this.#linksIn(mail.text);
    const [link] = links;
    oracle.mail(mail, link?.approval);
    if (link === undefined) return;
    const key = `${link.approval}:${link.ballot}`;
    const nth = (this.#mails.get(key) ?? 0) + 1;
    this.#mails.set(key, nth);
    const random = ownRandom(seed, Number(link.approval.slice(1)), link.ballot, nth);
    if (random.chance(0.2)) return;
    this.#later(delayOf(random), () => this.#visit(link, random));
  }

  async #visit(link: Link, random: Random): Promise<void> {
    const { severity } = this.#options;
    const choice = random.chance(0.72) ? "approve" : random.pick(["reject", "later"]);
    if (random.chance(Math.min(0.1 * severity, 0.5))) {
      // In two windows at once.
      const other = choice === "approve" ? "reject" : "approve";
      await Promise.all([this.#press(link, choice), this.#press(link, other)]);
    } else await this.#press(link, choice);
    if (random.chance(0.3)) {
      this.#later(delayOf(random), () => this.#press(link, random.pick(["approve", "reject"])));
    }
  }

  async #press(link: Link, wished: string): Promise<void> {
    const { oracle, world } = this.#options;
    const { approval, ballot, url } = link;
    const endBefore = oracle.endOf(approval);
    const opened = await this.#ask(url);
    if (opened === undefined || opened.status >= 500) return;
    const form = formIn(opened.text);
    if (endBefore !== undefined)
      oracle.lateLink(approval, attribute(opened.text, "outcome"), form !== undefined);
    if (form === undefined) return;
    const choice = form.choices.includes(wished) ? wished : "approve";
    const answer = await this.#ask(url, new URLSearchParams({ ...form.hidden, choice }).toString());
    if (answer?.status !== 303 || answer.location === undefined) return;
    const receipt = await this.#ask(new URL(answer.location, url));
    if (receipt === undefined || receipt.status >= 500) return;
    const isEffective = attribute(receipt.text, "effective") === "true";
    world.log(
      `${choice} on ${approval}:${ballot}: ${isEffective ? "counts" : attribute(receipt.text, "decision")}`,
    );
    oracle.told({ approval, ballot, choice, isEffective, atMs: world.time.now() });
  }

  async #ask(url: URL, form?: string): Promise<Answer | undefined> {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const post = form === undefined ? {} : { method: "POST", body: form, headers: type };
    return await call(url, { ...post, withinMs: PATIENCE_MS }).catch(() => undefined);
  }

  #later(delayMs: number, act: () => Promise<void>): void {
    this.pending += 1;
    this.#options.world.time.after(delayMs, () => {
      void act().finally(() => {
        this.pending -= 1;
      });
    });
  }

  #linksIn(text: string): Link[] {
    const nowMs = this.#options.world.time.now();
    return [...text.matchAll(LINK)].flatMap(([link, token = ""]) => {
      const verified = TOKENS.verifyLink(token, nowMs);
      if (!verified.ok) return [];
      const [approval = "", ballot = ""] = verified.value.pid.split(":");
      return [{ url: new URL(link), approval, ballot: Number(ballot) }];
    });
  }
}

const LINK = new RegExp(`${PUBLIC_URL}/d/([A-Za-z0-9_.-]+)`, "gu");

function delayOf(random: Random): number {
  const most = random.pick([2 * MINUTE_MS, HOUR_MS, 30 * HOUR_MS, 30 * HOUR_MS, 8 * 24 * HOUR_MS]);
  return random.below(most);
}

function formIn(page: string) {
  const form = /<form\b[^<>]*method="post".*?<\/form>/su.exec(page)?.[0];
  if (form === undefined) return undefined;
  const inputs = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/gu)];
  const choices = [...form.matchAll(/<button\b[^<>]*name="choice" value="([^"]*)"/gu)].map(
    ([, value = ""]) => value,
  );
  // What takes an answer back is a form, too.
  if (choices.length === 0) return undefined;
  return { hidden: Object.fromEntries(inputs.map(([, name = "", value = ""]) => [name, value])), choices };
}

function attribute(page: string, name: string): string | undefined {
  const main = /<main\b[^<>]*>/u.exec(page)?.[0] ?? "";
  return new RegExp(`data-${name}="([^"]*)"`, "u").exec(main)?.[1];
}
