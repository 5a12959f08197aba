import { describe, expect, it } from "vitest";
import { eventually } from "wfe-core/test-support";
import { PostgresLockProvider } from "../src/postgres-lock-provider.ts";
import { ownServer } from "./own-server.ts";

describe("an orphan that is named", () => {
  const own = ownServer();

  async function start(schema: string, connectionString = own.server.url): Promise<PostgresLockProvider> {
    const provider = new PostgresLockProvider({ connectionString, schema });
    await provider.start();
    return provider;
  }

  const orphansOf = async (provider: PostgresLockProvider): Promise<readonly string[]> =>
    (
      await eventually(async () => {
        const found = await provider.orphans?.(10);
        return found?.length === 0 ? undefined : found;
      })
    ).toSorted();

  it("is named again when its finder is gone before anybody holds it, and not once somebody does", async () => {
    const schema = own.newSchema();
    const [holder, finder, other] = [await start(schema), await start(schema), await own.started(await start(schema))];
    for (const resource of ["a", "b"]) await holder.acquireLock(resource, { ttl: "1m" });

    await holder.stop();
    expect(await orphansOf(finder)).toEqual(["a", "b"]);
    const lease = await other.acquireLock("a", { ttl: "1m" });
    expect(await other.orphans?.(10)).toEqual([]); // its finder is there
    await finder.stop();

    expect(await orphansOf(other)).toEqual(["b"]);
    expect(await lease?.extend()).toBe(true);
    await (await other.acquireLock("b", { ttl: "1m" }))?.release();
    expect(await other.orphans?.(10)).toEqual([]);
    expect(await own.ask(`SELECT resource, found_by FROM ${schema}.leases`)).toEqual([{ resource: "a", found_by: null }]);
    await other.stop();
  });

  it("is named to who did not get the answer, which others do not get then", async () => {
    const schema = own.newSchema();
    const [holder, finder] = [await start(schema), await own.started(await start(schema, own.proxy.url))];
    await holder.acquireLock("a", { ttl: "1m" });
    await holder.stop();

    const lost = own.proxy.loseNextAnswer("end_leases_v1");
    expect(await orphansOf(finder)).toEqual(["a"]);
    await lost;

    expect(await finder.orphans?.(10)).toEqual([]);
  });

  it("stays its finder's when that loses its connection, and comes back under another presence", async () => {
    const schema = own.newSchema();
    const [holder, finder, other] = [await start(schema), await start(schema), await own.started(await start(schema))];
    await holder.acquireLock("a", { ttl: "1m" });
    await holder.stop();
    expect(await orphansOf(finder)).toEqual(["a"]);
    const ownerOf = async (): Promise<unknown> => (await own.ask(`SELECT owner FROM ${schema}.leases`))[0]?.owner;
    const former = await ownerOf();

    await own.ask("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1::bigint::oid", [Number(former) >>> 0]);
    await eventually(async () => (await ownerOf()) !== former);
    expect(await other.orphans?.(10)).toEqual([]);

    await finder.stop();
    expect(await orphansOf(other)).toEqual(["a"]);
  });

  it("is forgotten when nobody has held it for long, and kept until then", async () => {
    const schema = own.newSchema();
    const [holder, finder] = [await start(schema), await own.started(await start(schema))];
    await holder.acquireLock("a", { ttl: "1m" });
    await holder.stop();
    await orphansOf(finder);
    const acquireMany = async (): Promise<void> => {
      for (let round = 0; round < 1100; round += 1) await (await finder.acquireLock("other", { ttl: "1m" }))?.release();
    };

    await acquireMany();
    expect(await own.ask(`SELECT resource FROM ${schema}.leases`)).toEqual([{ resource: "a" }]);
    await own.ask(`UPDATE ${schema}.leases SET expires_at = expires_at - 60000`);
    await acquireMany();
    expect(await own.ask(`SELECT resource FROM ${schema}.leases`)).toEqual([]);
  });
});
