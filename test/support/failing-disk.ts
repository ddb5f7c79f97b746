import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../src/engine/store/database.ts";
import { type Journal, journalFileOf, openJournal } from "../../src/engine/store/journal.ts";

/** A statement that fails has done nothing; after some faults SQLite has rolled back its transaction, too. */
export type Fault = "refused" | "rolled back";

/** The files of an engine on a disk that fails as it is told to. */
export class FailingDisk {
  /** What comes of the next uses, in their order. */
  #faults: (Fault | undefined)[] = [];

  failAt(use: number, fault: Fault): void {
    this.#faults[use] = fault;
  }

  mend(): void {
    this.#faults = [];
  }

  database(file: string): DatabaseSync {
    const db = openDatabase(file);
    const prepare = db.prepare.bind(db);
    db.prepare = (sql) => {
      const statement = prepare(sql);
      for (const method of ["run", "get", "all", "iterate"] as const) {
        const run: (...parameters: never[]) => unknown = statement[method].bind(statement);
        Object.assign(statement, {
          [method]: (...parameters: never[]) => {
            this.#use(db);
            return run(...parameters);
          },
        });
      }
      return statement;
    };
    return db;
  }

  journal(file: string): Journal {
    const journal = openJournal(journalFileOf(file));
    const append = journal.append.bind(journal);
    const read = journal.read.bind(journal);
    return Object.assign(journal, {
      append: (record: Parameters<typeof append>[0]) => {
        this.#use();
        append(record);
      },
      read: () => {
        this.#use();
        return read();
      },
    });
  }

  #use(db?: DatabaseSync): void {
    const fault = this.#faults.shift();
    if (fault === undefined) return;
    if (fault === "rolled back" && db?.isTransaction === true) db.exec("ROLLBACK");
    throw Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR" });
  }
}
