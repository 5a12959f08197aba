import type { ArtifactContent } from "../traits/artifact-store.ts";

/** Longest piece that is passed on: what is done with each, or checked after it, holds the event loop no longer, and is checked this often. */
export const PIECE_BYTES: number = 128 * 1024;

/**
 * The bytes in pieces of at most 128 KiB, asked for one by one. Ends with the reason of the signal as soon as that is aborted, also while
 * the content keeps it waiting.
 *
 * @throws TypeError for what is no content.
 */
export async function* piecesOf(content: ArtifactContent, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
  signal?.throwIfAborted();
  for await (const bytes of signal === undefined ? chunksOf(content) : abortable(chunksOf(content), signal)) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`content of an artifact must be a Uint8Array, or give them: got ${typeof bytes}`);
    for (let start = 0; start < bytes.byteLength; start += PIECE_BYTES) {
      yield bytes.subarray(start, start + PIECE_BYTES);
      signal?.throwIfAborted();
    }
  }
}

function chunksOf(content: ArtifactContent): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (content instanceof Uint8Array) return [content];
  if (typeof content === "object" && content !== null && Symbol.asyncIterator in content) return content;
  throw new TypeError(`content of an artifact must be a Uint8Array or an AsyncIterable of them: got ${content === null ? "null" : typeof content}`);
}

async function* abortable<T>(chunks: AsyncIterable<T> | Iterable<T>, signal: AbortSignal): AsyncGenerator<T, void> {
  if (!(Symbol.asyncIterator in chunks)) return yield* chunks;
  const iterator = chunks[Symbol.asyncIterator]();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  aborted.catch(() => {}); // nobody may be waiting at that moment
  let isOver = false;
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]).catch((error: unknown) => {
        isOver = !signal.aborted; // the content has thrown
        throw error;
      });
      if (next.done === true) {
        isOver = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Not awaited when aborted: a generator that waits itself answers only when that is over.
    const ended = isOver ? undefined : iterator.return?.();
    if (signal.aborted) ended?.catch(() => {});
    else await ended;
  }
}
