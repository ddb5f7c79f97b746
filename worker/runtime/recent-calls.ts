/** How the workflows that ran here lately were begun: their call, tags and times, none of which ever changes. */
import type { PromiseRecord } from "@resonatehq/sdk";

/** What follows a pass, such as the mail that tells of an approval's end, comes within moments. */
const CALLS_MAX = 500;
/** Of base64. Few are longer. */
const CHARS_MAX = 16 * 1024;

export class RecentCalls {
  readonly #records = new Map<string, PromiseRecord>();

  note(record: PromiseRecord): void {
    if ((record.param.data?.length ?? 0) > CHARS_MAX) return;
    // The latest stays longest.
    this.#records.delete(record.id);
    this.#records.set(record.id, record);
    const [oldest] = this.#records.keys();
    if (this.#records.size > CALLS_MAX && oldest !== undefined) this.#records.delete(oldest);
  }

  of(id: string): PromiseRecord | undefined {
    return this.#records.get(id);
  }
}
