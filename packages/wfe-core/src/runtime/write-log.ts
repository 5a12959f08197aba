import type { LogEntry, LogSink } from "../traits/log-sink.ts";

/** Hands an entry to a sink. A sink that fails, at once or later, is its owner's matter: what called goes on. */
export function writeLog(sink: LogSink, entry: LogEntry): void {
  try {
    // Declared to give nothing; one that is async gives a promise all the same.
    const written: unknown = sink.write(entry);
    if (written instanceof Promise) written.catch(() => undefined);
  } catch {
    // See above.
  }
}
