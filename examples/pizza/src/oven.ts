import { readRecords, RecordFile } from "./record-file.ts";

/** What comes out of the oven. */
export interface Baked {
  readonly oven: number;
  readonly degrees: number;
}

/** A line of the oven's book. */
type OvenRecord = { readonly in: string } | { readonly out: string };

/** Announces that an order is baked. Called again with the same order when the first announcement may have been lost. */
export type Announce = (orderId: string, baked: Baked) => Promise<void>;

/**
 * Stands in for a machine in the kitchen that reports by events. It survives the worker: {@link resume}
 * announces once more what went in, as its book says, and was perhaps not announced.
 */
export class Oven {
  readonly #book: RecordFile<OvenRecord>;
  readonly #announce: Announce;
  /** What the book said at the start. */
  readonly #unannounced = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #failed: (error: unknown) => void;
  readonly #bakingMs: number;

  /**
   * @param options.announce - Has to be idempotent.
   * @param options.failed - Told when an announcement rejects.
   * @param options.bakingMs - How long an order bakes at least. @default 600
   */
  constructor(path: string, options: { readonly announce: Announce; readonly failed: (error: unknown) => void; readonly bakingMs?: number }) {
    this.#announce = options.announce;
    this.#failed = options.failed;
    this.#bakingMs = options.bakingMs ?? 600;
    for (const record of readRecords<OvenRecord>(path)) {
      if ("in" in record) this.#unannounced.add(record.in);
      else this.#unannounced.delete(record.out);
    }
    this.#book = new RecordFile(path);
  }

  /** Bakes what the process before has left inside. Call it once announcements can be made. */
  resume(): void {
    for (const orderId of this.#unannounced) if (!this.#timers.has(orderId)) this.#bake(orderId);
  }

  /** Puts an order in; one that is in already stays as it is. */
  put(orderId: string): void {
    if (this.#timers.has(orderId)) return;
    this.#book.append({ in: orderId });
    this.#bake(orderId);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#book.close();
  }

  #bake(orderId: string): void {
    const number = Number(orderId.slice(-4)) || 0;
    const ready = async (): Promise<void> => {
      await this.#announce(orderId, { oven: 1 + (number % 3), degrees: 380 + (number % 40) });
      if (this.#timers.delete(orderId)) this.#book.append({ out: orderId });
    };
    this.#timers.set(
      orderId,
      setTimeout(() => void ready().catch(this.#failed), this.#bakingMs + (number % 7) * 150),
    );
  }
}
