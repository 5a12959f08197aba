import type { ArtifactContent } from "../traits/artifact-store.ts";

/** A whole array is cut into pieces of so many bytes, so that hashing does not hold the event loop. */
const LONGEST_PIECE = 1024 ** 2;

/**
 * The bytes in pieces of at most 1 MiB, asked for one by one. Ends with the reason of the signal as soon as that is aborted, also while
 * the content keeps it waiting.
 *
 * @throws TypeError for what is no content.
 */
export async function* piecesOf(content: ArtifactContent, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
  signal?.throwIfAborted();
  for await (const bytes of signal === undefined ? chunksOf(content) : abortable(chunksOf(content), signal)) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`content of an artifact must be a Uint8Array, or give them: got ${typeof bytes}`);
    for (let start = 0; start < bytes.byteLength; start += LONGEST_PIECE) {
      yield bytes.subarray(start, start + LONGEST_PIECE);
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
