import pg from "pg";
import { describe, expect, it } from "vitest";
import { eventually, instant, sampleChange, sampleWorkflow } from "wfe-core/test-support";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { ownServer } from "./own-server.ts";

describe("a network that is lost without a word", () => {
  const own = ownServer();

  async function started(options: Partial<PostgresOptions> = {}): Promise<PostgresPersistenceProvider> {
    const where = options.pool === undefined ? { connectionString: own.proxy.url } : {};
    const store = await own.started(
      new PostgresPersistenceProvider({
        ...where,
        schema: own.newSchema(),
        notifications: false,
        queryTimeout: 2_000,
        retryTimeout: 1_500,
        ...options,
      }),
    );
    await store.createNewWorkflow(sampleWorkflow("w"), instant());
    return store;
  }

  /** Lets it have so many connections at hand. */
  const warm = (store: PostgresPersistenceProvider, count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, () => store.getErrors("w")));

  it.each(["of its own", "of a caller"])("gives up an operation without an answer, and all connections as old, once (pool %s)", async (whose) => {
    const pool = whose === "of a caller" ? new pg.Pool({ connectionString: own.proxy.url }) : undefined;
    const store = await started(pool === undefined ? {} : { pool });
    await warm(store, 8);
    expect(own.proxy.connections).toBe(8);
    own.proxy.stall("present");
    const before = performance.now();

    const answers = [store.persistWorkflow(sampleChange("w", "c1"), instant()), store.getErrors("w"), store.loadForPass("w")];
    expect(await Promise.all(answers)).toMatchObject([{ revision: 1 }, [], {}]);

    const took = performance.now() - before;
    expect(took).toBeGreaterThan(1_990);
    expect(took).toBeLessThan(3_900); // a second time without an answer would have been too late
    await store.stop();
    await pool?.end();
  });

  it("leaves no operation without an end while nothing gets through, and goes on afterwards", async () => {
    const pool = new pg.Pool({ connectionString: own.proxy.url }); // which waits for ever by itself
    const store = await started({ pool, retryTimeout: 0 });
    own.proxy.stall();

    const outcomes = await Promise.allSettled([
      store.persistWorkflow(sampleChange("w", "c1"), instant()),
      store.command("w", "suspend", instant()),
      store.createNewWorkflow(sampleWorkflow("x"), instant()),
      store.loadForPass("w"),
    ]);

    const gone = { status: "rejected", reason: { code: "WFE_STORE_UNREACHABLE", retryable: true } };
    expect(outcomes).toMatchObject([gone, gone, gone, gone]);
    own.proxy.resume();
    expect(await eventually(() => store.loadForPass("w"))).toBeDefined();
    await eventually(() => pool.idleCount === pool.totalCount, { what: "what was given too late is given back" });
    await store.stop();
    await pool.end();
  });

  it("does not keep a stop, nor the process", async () => {
    const store = await started({ queryTimeout: "30s" });
    await warm(store, 4);
    own.proxy.stall();
    const held = expect(store.loadForPass("w")).rejects.toMatchObject({ code: "WFE_PROVIDER_NOT_RUNNING" });
    const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
    const before = performance.now();
    const open = sockets();

    await store.stop();

    expect(performance.now() - before).toBeLessThan(4_000);
    await held;
    await eventually(() => sockets() <= open - 4, { what: "its sockets are closed" });
  });
});
