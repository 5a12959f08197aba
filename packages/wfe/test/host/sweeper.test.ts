import { describe, expect, it } from "vitest";
import { type DistributedLockProvider, type PersistenceProvider, WorkflowBuilder } from "../../src/index.ts";
import type { CommandConsumer } from "../../src/host/command-consumer.ts";
import type { EventConsumer } from "../../src/host/event-consumer.ts";
import type { HostOptions } from "../../src/host/host-options.ts";
import { Slots } from "wfe-core";
import { Sweeper } from "../../src/host/sweeper.ts";
import type { WorkflowConsumer } from "../../src/host/workflow-consumer.ts";
import { instant, sampleEvent } from "../../src/test-support/index.ts";
import { hostSetting, messages } from "./host-setting.ts";

const definition = new WorkflowBuilder<{ n: number }>().thenFn("a", () => {}).build("w", 1);
const { id, version, fingerprint } = definition;

interface Parts {
  /** Carries out commands. */
  readonly commands?: () => Promise<void>;
  readonly persistence?: Partial<PersistenceProvider>;
  readonly locks?: Partial<DistributedLockProvider>;
  readonly options?: HostOptions;
  readonly room?: number;
  /** Whether what is dispatched runs here already and takes no room. @default false */
  readonly running?: boolean;
}

/** A sweeper that knows one definition, what it has dispatched and what it wants delivered. */
async function setting(parts: Parts = {}) {
  const dispatched: string[] = [];
  const delivered: string[] = [];
  const nothing: Partial<PersistenceProvider> = {
    claimDueInstances: () => Promise.resolve([]),
    getRunnableEvents: () => Promise.resolve([]),
    deleteDeliveredEvents: () => Promise.resolve(0),
  };
  const of = await hostSetting(
    { persistence: { ...nothing, ...parts.persistence }, ...(parts.locks === undefined ? {} : { locks: parts.locks }) },
    parts.options,
  );
  of.services.registry.register(definition);
  const slots = new Slots(parts.room ?? 10);
  const workflows: Pick<WorkflowConsumer, "slots" | "dispatch"> = {
    slots,
    dispatch: (workflowId) => {
      dispatched.push(workflowId);
      if (parts.running !== true) slots.tryTake();
    },
  };
  const events: Pick<EventConsumer, "deliver"> = { deliver: ({ name, key }) => void delivered.push(`${name} ${key}`) };
  const commands: Pick<CommandConsumer, "process"> = { process: parts.commands ?? (() => Promise.resolve()) };
  // Nothing else of them is used.
  const sweeper = new Sweeper(of.services, of.locks, workflows as WorkflowConsumer, events as EventConsumer, commands as CommandConsumer);
  return { ...of, sweeper, slots, dispatched, delivered };
}

