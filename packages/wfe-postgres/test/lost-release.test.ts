import { describe, expect, it } from "vitest";
import { eventually } from "wfe-core/test-support";
import { PostgresLockProvider } from "../src/postgres-lock-provider.ts";
import { ownServer } from "./own-server.ts";

describe("a release that the server has lost in a crash", () => {
  // What does not wait for the disk gets there with the next commit that does, or after so long.
  const own = ownServer({ settings: { wal_writer_delay: "10s" } });

  it("is made up for when the connection is there again, and what is held stays held", async () => {
    const schema = own.newSchema();
    const make = (connectionString: string): PostgresLockProvider => new PostgresLockProvider({ connectionString, schema });
    const [one, other] = [await own.started(make(own.proxy.url)), await own.started(make(own.server.url))];
    const lease = await one.acquireLock("released", { ttl: "1m" });
    const kept = await one.acquireLock("kept", { ttl: "1m" });
    await own.ask("CREATE TABLE written_to_the_disk ()");

    await lease?.release();
    await own.proxy.refuse(); // it would make up for it before one can look
    await own.server.restart("immediate");
    expect(await own.ask(`SELECT resource FROM ${schema}.leases ORDER BY resource`)).toEqual([{ resource: "kept" }, { resource: "released" }]);
    await own.proxy.accept();

    const again = await eventually(() => other.acquireLock("released", { ttl: "1m" }), { timeout: "10s", interval: 50 });
    expect(again.resource).toBe("released");
    expect(await other.acquireLock("kept", { ttl: "1m" })).toBeUndefined();
    expect(await kept?.extend()).toBe(true);
  });
});
