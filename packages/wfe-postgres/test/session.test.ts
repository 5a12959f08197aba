import { connect, createServer, type Server, type Socket } from "node:net";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually, VirtualClock } from "wfe-core/test-support";
import { openPostgres, type PostgresDatabase } from "../src/postgres-database.ts";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { schemaNames } from "../src/schema-names.ts";
import type { Session } from "../src/session.ts";
import { blockedPool } from "./killable-pool.ts";
import { type StartedServer, startedServer } from "./started-server.ts";

let server: StartedServer;
beforeAll(async () => {
  server = await startedServer();
});
afterAll(() => server.stop());

/** A way to the server that can fall silent: what is sent is lost, and no connection ends. */
class SilentProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #silent = new Set<Socket>();
  #port = 0;

  constructor(port: number) {
    this.#server = createServer((socket) => {
      const onward = connect(port, "127.0.0.1");
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        this.#sockets.add(from);
        from.on("data", (data) => void (this.#silent.has(socket) || to.write(data)));
        from.on("end", () => void (this.#silent.has(socket) || to.end()));
        from.on("error", () => {});
      }
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => void this.#server.listen(0, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as { readonly port: number }).port;
    return `postgres://wfe@127.0.0.1:${this.#port}/postgres?application_name=proxied`;
  }

  /** Loses all that is sent over the connections of now. */
  silence(): void {
    this.#silent = new Set(this.#sockets);
  }

  /** Takes no new connections. */
  refuse(): void {
    this.#server.close();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

describe("Session", () => {
  let schema: string;
  const databases: PostgresDatabase[] = [];
  const pools: pg.Pool[] = [];
  const proxies: SilentProxy[] = [];

  beforeEach(() => {
    schema = server.newSchema();
  });

  afterEach(async () => {
    await Promise.all(databases.splice(0).map((database) => database.stop()));
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
    for (const proxy of proxies.splice(0)) proxy.close();
  });

  async function open(options: Partial<PostgresOptions> = {}): Promise<{ readonly database: PostgresDatabase; readonly session: Session }> {
    const where = options.pool === undefined ? { connectionString: server.url("session") } : {};
    const database = openPostgres({ ...where, schema, ...options });
    databases.push(database);
    await database.start();
    if (database.session === undefined) throw new Error("it has a session");
    return { database, session: database.session };
  }

  async function throughProxy(): Promise<{ readonly proxy: SilentProxy; readonly url: string }> {
    const proxy = new SilentProxy(Number(new URL(server.url()).port));
    proxies.push(proxy);
    return { proxy, url: await proxy.listen() };
  }

  const present = (): Promise<readonly { readonly pid: number }[]> =>
    server.query("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = $1", [schemaNames(schema).presenceSpace >>> 0]);

  async function terminate(): Promise<void> {
    for (const { pid } of await present()) await server.query("SELECT pg_terminate_backend($1)", [pid]);
  }

  const tell = (payload: string): Promise<unknown> => server.query("SELECT pg_notify($1, $2)", [schemaNames(schema).channel, payload]);

  it("is present from start to stop, and hears what is told on the channel of its schema", async () => {
    const { database, session } = await open();
    const heard: string[] = [];
    const unlisten = session.listen({ onMessage: (payload) => void heard.push(payload) });
    expect(session.presence).toBeTypeOf("number");
    expect(await present()).toHaveLength(1);

    await server.query("SELECT pg_notify($1, 'for others')", [schemaNames("other").channel]);
    await tell("one");
    await tell("");
    await eventually(() => heard.length === 2);
    unlisten();
    await tell("two");
    await database.stop();

    expect(heard).toEqual(["one", ""]);
    expect(session.presence).toBeUndefined();
    expect(await present()).toEqual([]);
  });

  it("says nothing of other channels that its client listens on", async () => {
    const pool = new pg.Pool({ connectionString: server.url("shared"), max: 2 });
    pools.push(pool);
    pool.on("connect", (client) => void client.query("LISTEN theirs"));
    const { session } = await open({ pool });
    const heard: string[] = [];
    session.listen({ onMessage: (payload) => void heard.push(payload) });

    await server.query("SELECT pg_notify('theirs', 'theirs')");
    await tell("ours");
    await eventually(() => heard.length > 0);

    expect(heard).toEqual(["ours"]);
  });

  it("comes back under another presence when the server ends it, and tells so when it hears again", async () => {
    const { session } = await open();
    const before = session.presence;
    const calls: unknown[] = [];
    session.listen({ onMessage: (payload) => void calls.push(payload), onRestored: () => void calls.push(session.presence) });
    expect(session.calmMs).toBe(Number.POSITIVE_INFINITY);

    await terminate();
    await eventually(() => calls.length > 0);
    await tell("heard");
    await eventually(() => calls.length > 1);

    expect(calls).toEqual([session.presence, "heard"]);
    expect(session.presence).not.toBe(before);
    expect(session.calmMs).toBeLessThan(5_000);
    expect(await present()).toHaveLength(1);
  });

  it("tries again and again until it is back, and once more when that is lost at once", async () => {
    const { pool, block } = blockedPool(server.url("blocked"));
    pools.push(pool);
    const { session } = await open({ pool });
    let restored = 0;
    session.listen({ onRestored: () => void (restored += 1) });
    let attempts = 0;
    const unblock = block((text) => {
      if (!text.startsWith("LISTEN")) return false;
      attempts += 1;
      return true;
    });

    await terminate();
    await eventually(() => attempts >= 4);
    expect([session.presence, restored]).toEqual([undefined, 0]);
    unblock();
    await eventually(() => restored === 1);
    await terminate();
    await eventually(() => restored === 2);

    expect(session.presence).toBeDefined();
  });

  it("notices by its heartbeat that the server has gone without a word", async () => {
    const { proxy, url } = await throughProxy();
    const clock = new VirtualClock();
    await open(); // makes the schema: that may take longer than an answer here
    const { session } = await open({ connectionString: url, clock, queryTimeout: 1_000 });
    const before = session.presence;
    let restored = false;
    session.listen({ onRestored: () => void (restored = true) });
    await clock.advance("1m");
    expect(session.presence).toBe(before);

    proxy.silence();
    await eventually(async () => {
      await clock.advance("10s");
      return restored;
    });

    expect(session.presence).not.toBe(before);
  });

  it("stops within seconds when the server does not answer", async () => {
    const { proxy, url } = await throughProxy();
    const { database } = await open({ connectionString: url });

    proxy.silence();
    const at = performance.now();
    await database.stop();

    expect(performance.now() - at).toBeLessThan(10_000); // and not only after the 30 s that a statement may take
  });

  it("stops at once while it tries to come back", async () => {
    const { proxy, url } = await throughProxy();
    const { database, session } = await open({ connectionString: url });
    proxy.refuse();
    await terminate();
    await eventually(() => session.presence === undefined);

    const at = performance.now();
    await database.stop();

    expect(performance.now() - at).toBeLessThan(1_900); // and not only after the two seconds for which a pool is waited for
  });

  it("gives back a connection that comes after its stop", async () => {
    const pool = new pg.Pool({ connectionString: server.url("late"), max: 2 });
    pool.on("error", () => {});
    pools.push(pool);
    const { database, session } = await open({ pool });
    const connectNow = pool.connect.bind(pool) as (callback: unknown) => void;
    let goOn = (): void => {};
    pool.connect = ((callback: unknown) => {
      goOn = () => connectNow(callback);
    }) as typeof pool.connect;
    await terminate();
    await eventually(() => session.presence === undefined);

    await database.stop();
    goOn();
    await eventually(() => pool.totalCount > 0 && pool.idleCount === pool.totalCount);

    expect(session.presence).toBeUndefined();
    expect(await present()).toEqual([]);
  });

  it("waits at its start for a server that is away", async () => {
    const { pool, block } = blockedPool(server.url("early"));
    pools.push(pool);
    let attempts = 0;
    const unblock = block((text) => text.startsWith("LISTEN") && (attempts += 1) > 0);

    const opening = open({ pool });
    await eventually(() => attempts >= 2);
    unblock();

    expect((await opening).session.presence).toBeDefined();
  });

  it("does not start on a server that stays away", async () => {
    const { pool, block } = blockedPool(server.url("never"));
    pools.push(pool);
    block((text) => text.startsWith("LISTEN"));

    await expect(open({ pool, retryTimeout: 50 })).rejects.toMatchObject({ name: "PersistenceError", code: "WFE_STORE_UNREACHABLE" });

    expect(pool.idleCount).toBe(pool.totalCount);
  });
});