describe("due instances", () => {
  it("of the definitions known here are claimed until the next look and looked at, at once and then each interval", async () => {
    const asked: unknown[] = [];
    const { clock, sweeper, dispatched } = await setting({
      options: { sweepInterval: "2s", lockTtl: "9s" },
      persistence: {
        claimDueInstances: (asAt, options) => {
          asked.push([asAt, options]);
          return Promise.resolve([`due ${asked.length}`]);
        },
      },
    });

    await sweeper.start();
    expect(dispatched).toEqual(["due 1"]);
    await clock.advance(3_999);
    await sweeper.stop();
    await clock.advance("1m");

    expect(dispatched).toEqual(["due 1", "due 2"]);
    const definitions = [{ id, version, fingerprint }];
    expect(asked).toEqual([
      [instant(), { definitions, limit: 10, claimUntil: instant(2_000) }],
      [instant(2_000), { definitions, limit: 9, claimUntil: instant(4_000) }],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("are claimed as long as there are more and there is room", async () => {
    const limits: number[] = [];
    const { sweeper, dispatched } = await setting({
      room: 5,
      persistence: {
        claimDueInstances: (_, { limit }) => {
          limits.push(limit);
          return Promise.resolve(["a", "b", "c", "d", "e"].slice(0, limits.length === 1 ? 5 : 0));
        },
      },
    });

    await sweeper.start();
    await sweeper.stop();

    expect([limits, dispatched]).toEqual([[5], ["a", "b", "c", "d", "e"]]);
  });

  it("are claimed again when those that came run here already, and take no room", async () => {
    let rounds = 0;
    const { sweeper, dispatched } = await setting({
      room: 1,
      running: true,
      persistence: {
        claimDueInstances: () => {
          rounds += 1;
          return Promise.resolve(rounds < 3 ? [`due ${rounds}`] : []);
        },
      },
    });

    await sweeper.start();
    await sweeper.stop();

    expect([rounds, dispatched]).toEqual([3, ["due 1", "due 2"]]);
  });

  it("are claimed without room, too, a hundred at a time and interval: their hints are for others, or for later", async () => {
    const limits: number[] = [];
    const { clock, sweeper, dispatched } = await setting({
      room: 0,
      persistence: {
        claimDueInstances: (_, { limit }) => {
          limits.push(limit);
          return Promise.resolve(Array.from({ length: limit }, (__, n) => `due ${n}`));
        },
      },
    });

    await sweeper.start();
    await clock.advance("1s");
    await sweeper.stop();

    expect([limits, dispatched.length]).toEqual([[100, 100], 200]);
  });

  it("are not asked for without a definition", async () => {
    let asked = 0;
    const { services, sweeper } = await setting({ persistence: { claimDueInstances: () => Promise.resolve([String((asked += 1))]) } });
    services.registry.deregister("w", 1);

    await sweeper.start();
    await sweeper.stop();

    expect(asked).toBe(0);
  });
});

describe("undelivered events", () => {
  it("are delivered in batches until there are no more", async () => {
    const asked: unknown[] = [];
    const { sweeper, delivered } = await setting({
      options: { lockTtl: "9s" },
      persistence: {
        getRunnableEvents: (asAt, options) => {
          asked.push([asAt, options]);
          return Promise.resolve(Array.from({ length: asked.length === 1 ? 500 : 2 }, (_, n) => sampleEvent(`e${n}`, { key: String(n) })));
        },
      },
    });

    await sweeper.start();
    await sweeper.stop();

    expect(asked).toEqual(Array(2).fill([instant(), { limit: 500, claimUntil: instant(1_000) }]));
    expect([delivered.length, delivered[499], delivered[501]]).toEqual([502, "paid 499", "paid 1"]);
  });
});

describe("leases whose owner is gone", () => {
  it("are looked for each second, however seldom the store is swept", async () => {
    const limits: number[] = [];
    const { clock, sweeper, dispatched } = await setting({
      options: { sweepInterval: "1m" },
      locks: { orphans: (limit) => Promise.resolve([`orphan ${limits.push(limit)}`]) },
    });

    await sweeper.start();
    await clock.advance("2s");
    await sweeper.stop();

    expect([dispatched, limits]).toEqual([
      ["orphan 1", "orphan 2", "orphan 3"],
      [1_000, 1_000, 1_000],
    ]);
  });

  it("are none where the locks know no owners", async () => {
    const { sweeper, dispatched, warnings } = await setting({ locks: { orphans: undefined } as never });

    await sweeper.start();
    await sweeper.stop();

    expect([dispatched, warnings]).toEqual([[], []]);
  });
});

describe("delivered events", () => {
  it("are removed after their retention, in batches, at the start and each ten minutes", async () => {
    const asked: unknown[] = [];
    const { clock, sweeper } = await setting({
      options: { eventRetention: "1d" },
      persistence: {
        deleteDeliveredEvents: (before, limit) => {
          asked.push([before, limit]);
          return Promise.resolve(asked.length === 1 ? limit : 0);
        },
      },
    });

    await sweeper.start();
    await clock.advance("10m");
    await sweeper.stop();

    const dayMs = 86_400_000;
    expect(asked).toEqual([
      [instant(-dayMs), 1_000],
      [instant(-dayMs), 1_000],
      [instant(600_000 - dayMs), 1_000],
    ]);
  });
});

describe("a sweep that fails", () => {
  it("is said, and tried again; the rest of it is done all the same", async () => {
    let away = true;
    const { clock, sweeper, dispatched, delivered, warnings } = await setting({
      persistence: {
        claimDueInstances: () => (away ? Promise.reject(new Error("away")) : Promise.resolve(["due"])),
        getRunnableEvents: () => Promise.resolve([sampleEvent("e")]),
        deleteDeliveredEvents: () => Promise.reject(new Error("away")),
      },
      locks: { orphans: () => (away ? Promise.reject(new Error("away")) : Promise.resolve(["orphan"])) },
    });

    await sweeper.start();
    expect([dispatched, delivered]).toEqual([[], ["paid 1"]]);
    away = false;
    await clock.advance("1s");
    await sweeper.stop();

    expect([dispatched.toSorted(), delivered]).toEqual([
      ["due", "orphan"],
      ["paid 1", "paid 1"],
    ]);
    expect(messages(warnings).toSorted()).toEqual([
      "the removal of old events has failed; it is tried again in 600000 ms",
      "the sweep has failed; it is tried again in 1000 ms",
      "the take-over of lost work has failed; it is tried again in 1000 ms",
    ]);
  });
});

describe("a look between sweeps", () => {
  it("claims due instances at once, as far as there is room, and goes on as soon as there is", async () => {
    const left = ["a", "b", "c", "d", "e"];
    const limits: number[] = [];
    const { clock, sweeper, slots, dispatched } = await setting({
      room: 2,
      options: { sweepInterval: "1h" },
      persistence: {
        claimDueInstances: (_, { limit }) => {
          limits.push(limit);
          return Promise.resolve(limits.length === 1 ? [] : left.splice(0, limit));
        },
      },
    });
    await sweeper.start();

    sweeper.lookForInstances();
    sweeper.lookForInstances();
    await clock.settle();
    expect([limits, dispatched]).toEqual([
      [2, 2],
      ["a", "b"],
    ]);
    sweeper.lookForInstances();
    await clock.settle();
    expect(limits).toEqual([2, 2]); // nothing is claimed without room
    slots.give();
    await clock.settle();
    expect(dispatched).toEqual(["a", "b", "c"]);
    slots.give();
    slots.give();
    await clock.settle();
    slots.give();
    await clock.settle();
    await clock.advance(1_000);

    expect([limits, dispatched]).toEqual([
      [2, 2, 1, 2, 1],
      ["a", "b", "c", "d", "e"],
    ]);
    await sweeper.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("delivers events that are eligible", async () => {
    let asked = 0;
    const { clock, sweeper, delivered } = await setting({
      persistence: { getRunnableEvents: () => Promise.resolve((asked += 1) === 1 ? [] : [sampleEvent("e")]) },
    });
    await sweeper.start();

    sweeper.lookForEvents();
    await clock.settle();
    await sweeper.stop();

    expect([asked, delivered]).toEqual([2, ["paid 1"]]);
  });

  it("is none after the stop, also when there is room again", async () => {
    let claims = 0;
    const { clock, sweeper, slots } = await setting({
      room: 1,
      persistence: { claimDueInstances: () => Promise.resolve((claims += 1) === 1 ? ["due"] : []) },
    });
    await sweeper.start();
    sweeper.lookForInstances();
    await clock.settle();

    await sweeper.stop();
    slots.give();
    sweeper.lookForInstances();
    sweeper.lookForEvents();
    await clock.advance("1m");

    expect(claims).toBe(1);
  });

  it("counts for no sweep", async () => {
    const recorded: unknown[] = [];
    let due: readonly string[] = ["swept"];
    const { clock, services, sweeper, dispatched } = await setting({
      options: { sweepInterval: "1h" },
      persistence: { claimDueInstances: () => Promise.resolve(due) },
    });
    Object.assign(services, { metrics: { record: (measurement: unknown) => void recorded.push(measurement) } });
    await sweeper.start();

    due = ["looked"];
    sweeper.lookForInstances();
    await clock.settle();
    await sweeper.stop();

    expect([dispatched, recorded]).toEqual([["swept", "looked"], [{ kind: "swept", found: "dueInstances", count: 1 }]]);
  });
});

describe("the stop of a sweeper", () => {
  it("waits for the sweep under way, which goes no further", async () => {
    let answer = (_: readonly string[]): void => {};
    let claims = 0;
    const { clock, sweeper, dispatched } = await setting({
      room: 1,
      persistence: {
        claimDueInstances: () => {
          claims += 1;
          return new Promise((resolve) => (answer = resolve));
        },
      },
    });
    let stopped = false;
    void sweeper.start();
    await clock.settle();

    const stop = sweeper.stop().then(() => {
      stopped = true;
    });
    await clock.settle();
    expect(stopped).toBe(false);
    answer(["due"]);
    await stop;

    expect([dispatched, claims, clock.pendingTimers]).toEqual([["due"], 1, 0]);
  });
});
