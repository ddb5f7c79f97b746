/** How the workflows that ran here lately were begun: their call, tags and times, none of which ever changes. */
import type { PromiseRecord } from "@resonatehq/sdk";
import { Generations } from "../../src/lib/generations.ts";

/** What follows a pass, such as the mail that tells of an approval's end, comes within moments. */
const CALLS_MAX = 500;
/** Of base64. Few are longer. */
const CHARS_MAX = 16 * 1024;

export class RecentCalls {
  readonly #records = new Generations<string, PromiseRecord>(CALLS_MAX);

  note(record: PromiseRecord): void {
    if ((record.param.data?.length ?? 0) <= CHARS_MAX) this.#records.set(record.id, record);
  }

  of(id: string): PromiseRecord | undefined {
    return this.#records.get(id);
  }
}
