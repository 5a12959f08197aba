import type { Socket } from "node:net";
import pg from "pg";

/** A pool whose connections can all be taken away at once and for good, as by the end of a process without a farewell. */
export function killablePool(connectionString: string, max = 4): { readonly pool: pg.Pool; readonly kill: () => void } {
  const pool = new pg.Pool({ connectionString, max });
  pool.on("error", () => {});
  const sockets = new Set<Socket>();
  pool.on("connect", (client) => {
    const { stream } = client.connection as unknown as { readonly stream: Socket };
    sockets.add(stream);
    stream.once("close", () => sockets.delete(stream));
  });
  return {
    pool,
    kill: () => {
      pool.connect = (() => {}) as typeof pool.connect; // never answers
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A pool in which statements can be made to fail. */
export function blockedPool(connectionString: string): {
  readonly pool: pg.Pool;
  /** Makes those fail whose text is such. @returns Ends it. */
  readonly block: (isSuch: (text: string) => boolean) => () => void;
} {
  const pool = new pg.Pool({ connectionString, max: 4 });
  pool.on("error", () => {});
  let isBlocked = (_text: string): boolean => false;
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((first: { readonly text: string }, ...rest: unknown[]) =>
      isBlocked(first.text) ? Promise.reject(new Error("blocked")) : query(first, ...rest)) as typeof client.query;
  });
  return {
    pool,
    block: (isSuch) => {
      isBlocked = isSuch;
      return () => {
        isBlocked = () => false;
      };
    },
  };
}
