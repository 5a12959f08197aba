/** How grave a log entry is. */
export type LogLevel = "debug" | "info" | "warn" | "error";

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
  readonly chunk?: string | Uint8Array;
}

/** Where log entries go. */
export interface LogSink {
  /** Takes an entry; returns at once. What it throws is ignored. */
  write(entry: LogEntry): void;
}
