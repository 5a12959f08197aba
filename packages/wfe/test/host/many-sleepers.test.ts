import { describe, expect, it } from "vitest";
import { defineEvent, type Providers, WorkflowBuilder, type WorkflowHost, WorkflowHostBuilder } from "../../src/index.ts";
import {
  InMemoryLockProvider,
  InMemoryLockStore,
  InMemoryPersistenceProvider,
  InMemoryQueueProvider,
  InMemoryQueueStore,
  InMemoryStore,
  VirtualClock,
} from "../../src/test-support/index.ts";

/** More than a host keeps timers for. */
const MANY = 10_050;
const AWAY_MS = 2_000;
/** When the last of them is due, after the first. */
const SPREAD_MS = 100;

interface Sleep {
  readonly at: number;
}

/** Hosts on one store in virtual time, a definition of sleepers, and how late each of them woke, in milliseconds. */
function setting() {
  const clock = new VirtualClock();
  const providers: Providers = {
    persistence: new InMemoryPersistenceProvider({ store: new InMemoryStore() }),
    locks: new InMemoryLockProvider({ store: new InMemoryLockStore(clock), clock }),
    queue: new InMemoryQueueProvider({ store: new InMemoryQueueStore(clock), clock }),
  };
  const late: number[] = [];
  const sleeper = new WorkflowBuilder<Sleep>().thenFn("wake", ({ data }) => void late.push(clock.now() - data.at)).build("sleeper", 1);
  const host = async (): Promise<WorkflowHost> => {
    const built = new WorkflowHostBuilder().useProviders(providers).useClock(clock).build();
    built.registerWorkflowDefinition(sleeper);
    await built.start();
    return built;
  };
  const sleep = async (on: WorkflowHost, at: (n: number) => number): Promise<void> => {
    const times = Array.from({ length: MANY }, (_, n) => at(n));
    await Promise.all(times.map((ms) => on.startWorkflow(sleeper, { at: ms }, { startAt: new Date(ms) })));
  };
  return { clock, late, host, sleep };
}

describe("more sleepers than a host keeps timers for", () => {
  it("wake at their millisecond, whichever were put to sleep first", { timeout: 180_000 }, async () => {
    const { clock, late, host, sleep } = setting();
    const only = await host();
    const base = clock.now() + AWAY_MS;
    await sleep(only, (n) => base + ((n * 7_919) % SPREAD_MS));

    await clock.advance(AWAY_MS + SPREAD_MS);
    await only.stop();

    expect([late.length, Math.max(...late), Math.min(...late)]).toEqual([MANY, 0, 0]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("wake one after the other, as there is room, when all are due at once, also beside a host that sweeps", { timeout: 180_000 }, async () => {
    const { clock, late, host, sleep } = setting();
    const first = await host();
    const second = await host();
    const base = clock.now() + AWAY_MS;
    await sleep(first, () => base);

    await clock.advance(AWAY_MS + 1);
    await Promise.all([first.stop(), second.stop()]);

    expect([late.length, Math.max(...late)]).toEqual([MANY, 0]);
  });
});

describe("more events of the future than a host keeps timers for", () => {
  it("are delivered at their millisecond", async () => {
    const { clock, host } = setting();
    const reached: number[] = [];
    const told = defineEvent<number>("told");
    const waiter = new WorkflowBuilder<{ key: string }>()
      .waitFor(told, ({ key }) => key)
      .thenFn("hear", () => void reached.push(clock.now()))
      .build("waiter", 1);
    const only = await host();
    only.registerWorkflowDefinition(waiter);
    const base = clock.now() + AWAY_MS;
    const keys = ["0", "1", "50", "98", "99"];
    for (const key of keys) await only.startWorkflow(waiter, { key });
    for (let n = 0; n < MANY; n += 1) await only.publishEvent(told, String(n), n, { time: new Date(base + (n % SPREAD_MS)) });

    await clock.advance(AWAY_MS + SPREAD_MS);
    await only.stop();

    expect(reached).toEqual(keys.map((key) => base + Number(key)));
  });
});
