import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LifecycleEvent } from "wfe-core";
import { sampleLifecycleEvent, VirtualClock } from "wfe-core/test-support";
import { PostgresLifecyclePublisher } from "../src/postgres-lifecycle-publisher.ts";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { openPostgres } from "../src/postgres-database.ts";
import { postgresProviders } from "../src/postgres-providers.ts";
import { schemaNames } from "../src/schema-names.ts";
import { ownServer } from "./own-server.ts";

const own = ownServer();
let schema: string;
const ends: (() => unknown)[] = [];

beforeEach(() => {
  schema = own.newSchema();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A publisher on the schema of the test, with connections of its own. */
function publisher(options: Partial<PostgresOptions> = {}, onError: (error: unknown) => void = () => {}): Promise<PostgresLifecyclePublisher> {
  return own.started(new PostgresLifecyclePublisher({ connectionString: own.server.url, schema, ...options }, { onError }));
}

/** Versions that are heard, and gaps, as they come. */
async function heardBy(subscriber: PostgresLifecyclePublisher): Promise<unknown[]> {
  const heard: unknown[] = [];
  await subscriber.subscribe(
    ({ version }) => void heard.push(version),
    () => void heard.push("gap"),
  );
  return heard;
}

/** Notifications on the channel, as somebody hears them who is not known to listen. */
async function overheard(): Promise<{ readonly payloads: string[]; readonly sync: () => Promise<unknown> }> {
  const client = new pg.Client({ connectionString: own.server.url });
  client.on("error", () => {});
  await client.connect();
  ends.push(() => client.end());
  const payloads: string[] = [];
  client.on("notification", ({ payload }) => void payloads.push(payload ?? ""));
  await client.query(`LISTEN ${schemaNames(schema).lifecycleChannel}`);
  return { payloads, sync: () => client.query("SELECT 1") }; // what was committed before it has come before its answer
}

const event = (version: number): LifecycleEvent => sampleLifecycleEvent("w", version);
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);
const listeners = (): Promise<readonly unknown[]> =>
  own.ask("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted");
const kill = (application: string): Promise<unknown> =>
  own.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [application]);

