import { Readable, pipeline } from "node:stream";
import type { ArchiveLimits } from "../../models/archive-limits.ts";
import { invalidArchive, refusedArchive } from "./archive-limits.ts";
import { PIECE_BYTES } from "../../runtime/artifact-pieces.ts";

const MAGIC = [0x1f, 0x8b] as const;
/** Deflate, no flags, no time, no hint about the level, an unknown operating system: zlib writes the one it was built for. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
const LEVEL = 6;
/** Bytes that may come out, whatever went in. */
const FREE_BYTES = 16 * 1024 ** 2;

/** The bytes, compressed; nothing but them decides about the result of one zlib. */
export async function* gzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  // Here and not above: 7 ms that a host without archives need not spend.
  const { createGzip } = await import("node:zlib");
  const gzip = createGzip({ level: LEVEL, chunkSize: PIECE_BYTES });
  pipeline(Readable.from(source), gzip, () => undefined);
  let first = true;
  for await (const piece of gzip as AsyncIterable<Uint8Array>) {
    // zlib gives its header whole, in the first piece.
    if (first) piece.set(HEADER);
    first = false;
    yield piece;
  }
}

/** The bytes of an archive, without gzip if they came in it, which the first two say. */
export async function* gunzipped(
  source: AsyncIterable<Uint8Array>,
  limits: Pick<ArchiveLimits, "maxRatio">,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = source[Symbol.asyncIterator]();
  const start = await firstBytes(pieces);
  const again = resumed(start, pieces);
  if (start[0] === MAGIC[0] && start[1] === MAGIC[1]) yield* unzipped(again, limits.maxRatio);
  else yield* again;
}

async function* unzipped(source: AsyncIterable<Uint8Array>, maxRatio: number): AsyncGenerator<Uint8Array, void, undefined> {
  const { createGunzip } = await import("node:zlib");
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  const input = { bytes: 0, ended: false };
  const fed = Readable.from(noting(source, input));
  pipeline(fed, gunzip, () => undefined);
  let made = 0;
  try {
    for await (const piece of gunzip as AsyncIterable<Uint8Array>) {
      made += piece.byteLength;
      if (made > FREE_BYTES + maxRatio * gunzip.bytesWritten) {
        throw refusedArchive(`the archive grows to more than ${maxRatio} times its size when unpacked: raise maxRatio if that is meant`);
      }
      yield piece;
    }
  } catch (error) {
    throw isZlibError(error) ? invalidArchive(`its gzip is damaged or truncated (${error.code})`, error) : error;
  } finally {
    // zlib ends by itself when zeros follow, however many.
    fed.destroy();
  }
  if (!input.ended || input.bytes !== gunzip.bytesWritten) throw invalidArchive("something follows its end of gzip");
}

async function* noting(source: AsyncIterable<Uint8Array>, noted: { bytes: number; ended: boolean }): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of source) {
    noted.bytes += piece.byteLength;
    yield piece;
  }
  noted.ended = true;
}

function isZlibError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("Z_");
}

async function firstBytes(pieces: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array(0);
  while (start.byteLength < MAGIC.length) {
    const next = await pieces.next();
    if (next.done === true) break;
    start = start.byteLength === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  return start;
}

async function* resumed(start: Uint8Array, pieces: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield start;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
  } finally {
    await pieces.return?.();
  }
}
