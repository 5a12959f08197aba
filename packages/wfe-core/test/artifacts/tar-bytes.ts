import { gzipSync } from "node:zlib";

/** A header, written by hand: nothing here comes from what is tested. */
export interface HandWritten {
  readonly name?: string;
  readonly type?: string;
  readonly content?: string | Uint8Array;
  /** In place of that of the content. */
  readonly size?: number;
  readonly sizeField?: string | Uint8Array;
  readonly mode?: number;
  readonly modeField?: string;
  readonly target?: string;
  readonly prefix?: string;
  readonly magic?: string;
  /** Added to the right one. */
  readonly checksumError?: number;
}

/** A header and its content, padded. */
export function entry(parts: HandWritten): Uint8Array {
  const content = Buffer.from(parts.content ?? "");
  const block = Buffer.alloc(512);
  block.write(parts.name ?? "file", 0, 100);
  block.write(parts.modeField ?? `${(parts.mode ?? 0o644).toString(8).padStart(7, "0")}\0`, 100, 8, "latin1");
  block.write("0001750\u00000001750\u0000", 108, 16, "latin1");
  block.set(Buffer.from(parts.sizeField ?? `${(parts.size ?? content.byteLength).toString(8).padStart(11, "0")}\0`).subarray(0, 12), 124);
  block.write("14000000000\0", 136, 12, "latin1");
  block.write("        ", 148, 8, "latin1");
  block.write(parts.type ?? "0", 156, 1, "latin1");
  block.write(parts.target ?? "", 157, 100);
  block.write(parts.magic ?? "ustar\x0000", 257, 8, "latin1");
  block.write("mallory\0", 265, 32, "latin1");
  block.write(parts.prefix ?? "", 345, 155);
  const sum = block.reduce((total, byte) => total + byte, 0) + (parts.checksumError ?? 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  return Buffer.concat([block, content, Buffer.alloc((512 - (content.byteLength % 512)) % 512)]);
}

/** The records of a PAX header, with right lengths. */
export function pax(records: Record<string, string>, type: "x" | "g" = "x"): Uint8Array {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest);
    while (length !== Buffer.byteLength(rest) + String(length).length) length = Buffer.byteLength(rest) + String(length).length;
    return `${length}${rest}`;
  });
  return entry({ name: "PaxHeaders/x", type, content: lines.join("") });
}

export const END: Uint8Array = new Uint8Array(1024);

/** A whole archive. */
export function archive(...entries: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([...entries, END]);
}

/** The same, compressed. */
export function zipped(...entries: readonly Uint8Array[]): Uint8Array {
  return gzipSync(archive(...entries));
}

export async function* streamed(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of pieces) yield piece;
}

export async function collected(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}