describe("a lifecycle publisher on PostgreSQL", () => {
  it("sends nothing while nobody listens, and again when the last has left", async () => {
    const [first, second] = [await publisher(), await publisher()];
    const { payloads, sync } = await overheard();

    await first.publish(event(1));
    await sync();
    expect(payloads).toEqual([]);
    const leave = await second.subscribe(() => {});
    await first.publish(event(2));
    await sync();
    expect(payloads).toHaveLength(1);
    leave();
    await expect.poll(listeners).toEqual([]);
    await first.publish(event(3));
    await sync();

    expect(payloads).toHaveLength(1);
  });

  it("sends what is published at the same moment in few statements and few notifications", async () => {
    const pool = new pg.Pool({ connectionString: own.server.url, max: 2 });
    ends.push(() => pool.end());
    const statements: string[] = [];
    pool.on("connect", (client) => {
      const query = client.query.bind(client) as (...args: unknown[]) => unknown;
      client.query = ((first: { readonly text: string }, ...rest: unknown[]) => {
        if (first.text.includes("tell_lifecycle")) statements.push(first.text);
        return query(first, ...rest);
      }) as typeof client.query;
    });
    const first = new PostgresLifecyclePublisher({ pool, schema });
    await first.start();
    ends.push(() => first.stop());
    const heard = await heardBy(first);
    const { payloads, sync } = await overheard();

    await Promise.all(upTo(3_000).map((version) => first.publish(event(version))));
    await sync();
    await expect.poll(() => heard.length).toBe(3_000);

    expect(heard).toEqual(upTo(3_000));
    expect(statements.length).toBeLessThanOrEqual(4);
    expect(payloads.length).toBeLessThan(100);
  });

  it("keeps schemas and prefixes apart, over one database and one pool", async () => {
    const pool = new pg.Pool({ connectionString: own.server.url, max: 10 });
    ends.push(() => pool.end());
    const places = [{}, { tablePrefix: "a_" }, { tablePrefix: "b_" }, { schema: own.newSchema() }];
    const publishers = places.map((place) => new PostgresLifecyclePublisher({ pool, schema, ...place }));
    for (const each of publishers) {
      await each.start();
      ends.push(() => each.stop());
    }
    const heard = await Promise.all(publishers.map(heardBy));

    for (const [index, each] of publishers.entries()) await each.publish(event(index));

    await expect.poll(() => heard).toEqual([[0], [1], [2], [3]]);
  });

  it("commits without waiting for the disk", async () => {
    const first = await publisher();
    await heardBy(first);

    const [found] = await own.ask(
      `SELECT (SELECT count(*) FROM ${schema}.tell_lifecycle_v1('{"x 1 0 1 []"}')) AS rows, current_setting('synchronous_commit') AS within`,
    );

    expect(found).toEqual({ rows: "1", within: "off" });
  });

  it("hears again by itself when its connection was ended, and after a restart of the server, and tells of the gaps", async () => {
    const [first, second] = [await publisher(), await publisher({ connectionString: `${own.server.url}?application_name=second` })];
    const heard = await heardBy(second);
    await first.publish(event(1));
    await expect.poll(() => heard).toEqual([1]);

    await kill("second");
    await expect.poll(() => heard, { timeout: 5_000 }).toEqual([1, "gap"]); // and not only by the heartbeat, after 10 s
    await first.publish(event(2));
    await expect.poll(() => heard).toEqual([1, "gap", 2]);
    await own.server.restart();
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual([1, "gap", 2, "gap"]);
    await first.publish(event(3));

    await expect.poll(() => heard).toEqual([1, "gap", 2, "gap", 3]);
  }, 30_000);

  it("is heard once when the answer to what it has sent was lost", async () => {
    const [first, second] = [await publisher({ connectionString: own.proxy.url }), await publisher()];
    const heard = await heardBy(second);
    await first.publish(event(1));

    const lost = own.proxy.loseNextAnswer("tell_lifecycle_v1");
    const published = Promise.all(upTo(20).map((version) => first.publish(event(version + 1))));
    await lost;
    await published;
    await first.publish(event(22));

    await expect.poll(() => heard.length).toBe(22);
    expect(heard).toEqual(upTo(22));
  });

  it("rejects what it cannot send in time, of which subscribers are told as a gap", async () => {
    const [first, second] = [await publisher({ connectionString: own.proxy.url, retryTimeout: 300 }), await publisher()];
    const heard = await heardBy(second);
    await first.publish(event(1));

    await own.proxy.refuse();
    own.proxy.cut();
    await expect(first.publish(event(2))).rejects.toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: true });
    await own.proxy.accept();
    await first.publish(event(3));

    await expect.poll(() => heard).toEqual([1, "gap", 3]);
  });

  it("lets a subscriber wait for a connection that is lost, until the time for it is over or it stops", async () => {
    const place = { connectionString: own.proxy.url, schema };
    const databases = [{}, { retryTimeout: 200 }, { clock: new VirtualClock() }].map((options) => openPostgres({ ...place, ...options }));
    const [waiting, late, stopped] = (await Promise.all(databases.map((database) => own.started(new PostgresLifecyclePublisher(database))))) as [
      PostgresLifecyclePublisher,
      PostgresLifecyclePublisher,
      PostgresLifecyclePublisher,
    ];
    await own.proxy.refuse();
    own.proxy.cut();
    await expect.poll(() => databases.every(({ session }) => session?.presence === undefined)).toBe(true);

    const subscribed = heardBy(waiting);
    await expect(late.subscribe(() => {})).rejects.toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: true });
    const unheard = heardBy(stopped);
    await Promise.all([expect(unheard).rejects.toMatchObject({ code: "WFE_STORE_UNREACHABLE" }), stopped.stop()]);
    await own.proxy.accept();
    const heard = await subscribed;
    await waiting.publish(event(1));

    await expect.poll(() => heard.at(-1)).toBe(1);
  });

  it("is heard without notifications, but does not hear: it says what to do", async () => {
    const [deaf, hearing] = [await publisher({ notifications: false }), await publisher()];
    const heard = await heardBy(hearing);

    await deaf.publish(event(1));
    await expect.poll(() => heard).toEqual([1]);

    await expect(deaf.subscribe(() => {})).rejects.toMatchObject({
      code: "WFE_STORE_SESSION_REQUIRED",
      message: expect.stringContaining("leave out notifications: false where events are read"),
    });
  });

  it("tells of notifications that are no events, and goes on", async () => {
    const errors: unknown[] = [];
    const first = await publisher({}, (error) => errors.push(error));
    const heard = await heardBy(first);
    const { lifecycleChannel } = schemaNames(schema);

    for (const payload of ["", "hello", "me 1 0 1 [{}]"]) await own.ask("SELECT pg_notify($1, $2)", [lifecycleChannel, payload]);
    await first.publish(event(1));

    await expect.poll(() => heard).toEqual([1]);
    expect(errors.map(String)).toEqual(
      ["it is of another form", "it is of another form", "the event is of no workflow"].map(
        (why) => `Error: a notification in the channel ${lifecycleChannel} is no lifecycle event: ${why}`,
      ),
    );
  });

  it("leaves nothing behind on a connection of a pool that is a caller's", async () => {
    const pool = new pg.Pool({ connectionString: `${own.server.url}?application_name=callers`, max: 2 });
    ends.push(() => pool.end());
    const first = new PostgresLifecyclePublisher({ pool, schema });
    await first.start();
    await heardBy(first);

    await first.stop();

    expect(await listeners()).toEqual([]);
    expect((await pool.query("SELECT pg_listening_channels()")).rows).toEqual([]);
  });
});

describe("the lifecycle publisher of postgresProviders", () => {
  it("is there when it is asked for, over the connections of the others", async () => {
    const url = `${own.server.url}?application_name=shared`;
    const errors: unknown[] = [];
    const { queue, lifecycle } = postgresProviders({ connectionString: url, schema, lifecycle: true, onError: (error) => errors.push(error) });
    await own.started(queue);
    const connections = (): Promise<readonly unknown[]> => own.ask("SELECT 1 FROM pg_stat_activity WHERE application_name = 'shared'");

    await own.started(lifecycle);
    await lifecycle.subscribe(({ workflowId }) => {
      throw new Error(`heard of ${workflowId}`);
    });
    await lifecycle.publish(event(1));
    await expect.poll(() => errors).toEqual([new Error("heard of w")]);

    // The one that is kept, and one for statements.
    expect(await connections()).toHaveLength(2);
    expect(postgresProviders({ connectionString: url })).not.toHaveProperty("lifecycle");
    expect(postgresProviders({ connectionString: url, lifecycle: false })).not.toHaveProperty("lifecycle");
    expect(postgresProviders({ connectionString: url, lifecycle: true }).lifecycle).toBeInstanceOf(PostgresLifecyclePublisher);
  });
});
