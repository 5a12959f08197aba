import { invalidArchive, refusedArchive } from "./archive-limits.ts";

const NOTHING = new Uint8Array(0);

/** Reads bytes in the portions asked for, from pieces of any size. Holds one piece, and no portion of its own but those asked for whole. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #maxBytes: number;
  #piece: Uint8Array = NOTHING;
  #position = 0;

  constructor(source: AsyncIterable<Uint8Array>, maxBytes: number) {
    this.#pieces = source[Symbol.asyncIterator]();
    this.#maxBytes = maxBytes;
  }

  /** Bytes read up to now. */
  get position(): number {
    return this.#position;
  }

  /** Refuses to go on when so many more bytes would be beyond the limit, before any of them is read. */
  expect(length: number): void {
    if (this.#position + length > this.#maxBytes) {
      throw refusedArchive(`the archive has more than ${this.#maxBytes} bytes when unpacked: raise maxBytes if that is meant`);
    }
  }

  /** So many bytes in one portion; `undefined` at the end of the source. */
  async wholeOrEnd(length: number): Promise<Uint8Array | undefined> {
    return (await this.#fill()) ? this.whole(length) : undefined;
  }

  /** So many bytes in one portion. @throws ArtifactError `WFE_ARCHIVE_INVALID` when the source ends before */
  async whole(length: number): Promise<Uint8Array> {
    if (this.#piece.byteLength >= length) return this.#take(length);
    this.expect(length);
    const portion = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      await this.#fillOrFail(length - filled);
      const part = this.#take(Math.min(length - filled, this.#piece.byteLength));
      portion.set(part, filled);
      filled += part.byteLength;
    }
    return portion;
  }

  /**
   * So many bytes as they come, but in whole blocks.
   *
   * @param length - A multiple of the block's.
   * @throws ArtifactError `WFE_ARCHIVE_INVALID` when the source ends before
   */
  async *blocks(length: number, blockLength: number): AsyncGenerator<Uint8Array, void, undefined> {
    this.expect(length);
    for (let left = length; left > 0; ) {
      await this.#fillOrFail(left);
      const whole = Math.min(left, this.#piece.byteLength - (this.#piece.byteLength % blockLength));
      const part = whole === 0 ? await this.whole(blockLength) : this.#take(whole);
      left -= part.byteLength;
      yield part;
    }
  }

  /** Everything that is left, as it comes. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    while (await this.#fill()) yield this.#take(this.#piece.byteLength);
  }

  /** Lets the source go. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #fillOrFail(missing: number): Promise<void> {
    if (!(await this.#fill())) throw invalidArchive(`it is truncated: it ends at byte ${this.#position}, ${missing} bytes too early`);
  }

  async #fill(): Promise<boolean> {
    while (this.#piece.byteLength === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) return false;
      this.#piece = next.value;
    }
    return true;
  }

  #take(length: number): Uint8Array {
    this.expect(length);
    const taken = this.#piece.subarray(0, length);
    this.#piece = this.#piece.subarray(length);
    this.#position += length;
    return taken;
  }
}
