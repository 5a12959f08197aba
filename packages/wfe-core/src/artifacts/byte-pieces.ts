/** Longest piece that is passed on: what is checked after each piece is checked this often. */
export const PIECE_BYTES: number = 128 * 1024;

/**
 * Bytes in pieces of 128 KiB at most, however they come. Ends with the reason of the signal as soon as that is aborted, also while the source
 * keeps it waiting.
 */
export async function* piecesOf(source: AsyncIterable<Uint8Array> | Uint8Array, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  for await (const chunk of source instanceof Uint8Array ? [source] : abortable(source, signal)) {
    for (let start = 0; start < chunk.byteLength; start += PIECE_BYTES) {
      signal?.throwIfAborted();
      yield chunk.subarray(start, start + PIECE_BYTES);
    }
  }
}

async function* abortable(source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  if (signal === undefined) return yield* source;
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await nextOrAborted(iterator, signal);
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    // Not awaited after an abort: a source that hangs would hang its end, too. What it throws then is nobody's matter any more.
    const returned = ended ? undefined : iterator.return?.();
    if (signal.aborted) returned?.catch(() => undefined);
    else await returned;
  }
}

async function nextOrAborted(iterator: AsyncIterator<Uint8Array>, signal: AbortSignal): Promise<IteratorResult<Uint8Array>> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error); // whatever the caller gave
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([iterator.next(), aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener("abort", stop);
  }
}
