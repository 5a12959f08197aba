import { type AddressInfo, createServer } from "node:net";

/** A message of the protocol. */
function message(type: string, ...parts: readonly (string | readonly number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(`${part}\0`) : Buffer.from(part))));
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const WELCOME = Buffer.concat([message("R", [0, 0, 0, 0]), message("Z", [0x49])]);
const FAREWELL = message("E", "SFATAL", "C57P01", "Mterminating connection due to administrator command", [0]);

/**
 * A server that welcomes its first clients and ends them in the same breath, as one that shuts down at that moment; it refuses all others.
 *
 * @param count - Of those that are welcomed.
 */
export async function startFaultyServer(count: number): Promise<{ readonly url: string; readonly welcomed: () => number; stop(): Promise<void> }> {
  let welcomed = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      if (welcomed >= count) return void socket.destroy();
      welcomed += 1;
      socket.end(Buffer.concat([WELCOME, FAREWELL]));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `postgres://somebody@127.0.0.1:${(server.address() as AddressInfo).port}/database`,
    welcomed: () => welcomed,
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
