import { createServer, connect, type Server, type Socket } from "node:net";

/** Which connections lose their network: all, with those to come, or those that there are. */
export type Stalled = "all" | "present";

/** A way to a server that tests can break. */
export interface TcpProxy {
  /** Of the server, by way of the proxy. */
  readonly url: string;
  readonly port: number;
  /** Open connections. */
  readonly connections: number;
  /** Ends all connections now. */
  cut(): void;
  /** Lets nobody connect any more; connections that there are stay. */
  refuse(): Promise<void>;
  /** Ends {@link refuse}. */
  accept(): Promise<void>;
  /** No byte gets through any more, and no end of a connection either, as in a network that is lost. @param which - @default "all" */
  stall(which?: Stalled): void;
  /** Ends {@link stall}: what was held gets through. */
  resume(): void;
  /**
   * When a client's bytes with this text have gone to the server, its answer is awaited and kept, and the connection ended: the server has carried
   * it out, the client does not know. Once.
   *
   * @returns Resolves when it has happened.
   */
  loseNextAnswer(text: string): Promise<void>;
  /** Connections to come lead to another server. */
  retarget(url: string): void;
  /** Ends it with all its connections. */
  close(): Promise<void>;
}

/** Ends an answer of PostgreSQL: `ReadyForQuery`, of whatever status of a transaction. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5]);

/** Whether an answer is whole; of Redis a single one is known, that to one command which is not large. */
function isWhole(answer: Buffer, protocol: string): boolean {
  return protocol.startsWith("redis") ? answer.toString("latin1").endsWith("\r\n") : answer.subarray(-6, -1).equals(READY);
}

interface Pair {
  readonly client: Socket;
  server: Socket | undefined;
  stalled: boolean;
  /** What the client sent last, for a text that comes in two parts. */
  sent: Buffer;
  /** The answer that is kept; `undefined` while answers get through. */
  kept: Buffer | undefined;
  onLost: () => void;
}

interface Loss {
  readonly text: string;
  readonly resolve: () => void;
}

/** Opens a proxy on a free port. @param url - Of the server; the proxy's differs by its host and port. */
export async function openTcpProxy(url: string): Promise<TcpProxy> {
  let target = new URL(url);
  let stallsNew = false;
  const pairs = new Set<Pair>();
  const losses: Loss[] = [];

  function end(pair: Pair): void {
    if (pair.stalled) return; // nobody hears of it
    pairs.delete(pair);
    pair.client.destroy();
    pair.server?.destroy();
  }

  function open(pair: Pair): void {
    const server = connect(Number(target.port), target.hostname);
    pair.server = server;
    server.setNoDelay(true);
    server.on("data", (chunk: Buffer) => fromServer(pair, chunk));
    server.on("error", () => {}); // its close follows
    server.on("close", () => end(pair));
  }

  function fromClient(pair: Pair, chunk: Buffer): void {
    const sent = Buffer.concat([pair.sent, chunk]);
    pair.sent = sent.subarray(-1_000);
    const index = losses.findIndex(({ text }) => sent.includes(text));
    if (index >= 0) {
      const [loss] = losses.splice(index, 1);
      pair.kept = Buffer.alloc(0);
      pair.onLost = () => loss?.resolve();
    }
    pair.server?.write(chunk);
  }

  function fromServer(pair: Pair, chunk: Buffer): void {
    if (pair.kept === undefined) {
      pair.client.write(chunk);
      return;
    }
    pair.kept = Buffer.concat([pair.kept, chunk]);
    if (!isWhole(pair.kept, target.protocol)) return;
    end(pair);
    pair.onLost();
  }

  function onConnection(client: Socket): void {
    const pair: Pair = { client, server: undefined, stalled: stallsNew, sent: Buffer.alloc(0), kept: undefined, onLost: () => {} };
    pairs.add(pair);
    client.setNoDelay(true);
    client.on("error", () => {}); // its close follows
    client.on("close", () => end(pair));
    if (!pair.stalled) start(pair);
  }

  function start(pair: Pair): void {
    pair.client.on("data", (chunk: Buffer) => fromClient(pair, chunk));
    open(pair);
  }

  let listener: Server | undefined;
  async function listen(port: number): Promise<Server> {
    const server = createServer(onConnection);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    return server;
  }

  listener = await listen(0);
  const { port } = listener.address() as { readonly port: number }; // of a socket that listens on a port
  const own = new URL(url);
  own.hostname = "127.0.0.1";
  own.port = String(port);
  return {
    url: own.href,
    port,
    get connections() {
      return pairs.size;
    },
    cut: () => [...pairs].forEach(end),
    refuse: async () => {
      listener?.close();
      listener = undefined;
    },
    accept: async () => {
      listener ??= await listen(port);
    },
    stall: (which = "all") => {
      stallsNew = which === "all";
      for (const pair of pairs) {
        pair.stalled = true;
        pair.client.pause();
        pair.server?.pause();
      }
    },
    resume: () => {
      stallsNew = false;
      for (const pair of [...pairs].filter(({ stalled }) => stalled)) {
        pair.stalled = false;
        if (pair.client.destroyed || pair.server?.destroyed === true) {
          end(pair);
          continue;
        }
        if (pair.server === undefined) start(pair);
        pair.client.resume();
        pair.server?.resume();
      }
    },
    loseNextAnswer: (text) => new Promise((resolve) => losses.push({ text, resolve })),
    retarget: (to) => {
      target = new URL(to);
    },
    close: async () => {
      for (const pair of [...pairs]) {
        pair.stalled = false;
        end(pair);
      }
      const closing = listener;
      listener = undefined;
      if (closing !== undefined) await new Promise((resolve) => void closing.close(resolve));
    },
  };
}
