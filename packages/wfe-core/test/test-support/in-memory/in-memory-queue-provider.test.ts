import { describe, expect, it } from "vitest";
import { InMemoryQueueProvider } from "../../../src/test-support/in-memory/in-memory-queue-provider.ts";
import { InMemoryQueueStore } from "../../../src/test-support/in-memory/in-memory-queue-store.ts";
import { queueSuite } from "../../../src/test-support/suites/queue-suite.ts";
import { VirtualClock } from "../../../src/test-support/virtual-clock.ts";
import { inMemoryQueueTarget } from "./in-memory-targets.ts";

queueSuite("queue suite on the in-memory provider, in virtual time", inMemoryQueueTarget, { describe, it });

describe("InMemoryQueueProvider", () => {
  it("arms a timer only while somebody waits", async () => {
    const clock = new VirtualClock();
    const store = new InMemoryQueueStore(clock);
    const queue = new InMemoryQueueProvider({ store, clock });
    await queue.start();
    await queue.queueWork("x", "workflow", { delay: "1h" });
    await queue.queueWork("y", "workflow");
    await queue.dequeueWork("workflow", { limit: 1, wait: 0 });
    expect(clock.pendingTimers).toBe(0);

    const waiting = queue.dequeueWork("workflow", { limit: 1, wait: "1s" });
    await clock.settle();
    expect(clock.pendingTimers).toBe(2);
    await clock.advance("1s");
    expect(await waiting).toEqual([]);

    expect([clock.pendingTimers, store.size]).toEqual([0, 2]);
  });

  it("gives an item to who has waited longest", async () => {
    const clock = new VirtualClock();
    const queue = new InMemoryQueueProvider({ clock });
    await queue.start();
    const woken: number[] = [];
    const waits = [0, 1].map((index) => queue.dequeueWork("workflow", { limit: 1, wait: "1m" }).then(() => woken.push(index)));
    await clock.settle();

    await queue.queueWork("x", "workflow");
    await clock.settle();
    expect(woken).toEqual([0]);
    await queue.queueWork("y", "workflow");
    await Promise.all(waits);

    expect(woken).toEqual([0, 1]);
  });

  it("refuses a visibility time of nothing", () => {
    expect(() => new InMemoryQueueProvider({ visibility: 0 })).toThrow(RangeError);
  });
});
