import { describe, expect, it, vi } from "vitest";
import type { LifecycleEvent, LifecyclePublisher, LogEntry } from "../../src/index.ts";
import { LifecycleBus } from "../../src/host/lifecycle-bus.ts";
import type { WantedEvents } from "../../src/host/lifecycle-events.ts";
import { InMemoryLifecyclePublisher, VirtualClock } from "../../src/test-support/index.ts";

function event(n: number): LifecycleEvent {
  return { type: "started", workflowId: `w${n}`, definitionId: "d", version: 1, at: new Date(n) };
}

function setting(publisher?: LifecyclePublisher) {
  const warnings: LogEntry[] = [];
  const clock = new VirtualClock();
  const services = { clock, log: { write: (entry: LogEntry) => void warnings.push(entry) } };
  const bus = new LifecycleBus(services, publisher, (idOrName) => Promise.resolve(idOrName));
  return { bus, warnings, clock, messages: (): readonly string[] => warnings.map(({ message }) => message) };
}

const wanting = (signal?: AbortSignal): WantedEvents => ({ workflowId: undefined, types: undefined, signal });

async function read(events: AsyncIterable<LifecycleEvent>, most = Infinity): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of events) {
    ids.push(workflowId);
    if (ids.length === most) break;
  }
  return ids;
}

describe("events of this host", () => {
  it("come to every reader from the moment it began, in order, until the bus stops", async () => {
    const { bus } = setting();
    bus.publish(event(0));
    const first = bus.events(wanting());
    bus.publish(event(1));
    const second = bus.events(wanting());
    bus.publish(event(2));

    await bus.stop(0);
    bus.publish(event(3));

    expect(await Promise.all([read(first), read(second)])).toEqual([["w1", "w2"], ["w2"]]);
  });

  it("wake a reader that waits", async () => {
    const { bus } = setting();
    const next = bus.events(wanting()).next();

    bus.publish(event(1));

    expect(await next).toEqual({ done: false, value: event(1) });
  });

  it("end for a reader that breaks off, whose signal aborts, or whose signal had aborted", async () => {
    const { bus } = setting();
    const controller = new AbortController();
    const broken = bus.events(wanting());
    const aborted = bus.events(wanting(controller.signal));
    const waiting = aborted.next();
    bus.publish(event(1));

    expect(await read(broken, 1)).toEqual(["w1"]);
    controller.abort();
    bus.publish(event(2));

    expect(await waiting).toEqual({ done: false, value: event(1) });
    expect(await aborted.next()).toEqual({ done: true, value: undefined });
    expect(await broken.next()).toEqual({ done: true, value: undefined });
    expect(await read(bus.events(wanting(controller.signal)))).toEqual([]);
  });

  it("are dropped, the oldest first, for a reader that is far behind, and that is told once", async () => {
    const { bus, warnings } = setting();
    const slow = bus.events(wanting());

    for (let n = 0; n < 10_003; n += 1) bus.publish(event(n));
    await bus.stop(0);
    const ids = await read(slow);

    expect([ids.length, ids[0], ids.at(-1)]).toEqual([10_000, "w3", "w10002"]);
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining("too slow")]);
  });
});

describe("a publisher", () => {
  it("carries events to the readers of every host", async () => {
    const publisher = new InMemoryLifecyclePublisher();
    await publisher.start();
    const [one, other] = [setting(publisher), setting(publisher)];
    const reader = other.bus.events(wanting());
    const next = reader.next();
    await Promise.resolve();

    one.bus.publish(event(1));

    expect(await next).toEqual({ done: false, value: event(1) });
    await other.bus.stop(0);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    await publisher.stop();
  });

  const failing = (publish: LifecyclePublisher["publish"], others: Partial<LifecyclePublisher> = {}): LifecyclePublisher => ({
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    publish,
    subscribe: () => Promise.resolve(() => {}),
    ...others,
  });

  const away = (): never => {
    throw new Error("away");
  };

  it.each([
    ["rejects", () => Promise.reject(new Error("away"))],
    ["throws", away],
  ])("that %s is logged once, and nobody is kept waiting", async (_, publish) => {
    const { bus, messages, warnings } = setting(failing(publish));

    for (let n = 1; n <= 500; n += 1) expect(() => bus.publish(event(n))).not.toThrow();
    await vi.waitFor(() => expect(warnings).toHaveLength(1), { timeout: 10_000 });
    await new Promise((resolve) => setImmediate(resolve));

    expect(messages()).toEqual(["the lifecycle event started of the workflow w1 was not published; what is lost from now on is counted"]);
    expect(warnings[0]?.fields).toEqual({ error: new Error("away") });
  });

  it("that works again for a second is logged with what was lost, and then its next trouble", async () => {
    let isAway = true;
    const { bus, messages, clock } = setting(failing(() => (isAway ? away() : Promise.resolve())));
    const publish = async (n: number): Promise<void> => {
      bus.publish(event(n));
      await clock.settle();
    };

    for (let n = 1; n <= 3; n += 1) await publish(n);
    isAway = false;
    await publish(4);
    await clock.advance(999);
    await publish(5);
    expect(messages()).toHaveLength(1);
    await clock.advance(1);
    await publish(6);
    await publish(7);
    isAway = true;
    await publish(8);

    expect(messages().slice(1)).toEqual([
      "lifecycle events are published again: 3 were lost",
      "the lifecycle event started of the workflow w8 was not published; what is lost from now on is counted",
    ]);
  });

  it("that loses every second event does not fill the log", async () => {
    let count = 0;
    const { bus, messages, clock } = setting(failing(() => (count++ % 2 === 0 ? away() : Promise.resolve())));

    for (let n = 1; n <= 1_000; n += 1) {
      bus.publish(event(n));
      await clock.advance(10);
    }
    await bus.stop(0);

    expect(messages().slice(1)).toEqual(["lifecycle events end with the host: 500 were lost"]);
  });

  it("that hangs holds a bounded number of events, of which one line tells", () => {
    const publish = vi.fn(() => new Promise<never>(() => {}));
    const { bus, messages } = setting(failing(publish));

    for (let n = 0; n < 10_005; n += 1) bus.publish(event(n));

    expect(publish).toHaveBeenCalledTimes(10_000);
    expect(messages()).toEqual([
      "the lifecycle event started of the workflow w10000 is dropped: 10000 before it are not published yet; what is lost from now on is counted",
    ]);
  });

  it("that cannot be subscribed to says so to the reader", async () => {
    const { bus } = setting(failing(() => Promise.resolve(), { subscribe: away }));

    await expect(bus.events(wanting()).next()).rejects.toThrow("away");
  });

  it("that cannot end a subscription does not keep the host from stopping", async () => {
    const { bus, messages, clock } = setting(failing(() => Promise.resolve(), { subscribe: () => Promise.resolve(away) }));
    const next = bus.events(wanting()).next();
    await clock.settle();

    await bus.stop(0);

    expect([await next, messages()]).toEqual([{ done: true, value: undefined }, ["a subscription to lifecycle events could not be ended"]]);
  });

  it.each([
    ["hangs", () => new Promise<never>(() => {})],
    ["throws", away],
  ])("that %s when it is stopped is left behind in time", async (_, stop) => {
    const { bus, clock } = setting(failing(() => Promise.resolve(), { stop }));

    const stopped = bus.stop(5_000);
    await clock.advance(5_000);

    await expect(stopped).resolves.toBeUndefined();
  });
});
