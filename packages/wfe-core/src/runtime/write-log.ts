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

/** Characters or bytes of a chunk in one entry at most. */
const LONGEST_CHUNK = 65_536;

/** A chunk of output in pieces of 65,536 characters or bytes at most; no character is torn apart. An empty one is one piece. */
export function logPieces(chunk: string | Uint8Array): readonly (string | Uint8Array)[] {
  if (!(chunk.length > LONGEST_CHUNK)) return [chunk]; // also what is neither, of a caller without a compiler
  const pieces: (string | Uint8Array)[] = [];
  for (let from = 0; from < chunk.length; ) {
    const to = pieceEnd(chunk, from + LONGEST_CHUNK);
    pieces.push(typeof chunk === "string" ? chunk.slice(from, to) : chunk.subarray(from, to));
    from = to;
  }
  return pieces;
}

/** A piece of text does not end between the two halves of a character, nor one of bytes within one of UTF-8. */
function pieceEnd(chunk: string | Uint8Array, end: number): number {
  if (end >= chunk.length) return chunk.length;
  if (typeof chunk === "string") return isLowSurrogate(chunk.charCodeAt(end)) ? end - 1 : end;
  let start = end;
  while (start > end - 4 && isContinuation(chunk[start])) start -= 1;
  return isContinuation(chunk[start]) ? end : start; // no UTF-8: any place will do
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc_00 && unit <= 0xdf_ff;
const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;
