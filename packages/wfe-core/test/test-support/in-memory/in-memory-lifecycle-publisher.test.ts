import { describe, expect, it, vi } from "vitest";
import type { LifecycleEvent } from "../../../src/models/lifecycle-event.ts";
import { InMemoryLifecycleBus, InMemoryLifecyclePublisher } from "../../../src/test-support/in-memory/in-memory-lifecycle-publisher.ts";
import { lifecycleSuite } from "../../../src/test-support/suites/lifecycle-suite.ts";
import { inMemoryLifecycleTarget } from "./in-memory-targets.ts";

lifecycleSuite("lifecycle suite on the in-memory publisher, in virtual time", inMemoryLifecycleTarget, { describe, it });

function event(workflowId: string): LifecycleEvent {
  return { workflowId, definitionId: "d", version: 1, at: new Date(0), type: "started" };
}

async function started(bus?: InMemoryLifecycleBus, onListenerError?: (error: unknown) => void): Promise<InMemoryLifecyclePublisher> {
  const publisher = new InMemoryLifecyclePublisher({ ...(bus && { bus }), ...(onListenerError && { onListenerError }) });
  await publisher.start();
  return publisher;
}

describe("InMemoryLifecyclePublisher", () => {
  it("delivers in order, through every instance on the bus", async () => {
    const bus = new InMemoryLifecycleBus();
    const [first, second] = [await started(bus), await started(bus)];
    const seen: string[] = [];
    await first.subscribe(({ workflowId }) => seen.push(`first ${workflowId}`));
    await second.subscribe(({ workflowId }) => seen.push(`second ${workflowId}`));

    await first.publish(event("a"));
    await second.publish(event("b"));

    expect(seen).toEqual(["first a", "second a", "first b", "second b"]);
  });

  it("keeps buses apart, and delivers nothing from before the subscription", async () => {
    const bus = new InMemoryLifecycleBus();
    const publisher = await started(bus);
    const stranger = await started();
    const seen: string[] = [];
    await publisher.publish(event("before"));
    await publisher.subscribe(({ workflowId }) => seen.push(workflowId));

    await stranger.publish(event("strange"));
    await publisher.publish(event("own"));

    expect(seen).toEqual(["own"]);
  });

  it("calls nobody who has left, also during a delivery", async () => {
    const publisher = await started(new InMemoryLifecycleBus());
    const seen: string[] = [];
    let leaveSecond = (): void => {};
    await publisher.subscribe(() => {
      seen.push("first");
      leaveSecond();
      leaveSecond();
    });
    leaveSecond = await publisher.subscribe(() => seen.push("second"));

    await publisher.publish(event("a"));
    await publisher.publish(event("b"));

    expect(seen).toEqual(["first", "first"]);
  });

  it("delivers to a listener that joins during a delivery from the next event on", async () => {
    const publisher = await started();
    const seen: string[] = [];
    await publisher.subscribe(({ workflowId }) => {
      if (workflowId === "a") void publisher.subscribe((later) => seen.push(later.workflowId));
    });

    await publisher.publish(event("a"));
    await publisher.publish(event("b"));

    expect(seen).toEqual(["b"]);
  });

  it("keeps the order for all when a listener publishes", async () => {
    const publisher = await started(new InMemoryLifecycleBus());
    const seen: string[] = [];
    await publisher.subscribe(({ workflowId }) => {
      seen.push(`first ${workflowId}`);
      if (workflowId === "a") void publisher.publish(event("b"));
    });
    await publisher.subscribe(({ workflowId }) => seen.push(`second ${workflowId}`));

    await publisher.publish(event("a"));

    expect(seen).toEqual(["first a", "second a", "first b", "second b"]);
  });

  it("isolates a listener that throws, and reports it to its own instance", async () => {
    const bus = new InMemoryLifecycleBus();
    const errors: unknown[] = [];
    const bad = await started(bus, (error) => errors.push(error));
    const good = await started(bus);
    const seen: string[] = [];
    await bad.subscribe(() => {
      throw new Error("boom");
    });
    await good.subscribe(({ workflowId }) => seen.push(workflowId));

    await good.publish(event("a"));
    await good.publish(event("b"));

    expect(seen).toEqual(["a", "b"]);
    expect(errors).toEqual([new Error("boom"), new Error("boom")]);
  });

  it("warns of a listener that throws when nobody else is told", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const publisher = await started(new InMemoryLifecycleBus());
    let thrown: unknown = new Error("boom");
    await publisher.subscribe(() => {
      throw thrown;
    });

    await publisher.publish(event("a"));
    thrown = null;
    await publisher.publish(event("b"));

    expect(warn.mock.calls.map(([warning]) => String(warning))).toEqual(["Error: boom", "a lifecycle listener threw null"]);
    warn.mockRestore();
  });

  it("ends its subscriptions at its stop, and can be started again", async () => {
    const bus = new InMemoryLifecycleBus();
    const [first, second] = [await started(bus), await started(bus)];
    const seen: string[] = [];
    const leave = await first.subscribe(() => seen.push("old"));

    await first.stop();
    await expect(first.publish(event("a"))).rejects.toMatchObject({ code: "WFE_PROVIDER_NOT_RUNNING" });
    await expect(first.subscribe(() => {})).rejects.toMatchObject({ code: "WFE_PROVIDER_NOT_RUNNING" });
    await second.publish(event("b"));
    await first.start();
    leave();
    await first.subscribe(() => seen.push("new"));
    await second.publish(event("c"));

    expect(seen).toEqual(["new"]);
  });
});
