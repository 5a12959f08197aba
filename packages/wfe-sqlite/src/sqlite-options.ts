import type { Clock, Duration, Entropy } from "wfe-core";

/** Where the database is and how it is used. */
export interface SqliteOptions {
  /**
   * Path of the database file, made if it does not exist (its folder has to), or `":memory:"` for one that lives as long as the object that
   * was made with these options. Beside the file stand `-wal`, `-shm`, and one `-host-<id>` file for each process that holds locks.
   */
  readonly path: string;
  /**
   * `"FULL"`: a commit that was acknowledged survives a power cut. `"NORMAL"`: it survives the death of the process, but a power cut or a
   * crash of the operating system may take back the last commits, several steps included, which then run again; the file stays sound.
   * In exchange most commits wait for no disk.
   *
   * @default "FULL"
   */
  readonly synchronous?: "FULL" | "NORMAL";
  /**
   * How long an operation is tried again while other processes hold the write lock, before it rejects with `WFE_STORE_BUSY`. The process is
   * not blocked meanwhile.
   *
   * @default "10s"
   */
  readonly busyTimeout?: Duration;
  /**
   * Longest pause between two looks for what other processes have queued, 10 ms or more: while they write it is 10 ms, and grows to this one
   * when they do not. What this process queues is noticed at once.
   *
   * @default "100ms"
   */
  readonly pollInterval?: Duration;
  /**
   * Dotted paths into the data of instances by which filters are to find them through an index: `["customer.id"]`; 16 at most. Each index is made by
   * the first start that asks for it, which keeps writers waiting meanwhile, and is written with every commit that changes data. One that is no longer
   * asked for is left. Without an index a filter on data reads what the rest of the filter leaves; it finds the same.
   *
   * @default none
   */
  readonly indexedData?: readonly string[];
  /** @default the clock of the machine */
  readonly clock?: Clock;
  /** @default the randomness of the machine */
  readonly entropy?: Entropy;
}

/** The path of a database that has no file. */
export const MEMORY_PATH = ":memory:";
