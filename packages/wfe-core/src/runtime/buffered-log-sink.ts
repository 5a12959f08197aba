import { type Duration, durationMs } from "../models/duration.ts";
import type { Clock } from "../traits/clock.ts";
import type { LogEntry, LogSink } from "../traits/log-sink.ts";
import { endsWithin } from "./ends-within.ts";
import { systemClock } from "./system-clock.ts";

/** What {@link bufferedLogSink} can be told. */
export interface BufferedLogSinkOptions {
  /** Entries that wait at most, besides those that are being written: 1 or more. @default 10000 */
  readonly maxEntries?: number;
  /** Characters and bytes of the messages and chunks that wait at most: 1 or more. Fields are not counted. @default 16777216 */
  readonly maxSize?: number;
  /** Which go when there are more. @default "oldest" */
  readonly drop?: "oldest" | "newest";
  /** Time of the entries that tell of a loss, and of {@link BufferedLogSink.flush}. @default the machine's clock */
  readonly clock?: Clock;
}

/** A log sink that writes later, in batches. */
export interface BufferedLogSink extends LogSink {
  /**
   * Waits until nothing waits to be written. To be called behind `host.stop()`; may be called at any time, and concurrently.
   *
   * @param options.timeout - How long to wait. @default "5s"
   * @returns Whether all of it was written; `false` when the time is up, some was lost meanwhile, or a loss could not be told.
   * @throws RangeError for a bad timeout
   */
  flush(options?: { readonly timeout?: Duration }): Promise<boolean>;
}

const MAX_ENTRIES = 10_000;
const MAX_SIZE = 16 * 1_024 * 1_024;
const BATCH = 1_000;

/**
 * Keeps a slow destination from the engine: entries are taken at once, and written in batches, one batch at a time. What is beyond the bounds is
 * dropped, as is a batch whose write fails; the next batch then begins with an entry that says how many were lost (`fields.dropped`). A write
 * that hangs stops the writing, nothing else.
 *
 * @param write - Gets 1 to 1,000 entries, and one more after a loss; copies, so they stay as they were when they were handed in.
 * @throws RangeError for bounds that are none, TypeError for a `write` that is no function
 */
export function bufferedLogSink(
  write: (entries: readonly LogEntry[]) => Promise<void>,
  { maxEntries = MAX_ENTRIES, maxSize = MAX_SIZE, drop = "oldest", clock = systemClock }: BufferedLogSinkOptions = {},
): BufferedLogSink {
  if (typeof write !== "function") throw new TypeError("a buffered log needs a function that writes entries");
  for (const [name, value] of Object.entries({ maxEntries, maxSize }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`${name} of a buffered log must be a whole number from 1: got ${String(value)}`);
  if (drop !== "oldest" && drop !== "newest")
    throw new RangeError(`drop of a buffered log must be "oldest" or "newest": got ${JSON.stringify(drop)}`);
  return new LogBuffer(write, { maxEntries, maxSize, drop, clock });
}

class LogBuffer implements BufferedLogSink {
  readonly #write: (entries: readonly LogEntry[]) => Promise<void>;
  readonly #options: Required<BufferedLogSinkOptions>;
  /** Those before `#first` are gone. */
  #waiting: (LogEntry | undefined)[] = [];
  #first = 0;
  #size = 0;
  /** Lost since it was told last, and ever. */
  #untold = 0;
  #lost = 0;
  #writing: Promise<void> | undefined;

  constructor(write: (entries: readonly LogEntry[]) => Promise<void>, options: Required<BufferedLogSinkOptions>) {
    this.#write = write;
    this.#options = options;
  }

  write(entry: LogEntry): void {
    const copy = copyOf(entry);
    const { drop, maxEntries, maxSize } = this.#options;
    const size = copy === undefined ? Infinity : sizeOf(copy);
    const hasRoom = (): boolean => this.#count < maxEntries && this.#size + size <= maxSize;
    // One that is larger than all may be drives nothing else out.
    while (!hasRoom() && drop === "oldest" && size <= maxSize && this.#count > 0) this.#lose(this.#take(1).length);
    if (copy !== undefined && hasRoom()) {
      this.#waiting.push(copy);
      this.#size += size;
    } else this.#lose(1);
    this.#begin();
  }

  async flush({ timeout = "5s" }: { readonly timeout?: Duration } = {}): Promise<boolean> {
    const timeoutMs = durationMs(timeout, "timeout");
    const before = this.#lost;
    if (this.#untold > 0) this.#begin();
    const written = await endsWithin(this.#writing ?? Promise.resolve(), this.#options.clock, timeoutMs);
    return written && this.#lost === before && this.#untold === 0;
  }

  get #count(): number {
    return this.#waiting.length - this.#first;
  }

  #begin(): void {
    this.#writing ??= new Promise<void>((resolve) => this.#options.clock.defer(resolve)).then(() => this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    // A loss that cannot be told now is told with what comes next: a destination that fails is not asked for ever.
    do await this.#writeBatch();
    while (this.#count > 0);
    this.#writing = undefined;
  }

  async #writeBatch(): Promise<void> {
    const told = this.#untold;
    const batch = this.#take(BATCH);
    const loss: readonly LogEntry[] = told === 0 ? [] : [this.#lossOf(told)];
    if (loss.length + batch.length === 0) return;
    try {
      await this.#write([...loss, ...batch]);
      this.#untold -= told;
    } catch {
      this.#lose(batch.length);
    }
  }

  #lossOf(dropped: number): LogEntry {
    const message = `${dropped} log entries were dropped: they came faster than they could be written, or could not be written`;
    return { at: new Date(this.#options.clock.now()), level: "warn", message, fields: { dropped } };
  }

  #lose(count: number): void {
    this.#untold += count;
    this.#lost += count;
  }

  /** The oldest ones. */
  #take(most: number): LogEntry[] {
    const taken = this.#waiting.slice(this.#first, this.#first + most) as LogEntry[]; // there are none that are gone from there on
    this.#waiting.fill(undefined, this.#first, this.#first + taken.length);
    this.#first += taken.length;
    for (const entry of taken) this.#size -= sizeOf(entry);
    if (this.#first * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return taken;
  }
}

/** @returns `undefined` for fields that cannot even be looked at */
function copyOf(entry: LogEntry): LogEntry | undefined {
  const { fields, chunk } = entry;
  try {
    return {
      ...entry,
      ...(fields === undefined || fields instanceof Error ? {} : { fields: { ...fields } }),
      ...(chunk instanceof Uint8Array ? { chunk: new Uint8Array(chunk) } : {}), // `slice` of a Buffer is no copy
    };
  } catch {
    return undefined;
  }
}

function sizeOf({ message, chunk }: LogEntry): number {
  return message.length + (chunk?.length ?? 0);
}
