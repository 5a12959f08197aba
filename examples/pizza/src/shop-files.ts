import { join } from "node:path";

/** The files of one run of the demo, all in one folder. */
export interface ShopFiles {
  /** The workflow engine's database. */
  readonly database: string;
  /** Every start of a step body. */
  readonly journal: string;
  /** What went into the oven, and what was announced as baked. */
  readonly oven: string;
  /** The card payments made. */
  readonly payments: string;
}

export function shopFiles(folder: string): ShopFiles {
  return {
    database: join(folder, "pizza.db"),
    journal: join(folder, "journal.jsonl"),
    oven: join(folder, "oven.jsonl"),
    payments: join(folder, "payments.jsonl"),
  };
}
