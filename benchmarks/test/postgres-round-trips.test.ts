import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { PostgresRoundTrips } from "../src/measured/postgres-round-trips.ts";

/** A message of the protocol. */
function message(type: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

const READY = message("Z", Buffer.from("I"));

async function say(socket: Socket, pieces: readonly Uint8Array[]): Promise<void> {
  socket.setNoDelay(true);
  for (const piece of pieces) {
    await new Promise((written) => void socket.write(piece, written));
    // The next piece is one of its own when the client has taken this one.
    await new Promise((resolve) => void setImmediate(resolve));
  }
  socket.end();
}

/** What a client of this process counts when a server says these pieces, one after the other. */
async function countOf(pieces: readonly Uint8Array[], isWatched = true): Promise<number> {
  const server = createServer((socket) => void say(socket, pieces)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const trips = new PostgresRoundTrips(isWatched ? port : port + 1);
  trips.watch();
  const client = connect(port, "127.0.0.1");
  client.on("data", () => {});
  await once(client, "close");
  server.close();
  return trips.count;
}

describe("PostgresRoundTrips", () => {
  it("counts each message that says the server is ready, and no other", async () => {
    expect(await countOf([Buffer.concat([message("D", Buffer.from("Z".repeat(50))), READY, message("N", Buffer.alloc(0)), READY])])).toBe(2);
  });

  it("counts a message that comes in pieces of one byte once", async () => {
    const bytes = Buffer.concat([message("D", Buffer.from("ZZZZZZZZ")), READY, READY]);

    expect(await countOf(Array.from(bytes, (byte) => Buffer.from([byte])))).toBe(2);
  });

  it("leaves the sockets of other servers out", async () => {
    expect(await countOf([READY], false)).toBe(0);
  });
});
