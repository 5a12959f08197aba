import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { LifecycleEvent } from "wfe-core";
import { lifecycleSuite, VirtualClock } from "wfe-core/test-support";
import { openTcpProxy, type RedisServer, startRedisServer } from "wfe-test-services";
import { testKeyPrefix } from "wfe-test-services/vitest";
import { RedisLifecyclePublisher } from "../src/redis-lifecycle-publisher.ts";
import { startedEvent } from "./lifecycle-events.ts";
import { lifecycleTarget } from "./redis-targets.ts";

const { url, another } = testKeyPrefix("lifecycle");
const ends: (() => unknown)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0).toReversed()) await end();
});

async function ownServer(): Promise<RedisServer> {
  const server = await startRedisServer();
  ends.push(() => server.dispose());
  return server;
}

async function started(...place: ConstructorParameters<typeof RedisLifecyclePublisher>): Promise<RedisLifecyclePublisher> {
  const publisher = new RedisLifecyclePublisher(...place);
  ends.push(() => publisher.stop());
  await publisher.start();
  return publisher;
}

async function heardBy(publisher: RedisLifecyclePublisher): Promise<LifecycleEvent[]> {
  const heard: LifecycleEvent[] = [];
  await publisher.subscribe((event) => void heard.push(event));
  return heard;
}

function clientOf(to: string): Redis {
  const client = new Redis(to);
  client.on("error", () => {});
  ends.push(() => client.disconnect());
  return client;
}

/** A connection that is lost without a word is found by a look each 10 s: by itself is sooner. */
const BY_ITSELF = { timeout: 5_000 };

const versions = (events: readonly LifecycleEvent[]): readonly number[] => events.map(({ version }) => version);

lifecycleSuite(
  "lifecycle suite on Redis",
  lifecycleTarget(another, (keyPrefix) => new RedisLifecyclePublisher({ url, keyPrefix }, { onError: () => {} })),
  { describe, it },
);

