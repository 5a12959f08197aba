import type pg from "pg";
import type { PostgresPool } from "wfe-postgres";
import type { VirtualClock } from "../src/test-support/index.ts";

/** A pool whose connections and queries a virtual clock waits for, so that time stands still while the server works. */
export function trackedPool(pool: pg.Pool, clock: VirtualClock): PostgresPool {
  return {
    options: pool.options,
    connect: () => clock.track(pool.connect().then((client) => trackedClient(client, clock))),
    on: (event, listener) => pool.on(event, listener),
    off: (event, listener) => pool.off(event, listener),
  };
}

type Client = Awaited<ReturnType<PostgresPool["connect"]>>;

function trackedClient(client: pg.PoolClient, clock: VirtualClock): Client {
  return {
    query: (query) => clock.track(client.query(query)),
    release: (destroy) => client.release(destroy),
    on: (event: never, listener: never) => client.on(event, listener),
    off: (event: never, listener: never) => client.off(event, listener),
  };
}
