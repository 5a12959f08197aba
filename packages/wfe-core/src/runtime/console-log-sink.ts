import { Console } from "node:console";
import { inspect } from "node:util";
import { LOG_LEVELS, type LogEntry, type LogLevel, type LogSink } from "../traits/log-sink.ts";

/** What {@link consoleLogSink} can be told. */
export interface ConsoleLogSinkOptions {
  /** The least grave level that is shown; output of steps counts as `info`. @default "info" */
  readonly level?: LogLevel;
  /** Where lines go. What it does not take at once it keeps in memory: see `bufferedLogSink` for slow ones. @default process.stderr */
  readonly stream?: NodeJS.WritableStream;
}

/**
 * A log sink for people: a line for each entry, with the stack of an error in its fields on the lines below. Lines that belong to an entry are
 * indented, and control characters are escaped, so that no text can pass for an entry of its own. A stream that fails is ignored.
 *
 * @throws RangeError for an unknown level, TypeError for a stream that cannot be written to
 */
export function consoleLogSink({ level = "info", stream = process.stderr }: ConsoleLogSinkOptions = {}): LogSink {
  const least = LOG_LEVELS.indexOf(level);
  if (least < 0) throw new RangeError(`the level of a log must be ${LOG_LEVELS.join(", ")}: got ${JSON.stringify(level)}`);
  if (typeof (stream as Partial<NodeJS.WritableStream> | null)?.write !== "function")
    throw new TypeError("the stream of a log must be a writable one");
  // A `Console` swallows what a stream that is gone says of itself, which would else end the process.
  const output = new Console({ stdout: stream, ignoreErrors: true });
  return {
    write: (entry) => {
      if (LOG_LEVELS.indexOf(entry.level) >= least) output.log("%s", lineOf(entry));
    },
  };
}

const DEPTH = 4;
/** Characters of an entry that are shown. */
const LONGEST = 16_384;
const decoder = new TextDecoder();

function lineOf(entry: LogEntry): string {
  try {
    const { at, level, stream, message, chunk, fields } = entry;
    const text = chunk === undefined ? message : textOf(chunk).replace(/\r?\n$/u, "");
    const shown = fields === undefined ? "" : fieldsOf(fields);
    return indented(`${at.toISOString()} ${(stream ?? level).padEnd(6)} ${whereOf(entry)}${text}${shown}`);
  } catch {
    return "a log entry that cannot be shown"; // fields of the user's, which may do anything when they are looked at
  }
}

function whereOf({ definitionId, workflowId, step }: LogEntry): string {
  const parts = [definitionId, workflowId, step].filter((part) => part !== undefined);
  return parts.length === 0 ? "" : `[${parts.join(" ")}] `;
}

function textOf(chunk: string | Uint8Array): string {
  return typeof chunk === "string" ? chunk : decoder.decode(chunk);
}

/** Errors below the line, with stack and causes; the rest behind the message. */
function fieldsOf(fields: object): string {
  if (fields instanceof Error) return `\n${inspect(fields)}`;
  const entries = Object.entries(fields);
  const others = entries.filter(([, value]) => !(value instanceof Error));
  const errors = entries.filter(([, value]) => value instanceof Error).map(([name, error]) => `\n${name}: ${inspect(error)}`);
  const inLine = others.length === 0 ? "" : ` ${inspect(Object.fromEntries(others), { depth: DEPTH, breakLength: Infinity })}`;
  return `${inLine}${errors.join("")}`;
}

function indented(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return shown.replace(/\p{Cc}/gu, escaped);
}

function escaped(character: string): string {
  if (character === "\n") return "\n    ";
  return character === "\t" ? "\t" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