describe("a lifecycle publisher on Redis", () => {
  it("keeps prefixes apart, and brings nothing from before the subscription", async () => {
    const keyPrefix = another();
    const [publisher, late, stranger] = [
      await started({ url, keyPrefix }),
      await started({ url, keyPrefix }),
      await started({ url, keyPrefix: another() }),
    ];
    await heardBy(late);

    for (let version = 1; version <= 50; version += 1) void publisher.publish(startedEvent("w", version));
    await publisher.publish(startedEvent("w", 51));
    const heard = await heardBy(late);
    await stranger.publish(startedEvent("strange"));
    await publisher.publish(startedEvent("w", 52));

    await expect.poll(() => versions(heard)).toEqual([52]);
  });

  it("tells of a listener that throws, and of messages that are no events, and goes on", async () => {
    const keyPrefix = another();
    const errors: unknown[] = [];
    const publisher = await started({ url, keyPrefix }, { onError: (error) => errors.push(error) });
    await publisher.subscribe(() => {
      throw new Error("boom");
    });
    const heard = await heardBy(publisher);
    const stranger = clientOf(url);
    const { event, ...envelope } = { from: "x", sequence: 1, event: startedEvent("w") };

    const malformed = [
      "hello",
      "null",
      JSON.stringify(envelope),
      JSON.stringify({ event }),
      JSON.stringify({ ...envelope, event: { ...event, workflowId: 1 } }),
      JSON.stringify({ ...envelope, event: { ...event, version: "1" } }),
      JSON.stringify({ ...envelope, event: { ...event, reference: 1 } }),
      JSON.stringify({ ...envelope, event: { ...event, at: "yesterday" } }),
      JSON.stringify({ ...envelope, event: { ...event, type: "exploded" } }),
      JSON.stringify({ ...envelope, event: { ...event, type: "stepStarted" } }),
      JSON.stringify({ ...envelope, event: { ...event, type: "error", error: {} } }),
    ];
    for (const text of malformed) await stranger.spublish(`{${keyPrefix}}:lifecycle`, text);
    await publisher.publish(startedEvent("w"));

    await expect.poll(() => heard).toEqual([startedEvent("w")]);
    expect(errors).toHaveLength(malformed.length + 1);
    expect(errors.at(-1)).toEqual(new Error("boom"));
    for (const error of errors.slice(0, -1)) expect(String(error)).toContain(`in the channel "{${keyPrefix}}:lifecycle" is no lifecycle event: `);
  });

  it("warns when nobody else is told", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const publisher = await started({ url, keyPrefix: another() });
    let thrown: unknown = new Error("boom");
    await publisher.subscribe(() => {
      throw thrown;
    });

    await publisher.publish(startedEvent("a"));
    await expect.poll(() => warn.mock.calls.length).toBe(1);
    thrown = "bang";
    await publisher.publish(startedEvent("b"));

    await expect.poll(() => warn.mock.calls.map(([warning]) => String(warning))).toEqual(["Error: boom", "bang"]);
  });

  it("ends its subscriptions at its stop, leaves no connection, and can be started again", async () => {
    const server = await ownServer();
    const [first, second] = [await started({ url: server.url }), await started({ url: server.url })];
    const old = await heardBy(first);
    const admin = clientOf(server.url);
    const connections = async (): Promise<number> =>
      String(await admin.client("LIST"))
        .trim()
        .split("\n").length;
    await expect.poll(connections).toBe(4);

    await first.stop();
    await expect(first.publish(startedEvent("a"))).rejects.toMatchObject({ code: "WFE_PROVIDER_NOT_RUNNING" });
    await expect(first.subscribe(() => {})).rejects.toMatchObject({ code: "WFE_PROVIDER_NOT_RUNNING" });
    await expect.poll(connections).toBe(2);
    await first.start();
    const heard = await heardBy(first);
    await second.publish(startedEvent("b"));

    await expect.poll(() => heard.length).toBe(1);
    expect(old).toEqual([]);
  });

  it("hears each event once and in order when answers are lost and connections killed", async () => {
    const server = await ownServer();
    const proxy = await openTcpProxy(server.url);
    ends.push(() => proxy.close());
    const [publisher, other] = [await started({ url: proxy.url }), await started({ url: server.url })];
    const heard = await heardBy(other);
    await publisher.publish(startedEvent("w", 1));

    const lost = proxy.loseNextAnswer("spublish");
    const published = Array.from({ length: 20 }, (_, index) => publisher.publish(startedEvent("w", index + 2)));
    await lost;
    await Promise.all(published);
    proxy.cut();
    await publisher.publish(startedEvent("w", 22));

    await expect.poll(() => heard.length).toBe(22);
    expect(versions(heard)).toEqual(Array.from({ length: 22 }, (_, index) => index + 1));
  });

  it("subscribes again by itself when its connection was killed, and after a restart of the server (fault 59)", async () => {
    const server = await ownServer();
    const publisher = await started({ url: server.url });
    const heard = await heardBy(publisher);
    const subscribers = async (): Promise<unknown> => (await clientOf(server.url).call("PUBSUB", "SHARDNUMSUB", "{wfe}:lifecycle")) as unknown;

    await clientOf(server.url).client("KILL", "TYPE", "pubsub");
    await expect.poll(subscribers, BY_ITSELF).toEqual(["{wfe}:lifecycle", 1]);
    await publisher.publish(startedEvent("w", 1));
    await server.restart();
    await expect.poll(subscribers, BY_ITSELF).toEqual(["{wfe}:lifecycle", 1]);
    await publisher.publish(startedEvent("w", 2));

    await expect.poll(() => versions(heard)).toEqual([1, 2]);
  });

  it("tells its subscribers of a gap once they hear again, and of none while they do", async () => {
    const server = await ownServer();
    const [publisher, subscriber] = [await started({ url: server.url }), await started({ url: server.url })];
    const told: unknown[] = [];
    await subscriber.subscribe(
      ({ version }) => void told.push(version),
      () => void told.push("gap"),
    );
    await publisher.publish(startedEvent("w", 1));
    await expect.poll(() => told).toEqual([1]);

    await clientOf(server.url).client("KILL", "TYPE", "pubsub");
    await expect.poll(() => told, BY_ITSELF).toEqual([1, "gap"]);
    await publisher.publish(startedEvent("w", 2));

    await expect.poll(() => told.length).toBeGreaterThan(2);
    expect(told).toEqual([1, "gap", 2]);
  });

  it("subscribes again by itself over a copy of a client that does not", async () => {
    const server = await ownServer();
    const client = new Redis(server.url, { retryStrategy: () => null });
    ends.push(() => client.disconnect());
    const [publisher, subscriber] = [await started({ url: server.url }), await started({ client })];
    const heard = await heardBy(subscriber);

    await clientOf(server.url).client("KILL", "TYPE", "pubsub");

    await expect
      .poll(async () => {
        await publisher.publish(startedEvent("w"));
        return heard.length;
      }, BY_ITSELF)
      .toBeGreaterThan(0);
  });

  it("subscribes again by itself when nothing gets through its connection any more", async () => {
    const proxy = await openTcpProxy(url);
    ends.push(() => proxy.close());
    const keyPrefix = another();
    const clock = new VirtualClock();
    const [publisher, subscriber] = [await started({ url, keyPrefix }), await started({ url: proxy.url, keyPrefix, clock })];
    const heard = await heardBy(subscriber);
    await clock.advance(10_000);
    const from = proxy.connections;

    proxy.stall("present");
    await clock.advance(10_000);
    await clock.advance(5_000);
    await expect.poll(() => proxy.connections, { timeout: 5_000 }).toBeGreaterThan(from);

    await expect
      .poll(
        async () => {
          await publisher.publish(startedEvent("w"));
          return heard.length;
        },
        { timeout: 5_000 },
      )
      .toBeGreaterThan(0);
  });

  it("rejects as retryable while the server is gone", async () => {
    const server = await ownServer();
    const publisher = await started({ url: server.url, retryTimeout: 2_000 });
    await server.kill();

    await expect(publisher.publish(startedEvent("w"))).rejects.toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: true });
    await expect(publisher.subscribe(() => {})).rejects.toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: true });

    await server.start();
    const heard = await heardBy(publisher);
    await publisher.publish(startedEvent("w"));
    await expect.poll(() => heard.length).toBe(1);
  });

  it("carries the events of two processes to both, once and in the order of each instance", async () => {
    const keyPrefix = another();
    const count = 200;
    const processes = await Promise.all(["p", "q"].map((name) => publishing(keyPrefix, name, count)));
    const heard = await heardBy(await started({ url, keyPrefix }));

    for (const { child } of processes) child.stdin?.write("publish\n");
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(4 * count);

    for (const { child, line } of processes) {
      child.stdin?.write("tell\n");
      const events = JSON.parse(await line()) as readonly string[];
      await expect.poll(() => child.exitCode, { timeout: 4_000 }).toBe(0); // nothing is left open that keeps it, no timer of some seconds either
      expect(events).toHaveLength(4 * count);
      for (const instance of ["p-a", "p-b", "q-a", "q-b"]) {
        const ofInstance = events.filter((event) => event.startsWith(`${instance} `));
        expect(ofInstance).toEqual(Array.from({ length: count }, (_, index) => `${instance} ${index + 1}`));
      }
    }
  });
});

interface Publishing {
  readonly child: ChildProcess;
  /** Its next line. */
  line(): Promise<string>;
}

/** Another process, that listens and is ready to publish. */
async function publishing(keyPrefix: string, name: string, count: number): Promise<Publishing> {
  const file = fileURLToPath(new URL("process/publishing.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=wfe-source", "--import", "tsx", file, url, keyPrefix, name, String(count)], {
    cwd: fileURLToPath(new URL("..", import.meta.url)), // where the loader is found
    stdio: ["pipe", "pipe", "inherit"],
  });
  ends.push(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const line = async (): Promise<string> => {
    await expect.poll(() => output.includes("\n"), { timeout: 15_000 }).toBe(true);
    const end = output.indexOf("\n");
    const first = output.slice(0, end);
    output = output.slice(end + 1);
    return first;
  };
  expect(await line()).toBe("listening");
  return { child, line };
}
