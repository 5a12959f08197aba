import { connect, createServer, type Socket } from "node:net";

/** A way to a server that every byte needs some time for, each way. */
export interface SlowNetwork {
  readonly url: string;
  close(): Promise<void>;
}

/** Opens it on a free port. @param url - Of the server. */
export async function openSlowNetwork(url: string, delayMs: number): Promise<SlowNetwork> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.setNoDelay(true);
    from.on("error", () => {}); // its close follows
    from.on("data", (chunk: Buffer) => setTimeout(() => to.write(chunk), delayMs));
    from.on("close", () => to.destroy());
  };
  const listener = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    pass(client, server);
    pass(server, client);
  });
  await new Promise<void>((resolve) => void listener.listen(0, "127.0.0.1", resolve));
  const own = new URL(url);
  own.port = String((listener.address() as { readonly port: number }).port); // of a socket that listens on a port
  return {
    url: own.href,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void listener.close(resolve));
    },
  };
}
