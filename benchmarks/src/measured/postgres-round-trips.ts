import { Socket } from "node:net";

const READY_FOR_QUERY = 0x5a; // "Z"
const HEADER_BYTES = 5;

/**
 * Counts how often a PostgreSQL server has said `ReadyForQuery` to this process: once for each round trip, whichever driver asks. What comes
 * over a socket passes `push` of its stream, which is watched here; the bytes themselves are left alone.
 */
export class PostgresRoundTrips {
  readonly #port: number;
  readonly #streams = new WeakMap<Socket, MessageBoundaries>();
  #count = 0;

  /** @param port - That the server listens on. */
  constructor(port: number) {
    this.#port = port;
  }

  get count(): number {
    return this.#count;
  }

  /** Watches all sockets of this process from now on. */
  watch(): void {
    const received = (socket: Socket, chunk: Uint8Array): void => this.#received(socket, chunk);
    const push = Reflect.get(Socket.prototype, "push") as (this: Socket, chunk: unknown, encoding?: BufferEncoding) => boolean; // of every readable stream
    Socket.prototype.push = function (this: Socket, chunk: unknown, encoding?: BufferEncoding): boolean {
      if (chunk instanceof Uint8Array) received(this, chunk);
      return push.call(this, chunk, encoding);
    };
  }

  #received(socket: Socket, chunk: Uint8Array): void {
    if (socket.remotePort !== this.#port) return;
    let boundaries = this.#streams.get(socket);
    if (boundaries === undefined) this.#streams.set(socket, (boundaries = new MessageBoundaries()));
    this.#count += boundaries.readyIn(chunk);
  }
}

/** Where messages begin in a stream that comes in pieces. */
class MessageBoundaries {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerLength = 0;
  #bodyLeft = 0;

  /** @returns How many `ReadyForQuery` begin in this piece. */
  readyIn(chunk: Uint8Array): number {
    let ready = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.#bodyLeft > 0) {
        const skipped = Math.min(this.#bodyLeft, chunk.length - at);
        this.#bodyLeft -= skipped;
        at += skipped;
        continue;
      }
      this.#header[this.#headerLength] = chunk[at] ?? 0; // within its length
      this.#headerLength += 1;
      at += 1;
      if (this.#headerLength < HEADER_BYTES) continue;
      this.#headerLength = 0;
      // The length counts itself, 4 bytes, and not the type.
      this.#bodyLeft = new DataView(this.#header.buffer).getUint32(1) - 4;
      if (this.#header[0] === READY_FOR_QUERY) ready += 1;
    }
    return ready;
  }
}
