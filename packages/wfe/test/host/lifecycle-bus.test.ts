import { describe, expect, it, vi } from "vitest";
import type { LifecycleEvent, LifecyclePublisher, LogEntry } from "../../src/index.ts";
import { LifecycleBus } from "../../src/host/lifecycle-bus.ts";
import { InMemoryLifecyclePublisher, VirtualClock } from "../../src/test-support/index.ts";

function event(n: number): LifecycleEvent {
  return { type: "started", workflowId: `w${n}`, definitionId: "d", version: 1, at: new Date(n) };
}

function setting(publisher?: LifecyclePublisher): { readonly bus: LifecycleBus; readonly warnings: LogEntry[] } {
  const warnings: LogEntry[] = [];
  const bus = new LifecycleBus({ clock: new VirtualClock(), log: { write: (entry) => void warnings.push(entry) } }, publisher);
  return { bus, warnings };
}

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
    const first = bus.events(undefined);
    bus.publish(event(1));
    const second = bus.events(undefined);
    bus.publish(event(2));

    bus.stop();
    bus.publish(event(3));

    expect(await Promise.all([read(first), read(second)])).toEqual([["w1", "w2"], ["w2"]]);
  });

  it("wake a reader that waits", async () => {
    const { bus } = setting();
    const next = bus.events(undefined).next();

    bus.publish(event(1));

    expect(await next).toEqual({ done: false, value: event(1) });
  });

  it("end for a reader that breaks off, whose signal aborts, or whose signal had aborted", async () => {
    const { bus } = setting();
    const controller = new AbortController();
    const broken = bus.events(undefined);
    const aborted = bus.events(controller.signal);
    const waiting = aborted.next();
    bus.publish(event(1));

    expect(await read(broken, 1)).toEqual(["w1"]);
    controller.abort();
    bus.publish(event(2));

    expect(await waiting).toEqual({ done: false, value: event(1) });
    expect(await aborted.next()).toEqual({ done: true, value: undefined });
    expect(await broken.next()).toEqual({ done: true, value: undefined });
    expect(await read(bus.events(controller.signal))).toEqual([]);
  });

  it("are dropped, the oldest first, for a reader that is far behind, and that is told once", async () => {
    const { bus, warnings } = setting();
    const slow = bus.events(undefined);

    for (let n = 0; n < 10_003; n += 1) bus.publish(event(n));
    bus.stop();
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
    const reader = other.bus.events(undefined);
    const next = reader.next();
    await Promise.resolve();

    one.bus.publish(event(1));

    expect(await next).toEqual({ done: false, value: event(1) });
    other.bus.stop();
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    await publisher.stop();
  });

  const failing = (
    publish: LifecyclePublisher["publish"],
    subscribe: LifecyclePublisher["subscribe"] = () => Promise.resolve(() => {}),
  ): LifecyclePublisher => ({
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    publish,
    subscribe,
  });

  it.each([
    ["rejects", () => Promise.reject(new Error("away"))],
    [
      "throws",
      () => {
        throw new Error("away");
      },
    ],
  ])("that %s is logged, and nobody is kept waiting", async (_, publish) => {
    const { bus, warnings } = setting(failing(publish));

    expect(() => bus.publish(event(1))).not.toThrow();
    await vi.waitFor(() => expect(warnings).toHaveLength(1));

    expect(warnings[0]?.message).toContain("the lifecycle event started of the workflow w1 was not published");
  });

  it("that hangs holds a bounded number of events", () => {
    const publish = vi.fn(() => new Promise<never>(() => {}));
    const { bus, warnings } = setting(failing(publish));

    for (let n = 0; n < 1_005; n += 1) bus.publish(event(n));

    expect(publish).toHaveBeenCalledTimes(1_000);
    expect(warnings).toHaveLength(5);
  });

  it("that cannot be subscribed to says so to the reader", async () => {
    const { bus } = setting(
      failing(
        () => Promise.resolve(),
        () => Promise.reject(new Error("away")),
      ),
    );

    await expect(bus.events(undefined).next()).rejects.toThrow("away");
  });
});
