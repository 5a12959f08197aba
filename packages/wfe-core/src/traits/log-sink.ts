/** Levels of log entries, the gravest last. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** How grave a log entry is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A line, of a step (`ctx.log`) or of the engine, or a chunk of a step's output stream. */
export interface LogEntry {
  readonly at: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields?: object;
  readonly workflowId?: string;
  readonly definitionId?: string;
  readonly step?: string;
  readonly pointerId?: string;
  /** Set when `chunk` is output of the step rather than a message. */
  readonly stream?: "stdout" | "stderr";
  /** 65,536 characters or bytes at most: what a step writes at once beyond that comes in several entries. Not copied. */
  readonly chunk?: string | Uint8Array;
}

/** Where log entries go. */
export interface LogSink {
  /** Takes an entry; returns at once, and is not waited for: who calls it is the engine, or a step. What it throws is ignored. */
  write(entry: LogEntry): void;
}
