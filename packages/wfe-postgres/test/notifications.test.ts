import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { QueueType } from "wfe-core";
import { eventually, VirtualClock } from "wfe-core/test-support";
import { queueListener } from "../src/notifications.ts";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { PostgresQueueProvider } from "../src/postgres-queue-provider.ts";
import { schemaNames } from "../src/schema-names.ts";
import { testSchema } from "wfe-test-services/vitest";
import { testSessions } from "./test-sessions.ts";

const server = testSchema("notifications");
const { query } = testSessions(server);

describe("notifications of the queue", () => {
  let schema: string;
  let queue: PostgresQueueProvider;
  let listener: pg.Client;
  const heard: string[] = [];
  const others: PostgresQueueProvider[] = [];

  beforeEach(async () => {
    schema = server.another();
    queue = new PostgresQueueProvider({ connectionString: server.url, schema, pollInterval: "1h" });
    await queue.start();
    listener = new pg.Client({ connectionString: server.url });
    await listener.connect();
    heard.length = 0;
    listener.on("notification", ({ payload }) => void heard.push(payload ?? ""));
    await listener.query(`LISTEN ${schemaNames(schema).channel}`);
  });

  afterEach(async () => {
    for (const each of [queue, ...others.splice(0)]) await each.stop();
    await listener.end();
  });

  async function startOther(options: Partial<PostgresOptions> = {}, visibility = 30_000): Promise<PostgresQueueProvider> {
    const other = new PostgresQueueProvider({ connectionString: urlOf("other"), schema, pollInterval: "1h", ...options }, { visibility });
    others.push(other);
    await other.start();
    return other;
  }

  /** Of the server, under a name that nobody else has. */
  function urlOf(name: string): string {
    const url = new URL(server.url);
    url.searchParams.set("application_name", `${name} ${schema}`);
    return url.href;
  }

  /** The types that were told of so far. */
  async function told(): Promise<readonly string[]> {
    await listener.query("SELECT 1"); // what was committed before it has come before its answer
    return heard.splice(0).map((payload) => payload.split(" ")[1] ?? "");
  }

  it("tells once a turn of a thousand ids", async () => {
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => queue.queueWork(`w-${index}`, "workflow")));

    expect((await told()).length).toBeLessThanOrEqual(3);
  });

  it("tells of each type in a turn", async () => {
    await Promise.all([queue.queueWork("x", "workflow"), queue.queueWork("x", "event"), queue.queueWork("y", "workflow")]);

    expect([...(await told())].sort()).toEqual(["event", "workflow"]);
  });

  it("says nothing of what stands behind a backlog", async () => {
    const clock = new VirtualClock();
    const own = await startOther({ clock });
    await own.queueWork("first", "workflow");
    await own.queueWork("soon after", "workflow");
    expect(await told()).toEqual(["workflow", "workflow"]);
    await clock.advance(100);

    await own.queueWork("third", "workflow");
    await own.queueWork("fourth", "workflow", { delay: "1h" });
    expect(await told()).toEqual([]);

    await own.dequeueWork("workflow", { limit: 2, wait: 0 });
    await own.queueWork("fifth", "workflow");
    expect(await told()).toEqual(["workflow"]);
  });

  it("says nothing of what was taken in the same turn, is marked, or is acked", async () => {
    const waiting = queue.dequeueWork("workflow", { limit: 1, wait: "1m" });
    await queue.queueWork("x", "workflow");
    const [item] = await waiting;
    await told(); // the turn may have been before the look
    await queue.queueWork("x", "workflow", { delay: "1h" });
    const [marked] = await told();
    await item?.ack();
    await queue.queueWork("y", "event");
    const [other] = await queue.dequeueWork("event", { limit: 1, wait: 0 });
    await told();

    await other?.ack();

    expect(marked).toBeUndefined();
    expect(await told()).toEqual([]);
  });

  it("tells of what an ack, a retry or the pull of an entry brings to the front", async () => {
    await queue.queueWork("acked", "workflow");
    const [acked] = await queue.dequeueWork("workflow", { limit: 1, wait: 0 });
    await told();
    await queue.queueWork("acked", "workflow");
    expect(await told()).toEqual([]);
    await acked?.ack();
    expect(await told()).toEqual(["workflow"]);

    const [retried] = await queue.dequeueWork("workflow", { limit: 1, wait: 0 });
    await retried?.retry(0);
    expect(await told()).toEqual(["workflow"]);

    await queue.queueWork("pulled", "event", { delay: "1h" });
    expect(await told()).toEqual(["event"]);
    await queue.queueWork("pulled", "event");
    expect(await told()).toEqual(["event"]);
  });

  it("tells of an entry for later while all that comes before it is being worked on", async () => {
    await queue.queueWork("x", "workflow");
    await queue.dequeueWork("workflow", { limit: 1, wait: 0 });
    await told();

    await queue.queueWork("y", "workflow", { delay: "1h" });

    expect(await told()).toEqual(["workflow"]);
  });

  it("is told by who does not listen", async () => {
    const deaf = await startOther({ notifications: false });
    const waiting = queue.dequeueWork("workflow", { limit: 1, wait: "10m" });

    await deaf.queueWork("x", "workflow");

    expect((await waiting).map(({ id }) => id)).toEqual(["x"]);
  });

  it("commits without waiting for the disk, and leaves the connection as it was", async () => {
    const [found] = await query(
      `SELECT (SELECT count(*) FROM ${schema}.queue_turn_v1(NULL, 's', '{put}', '{workflow}', '{x}', '{NULL}', '{0}', '{}', '{}', 't', 1)) AS rows,
         current_setting('synchronous_commit') AS within`,
    );
    const [after] = await query("SELECT current_setting('synchronous_commit') AS after");

    expect({ ...found, ...after }).toEqual({ rows: "1", within: "off", after: "on" });
  });

  it("finds what was queued while its listening connection was lost", async () => {
    const other = await startOther();
    const waiting = other.dequeueWork("workflow", { limit: 1, wait: "10m" });
    const name = `other ${schema}`;
    await eventually(async () => (await query("SELECT 1 FROM pg_stat_activity WHERE application_name = $1", [name])).length > 1);

    await query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [name]);
    await queue.queueWork("x", "workflow");

    expect((await waiting).map(({ id }) => id)).toEqual(["x"]);
  });
});

describe("queueListener", () => {
  it("passes on what others have queued, and looks for everything when it was deaf", () => {
    const calls: (readonly QueueType[])[] = [];
    const { onMessage, onRestored } = queueListener({ sender: "me", onQueued: (types) => void calls.push(types) });

    for (const payload of ["queue workflow other", "queue workflow me", "queue event other", "queue strange other", "something else", ""]) {
      onMessage?.(payload);
    }
    onRestored?.();

    expect(calls).toEqual([["workflow"], ["event"], ["workflow", "event"]]);
  });
});
