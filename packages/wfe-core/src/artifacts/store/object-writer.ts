import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { ArtifactDigest } from "../../models/artifact.ts";
import { piecesOf } from "../../runtime/artifact-pieces.ts";
import { artifactTooLarge } from "../../runtime/artifact-refusals.ts";
import { Slots } from "../../runtime/slots.ts";
import type { ArtifactContent } from "../../traits/artifact-store.ts";
import { mapped, unless } from "../error-mapping.ts";
import type { StoreFolders } from "./store-folders.ts";

/** Short pieces are gathered up to so many bytes, and what is no longer than that is written at once. */
const GATHERED = 64 * 1024;
/** Files of short artifacts that are open at the same time: a process may have few. */
const SHORT_AT_ONCE = 32;

/** What was written. */
export interface Written {
  readonly digest: ArtifactDigest;
  /** Bytes. */
  readonly size: number;
}

/** Writes content into files, in constant memory. */
export class ObjectWriter {
  readonly #folders: StoreFolders;
  readonly #maxBytes: number;
  readonly #short = new Slots(SHORT_AT_ONCE);

  constructor(folders: StoreFolders, maxBytes: number) {
    this.#folders = folders;
    this.#maxBytes = maxBytes;
  }

  /** Writes a new file; its bytes survive a loss of power when it resolves, its name does not yet. Nothing is left of one that fails. */
  async write(path: string, content: ArtifactContent, signal?: AbortSignal): Promise<Written> {
    const file = new ObjectFile(this.#folders, path);
    const hash = createHash("sha256");
    let size = 0;
    try {
      for await (const piece of piecesOf(content, signal)) {
        size += piece.byteLength;
        if (size > this.#maxBytes) throw artifactTooLarge(this.#maxBytes);
        hash.update(piece);
        if (!file.gather(piece)) await mapped("put an artifact", () => file.write(piece));
      }
      const finish = (): Promise<void> => mapped("put an artifact", () => file.finish());
      // Not while content is awaited, which might wait for another put.
      await (file.isOpen ? finish() : this.#short.run(finish));
      return { digest: `sha256:${hash.digest("hex")}`, size };
    } catch (error) {
      await mapped("remove what a put has left", () => file.abandon());
      throw error;
    }
  }
}

/** A file that is made when there is enough for it. */
class ObjectFile {
  readonly #folders: StoreFolders;
  readonly #path: string;
  #handle: FileHandle | undefined;
  #gathered: Buffer | undefined;
  #length = 0;

  constructor(folders: StoreFolders, path: string) {
    this.#folders = folders;
    this.#path = path;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  /** Keeps a copy, as whoever gave the piece may use it again. @returns Whether there was room. */
  gather(piece: Uint8Array): boolean {
    if (this.#length + piece.byteLength > GATHERED) return false;
    this.#gathered ??= Buffer.allocUnsafe(GATHERED);
    this.#gathered.set(piece, this.#length);
    this.#length += piece.byteLength;
    return true;
  }

  async write(piece: Uint8Array): Promise<void> {
    await this.#flush();
    if (piece.byteLength >= GATHERED) await this.#append(piece);
    else this.gather(piece);
  }

  async finish(): Promise<void> {
    await this.#flush();
    await this.#handle?.sync();
    await this.#close();
  }

  async abandon(): Promise<void> {
    await this.#close();
    await unless(this.#folders.files.unlink(this.#path), "ENOENT");
  }

  async #flush(): Promise<void> {
    const gathered = this.#gathered?.subarray(0, this.#length) ?? new Uint8Array();
    this.#length = 0;
    await this.#append(gathered);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#handle ??= await this.#folders.files.open(this.#path, "wx");
    for (let written = 0; written < bytes.byteLength; ) {
      written += (await this.#handle.write(bytes, written, bytes.byteLength - written)).bytesWritten;
    }
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}
