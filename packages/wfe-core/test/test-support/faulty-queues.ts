import { durationMs } from "../../src/models/duration.ts";
import { InMemoryQueueProvider } from "../../src/test-support/in-memory/in-memory-queue-provider.ts";
import { InMemoryQueueStore } from "../../src/test-support/in-memory/in-memory-queue-store.ts";
import type { QueueSuiteTarget } from "../../src/test-support/suites/queue-suite.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import type { QueueProvider, WorkItem } from "../../src/traits/queue-provider.ts";
import { altered, comesUpAlone, type Fault, lifecycleFaults } from "./faulty-provider.ts";

type Queue = QueueProvider;
type QueueArgs = Parameters<Queue["queueWork"]>;
type DequeueArgs = Parameters<Queue["dequeueWork"]>;

const UNIT_MS = 50;

/** In-memory queues in virtual time with a fault around them. */
export function faultyQueueTarget(fault: Fault<Queue>): QueueSuiteTarget {
  return {
    capabilities: ["lateness"],
    unitMs: UNIT_MS,
    async createStore() {
      const clock = new VirtualClock();
      const store = new InMemoryQueueStore(clock);
      const helper = new InMemoryQueueProvider({ store, clock });
      await helper.start();
      const change = fault.make({ clock, unitMs: UNIT_MS, helper });
      return {
        async open(options) {
          const visibility =
            fault.fault === HALF_VISIBILITY && options?.visibilityMs !== undefined ? options.visibilityMs / 2 : options?.visibilityMs;
          const good = new InMemoryQueueProvider({ store, clock, visibility: visibility ?? "30s" });
          return altered<Queue>(good, change(good));
        },
        elapse: (ms) => clock.advance(ms),
        now: () => clock.now(),
        dispose: async () => {},
      };
    },
  };
}

const HALF_VISIBILITY = "has half the visibility time";

/** A fault in what is queued. */
function queues(change: (...args: QueueArgs) => QueueArgs): Fault<Queue>["make"] {
  return () => (good) => ({ queueWork: (...args) => good.queueWork(...change(...args)) });
}

/** A fault in what is asked for. */
function asks(change: (...args: DequeueArgs) => DequeueArgs): Fault<Queue>["make"] {
  return () => (good) => ({ dequeueWork: (...args) => good.dequeueWork(...change(...args)) });
}

/** A fault in the list of what is given. */
function gives(change: (items: readonly WorkItem[], good: Queue) => readonly WorkItem[] | Promise<readonly WorkItem[]>): Fault<Queue>["make"] {
  return () => (good) => ({ dequeueWork: async (...args) => await change(await good.dequeueWork(...args), good) });
}

/** A fault of the items, made for each store. */
function items(make: () => (item: WorkItem, batch: readonly WorkItem[]) => Partial<WorkItem>): Fault<Queue>["make"] {
  return () => {
    const change = make();
    return (good) => ({
      dequeueWork: async (...args) => (await good.dequeueWork(...args)).map((item, _, batch) => altered(item, change(item, batch))),
    });
  };
}

interface BeingWorkedOn {
  readonly good: Queue;
  readonly working: ReadonlyMap<string, WorkItem>;
  /** Delays the fault keeps, in milliseconds. */
  readonly marked: Map<string, number>;
  readonly item: WorkItem;
}

/** A fault of queueing an id that is being worked on. */
function marks(
  change: (id: string, delayMs: number, found: BeingWorkedOn) => Promise<void>,
  itemChange: (item: WorkItem, marked: ReadonlyMap<string, number>, good: Queue) => Partial<WorkItem> = () => ({}),
): Fault<Queue>["make"] {
  return () => {
    const working = new Map<string, WorkItem>();
    const marked = new Map<string, number>();
    return (good) => ({
      async queueWork(id, type, options) {
        const item = working.get(id);
        if (item === undefined) await good.queueWork(id, type, options);
        else await change(id, durationMs(options?.delay ?? 0), { good, working, marked, item });
      },
      async dequeueWork(...args) {
        const taken = await good.dequeueWork(...args);
        return taken.map((item) => {
          const faulty = { ...item, ...itemChange(item, marked, good) };
          working.set(item.id, item);
          return {
            id: item.id,
            async ack() {
              working.delete(item.id);
              await faulty.ack();
            },
            async retry(delay) {
              working.delete(item.id);
              await faulty.retry(delay);
            },
          };
        });
      },
    });
  };
}

/** Waits that only a queueing wakes, of the same instance or of any. */
function wokenByQueueing(by: "instance" | "store"): Fault<Queue>["make"] {
  return ({ clock }) => {
    const everybody = new Set<() => void>();
    return (good) => {
      const sleepers = by === "store" ? everybody : new Set<() => void>();
      return {
        async queueWork(...args) {
          await good.queueWork(...args);
          for (const wake of sleepers) wake();
        },
        async dequeueWork(type, options) {
          const atOnce = await good.dequeueWork(type, { ...options, wait: 0 });
          if (atOnce.length > 0 || options.wait === 0) return atOnce;
          await new Promise<void>((resolve) => {
            sleepers.add(resolve);
            clock.setTimer(durationMs(options.wait), resolve);
          });
          return await good.dequeueWork(type, { ...options, wait: 0 });
        },
      };
    };
  };
}

/** Waits that go on in the background when they are over, and swallow what comes. */
function ghosts(endedBy: "time" | "signal"): Fault<Queue>["make"] {
  return ({ clock, helper }) => {
    return (good) => ({
      async dequeueWork(type, options) {
        const over = new Promise<readonly WorkItem[]>((resolve) => {
          if (endedBy === "signal") options.signal?.addEventListener("abort", () => resolve([]));
          else if (typeof options.wait === "number") clock.setTimer(options.wait, () => resolve([]));
        });
        if (options.wait === 0) return await good.dequeueWork(type, options);
        return await Promise.race([helper.dequeueWork(type, { limit: options.limit, wait: "10m" }), over]);
      },
    });
  };
}

/** Takes everything due, keeps what is chosen, and puts the rest back. */
async function chosen(good: Queue, args: DequeueArgs, choose: (all: readonly WorkItem[]) => readonly WorkItem[]): Promise<readonly WorkItem[]> {
  const [type, options] = args;
  const all = await good.dequeueWork(type, { ...options, limit: 1000 });
  const kept = choose(all);
  for (const item of all) if (!kept.includes(item)) await item.retry(0);
  return kept;
}

const pause = (clock: VirtualClock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

/** Copies of an id made distinct for the store; what comes out is the id again. */
const COPY = "\u0000";
const withoutCopy = (item: WorkItem): WorkItem => altered(item, { id: item.id.split(COPY)[0] ?? item.id });

/** For every case of the queue suite the fault that it is there for. */
export const QUEUE_FAULTS: Readonly<Record<string, Fault<Queue>>> = {
  ...lifecycleFaults<Queue>(["queueWork", "dequeueWork"]),
  "gives items in order of queueing": {
    fault: "gives items by id",
    make: () => (good) => ({
      dequeueWork: (...args) => chosen(good, args, (all) => all.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, args[1].limit)),
    }),
  },
  "gives nothing when empty, at once when not told to wait": {
    fault: "takes a wait of 0 for one without end",
    make: asks((type, options) => [type, { ...options, wait: options.wait === 0 ? "10m" : options.wait }]),
  },
  "keeps the types of work apart": {
    fault: "has one queue for all types",
    make: () => (good) => ({
      queueWork: (id, _, options) => good.queueWork(id, "workflow", options),
      dequeueWork: (_, options) => good.dequeueWork("workflow", options),
    }),
  },
  "drains many items in order, then gives nothing": {
    fault: "turns batches round",
    make: gives((given) => given.toReversed()),
  },
  "takes as many as asked for, and what there is when that is less": {
    fault: "does not keep to the limit",
    make: asks((type, options) => [type, { ...options, limit: 100 }]),
  },
  "takes any number of items queued at the same moment, each once": {
    fault: "drops what is beyond 200 at the same moment",
    make: () => {
      let travelling = 0;
      return (good) => ({
        async queueWork(...args) {
          travelling += 1;
          if (travelling <= 200) await good.queueWork(...args);
          await Promise.resolve();
          travelling -= 1;
        },
      });
    },
  },
  "keeps ids as they are": {
    fault: "trims ids",
    make: queues((id, ...rest) => [id.trim(), ...rest]),
  },
  "says of each item how long it had been due when it was given out": {
    fault: "counts from when an item was queued",
    make: ({ clock }) => {
      const queuedAt = new Map<string, number>();
      return (good) => ({
        async queueWork(id, ...rest) {
          queuedAt.set(id, clock.monotonic());
          await good.queueWork(id, ...rest);
        },
        dequeueWork: async (...args) =>
          (await good.dequeueWork(...args)).map((item) => altered(item, { lateMs: clock.monotonic() - (queuedAt.get(item.id) ?? 0) })),
      });
    },
  },
  "hides a delayed item until it is due": {
    fault: "knows no delay",
    make: queues((id, type) => [id, type]),
  },
  "gives items by due time, whatever order they were queued in": {
    fault: "gives due items in order of queueing",
    make: () => {
      const queued: string[] = [];
      return (good) => ({
        async queueWork(id, ...rest) {
          queued.push(id);
          await good.queueWork(id, ...rest);
        },
        dequeueWork: async (...args) => (await good.dequeueWork(...args)).toSorted((a, b) => queued.indexOf(a.id) - queued.indexOf(b.id)),
      });
    },
  },
  "has one entry for an id that is queued many times": {
    fault: "adds a copy with every queueing",
    make: () => {
      let copies = 0;
      return (good) => ({
        queueWork: (id, ...rest) => good.queueWork(`${id}${COPY}${copies++}`, ...rest),
        dequeueWork: async (...args) => (await good.dequeueWork(...args)).map(withoutCopy),
      });
    },
  },
  "pulls an entry forward to the earlier time": {
    fault: "keeps a delayed entry beside the earlier one",
    make: () => {
      let copies = 0;
      return (good) => ({
        queueWork: (id, type, options) => good.queueWork(options?.delay === undefined ? id : `${id}${COPY}${copies++}`, type, options),
        dequeueWork: async (...args) => (await good.dequeueWork(...args)).map(withoutCopy),
      });
    },
  },
  "pulls a delayed entry forward to now": {
    fault: "ignores an id that waits already",
    make: () => {
      const waiting = new Set<string>();
      return (good) => ({
        async queueWork(id, ...rest) {
          if (waiting.has(id)) return;
          waiting.add(id);
          await good.queueWork(id, ...rest);
        },
        async dequeueWork(...args) {
          const taken = await good.dequeueWork(...args);
          for (const item of taken) waiting.delete(item.id);
          return taken;
        },
      });
    },
  },
  "does not push an entry back to the later time": {
    fault: "lets the last queueing decide",
    make: () => (good) => ({
      async queueWork(id, type, options) {
        const former = await chosen(good, [type, { limit: 1, wait: 0 }], (all) => all.filter((item) => item.id === id));
        for (const item of former) await item.ack();
        await good.queueWork(id, type, options);
      },
    }),
  },
  "waits for the first item and is woken by its queueing": {
    fault: "sleeps through its wait and looks then",
    make: ({ clock }) => {
      return (good) => ({
        async dequeueWork(type, options) {
          await pause(clock, durationMs(options.wait));
          return await good.dequeueWork(type, { ...options, wait: 0 });
        },
      });
    },
  },
  "is woken by a queueing through another instance": {
    fault: "is woken by its own queueings only",
    make: wokenByQueueing("instance"),
  },
  "is woken when a delayed item comes due": {
    fault: "is woken by queueings, not by due times",
    make: wokenByQueueing("store"),
  },
  "is not woken by another type of work": {
    fault: "gives an event to who waits for a workflow",
    make: () => {
      let waiting = 0;
      return (good) => ({
        queueWork: (id, type, options) => good.queueWork(id, waiting > 0 ? "workflow" : type, options),
        async dequeueWork(type, options) {
          waiting += 1;
          const taken = await good.dequeueWork(type, options);
          waiting -= 1;
          return taken;
        },
      });
    },
  },
  "ends a wait with nothing when its time is over, and takes nothing after": {
    fault: "goes on waiting in the background when the time is over",
    make: ghosts("time"),
  },
  "waits as long as it was told to": {
    fault: "waits 100 ms at most",
    make: asks((type, options) => [type, { ...options, wait: options.wait === 0 ? 0 : 100 }]),
  },
  "ends a wait with nothing when its signal aborts, and takes nothing after": {
    fault: "goes on waiting in the background when the signal aborts",
    make: ghosts("signal"),
  },
  "does not wait, nor reject, when its signal has aborted before": {
    fault: "rejects with the reason of the signal",
    make: () => (good) => ({
      async dequeueWork(type, options) {
        options.signal?.throwIfAborted();
        return await good.dequeueWork(type, options);
      },
    }),
  },
  "refuses arguments that make no sense": {
    fault: "takes a limit of 1 when the limit makes no sense",
    make: asks((type, options) => [type, { ...options, limit: options.limit >= 1 ? Math.trunc(options.limit) : 1 }]),
  },
  "keeps entries when an instance stops and starts again": {
    fault: "empties the queue when it stops",
    make: () => (good) => ({
      async stop() {
        for (const item of await good.dequeueWork("workflow", { limit: 1000, wait: 0 }).catch(() => [])) await item.ack();
        await good.stop();
      },
    }),
  },
  "gives each item to one of those who take at the same moment": {
    fault: "gives all who take at the same moment the same items",
    make: () => {
      let taking: Promise<readonly WorkItem[]> | undefined;
      return (good) => ({
        async dequeueWork(...args) {
          taking ??= good.dequeueWork(...args);
          const taken = await taking;
          taking = undefined;
          return taken;
        },
      });
    },
  },
  "hides an item that is being worked on": {
    fault: "leaves in the queue what it gives",
    make: gives(async (given) => {
      for (const item of given) await item.retry(0);
      return given;
    }),
  },
  "gives each item to one of those who wait": {
    fault: "tells all who wait of each item",
    make: ({ clock }) => {
      const waiting = new Set<(given: readonly WorkItem[]) => void>();
      return (good) => ({
        async queueWork(id, type, options) {
          if (waiting.size === 0) await good.queueWork(id, type, options);
          for (const give of waiting) give([{ id, ack: async () => {}, retry: async () => {} }]);
        },
        async dequeueWork(type, options) {
          const atOnce = await good.dequeueWork(type, { ...options, wait: 0 });
          if (atOnce.length > 0 || typeof options.wait !== "number" || options.wait === 0) return atOnce;
          return await new Promise((resolve) => {
            waiting.add(resolve);
            clock.setTimer(Number(options.wait), () => resolve([]));
          });
        },
      });
    },
  },
  "wakes as many of those who wait as there are items": {
    fault: "lets one wait at a time",
    make: ({ clock }) => {
      let waiting = false;
      return (good) => ({
        async dequeueWork(type, options) {
          if (waiting) await pause(clock, durationMs(options.wait));
          waiting = true;
          return await good.dequeueWork(type, options);
        },
      });
    },
  },
  "loses no queueing to an ack at the same moment": {
    fault: "looks whether an id is worked on, and marks it later",
    make: marks(async (id, _, { good, working, item }) => {
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
      if (working.get(id) === item) await good.queueWork(id, "workflow");
    }),
  },
  "gives an item again that was neither acked nor retried in time": {
    fault: "forgets what it gives",
    make: gives(async (given) => {
      for (const item of given) await item.ack();
      return given;
    }),
  },
  "gives an item again whose taker has stopped": {
    fault: "takes what is in hand at its stop for done",
    make: () => (good) => {
      const inHand: WorkItem[] = [];
      return {
        async dequeueWork(...args) {
          const taken = await good.dequeueWork(...args);
          inHand.push(...taken);
          return taken;
        },
        async stop() {
          await Promise.allSettled(inHand.map((item) => item.ack()));
          await good.stop();
        },
      };
    },
  },
  "gives an item again and again until it is acked": {
    fault: "gives an item twice at most",
    make: () => {
      const times = new Map<string, number>();
      return (good) => ({
        async dequeueWork(...args) {
          const taken = await good.dequeueWork(...args);
          for (const item of taken) {
            const count = (times.get(item.id) ?? 0) + 1;
            times.set(item.id, count);
            if (count === 2) await item.ack();
          }
          return taken;
        },
      });
    },
  },
  "does not give an item again before its visibility time is over": {
    fault: HALF_VISIBILITY,
    make: () => () => ({}),
  },
  "does not give an acked item again": {
    fault: "knows no ack",
    make: items(() => () => ({ ack: async () => {} })),
  },
  "acks each item of a batch for itself": {
    fault: "acks the whole batch with one of its items",
    make: items(() => (_, batch) => ({
      async ack() {
        for (const item of batch) await item.ack();
      },
    })),
  },
  "wakes who waits when an item comes back": {
    fault: "wakes who waits by queueings, not by what comes back",
    make: wokenByQueueing("store"),
  },
  "ignores a late ack of an item that nobody has taken again": {
    fault: "acks by id what waits again",
    make: () => (good) => ({
      dequeueWork: async (...args) =>
        (await good.dequeueWork(...args)).map((item) =>
          altered(item, {
            async ack() {
              await item.ack();
              const back = await chosen(good, [args[0], { limit: 1, wait: 0 }], (all) => all.filter((other) => other.id === item.id));
              for (const other of back) await other.ack();
            },
          }),
        ),
    }),
  },
  "ignores a late ack of an item that another works on": {
    fault: "acks by id, whoever works on it",
    make: items(() => {
      const current = new Map<string, WorkItem>();
      return (item) => {
        current.set(item.id, item);
        return { ack: async () => await current.get(item.id)?.ack() };
      };
    }),
  },
  "ignores a late retry": {
    fault: "retries by id, whoever works on it",
    make: items(() => {
      const current = new Map<string, WorkItem>();
      return (item) => {
        current.set(item.id, item);
        return { retry: async (delay) => await current.get(item.id)?.retry(delay) };
      };
    }),
  },
  "ignores a second ack": {
    fault: "acks by id the second time",
    make: items(() => {
      const current = new Map<string, WorkItem>();
      return (item) => {
        current.set(item.id, item);
        let acked = false;
        return {
          async ack() {
            await (acked ? current.get(item.id) : item)?.ack();
            acked = true;
          },
        };
      };
    }),
  },
  "gives a retried item again after the delay, not before": {
    fault: "retries at once, whatever the delay",
    make: items(() => (item) => ({ retry: () => item.retry(0) })),
  },
  "gives an item again at once that is retried without delay": {
    fault: "leaves a retry to the visibility time",
    make: items(() => () => ({ retry: async () => {} })),
  },
  "keeps a retry beyond the visibility time": {
    fault: "retries when the visibility time is over at the latest",
    make: items(() => (item) => ({ retry: (delay) => item.retry(Math.min(Number(delay), 10 * UNIT_MS)) })),
  },
  "wakes who waits by a retry": {
    fault: "wakes who waits by queueings, not by retries",
    make: wokenByQueueing("store"),
  },
  "keeps an id that is queued while it is being worked on, for after the ack": {
    fault: "drops the queueing of an id that is being worked on",
    make: marks(async () => {}),
  },
  "wakes who waits by an ack that leaves an entry": {
    fault: "wakes who waits by queueings, not by acks",
    make: wokenByQueueing("store"),
  },
  "keeps the delay of an id that is queued while it is being worked on": {
    fault: "forgets the delay of an id that is being worked on",
    make: marks(async (id, _, { good }) => await good.queueWork(id, "workflow")),
  },
  "keeps the earliest of the times for which an id is queued while it is being worked on": {
    fault: "keeps the last of the times for which an id is queued while it is being worked on",
    make: marks(
      async (id, delayMs, { marked }) => void marked.set(id, delayMs),
      (item, marked, good) => ({
        async ack() {
          await item.ack();
          const delay = marked.get(item.id);
          if (delay !== undefined) await good.queueWork(item.id, "workflow", { delay });
        },
      }),
    ),
  },
  "retries at the time it was queued for meanwhile when that is earlier": {
    fault: "lets the delay of a retry decide",
    make: marks(
      async (id, delayMs, { marked }) => void marked.set(id, delayMs),
      (item) => ({ retry: (delay) => item.retry(delay) }),
    ),
  },
  "retries after the delay when it was queued for later meanwhile": {
    fault: "lets the queueing meanwhile decide over a retry",
    make: marks(
      async (id, delayMs, { marked }) => void marked.set(id, delayMs),
      (item, marked, good) => ({
        async retry(delay) {
          const later = marked.get(item.id);
          if (later === undefined) return await item.retry(delay);
          await item.ack();
          await good.queueWork(item.id, "workflow", { delay: later });
        },
      }),
    ),
  },
  "comes up on an empty store with many others at the same moment": {
    fault: "does not come up while another one does",
    make: comesUpAlone,
  },
  "refuses an ack and a retry after its stop, and gives the item again in time": {
    fault: "acks through an instance that has stopped",
    make: ({ helper }) => {
      return (good) => ({
        dequeueWork: async (...args) => {
          const taken = await (args[1].wait === 0 ? good : helper).dequeueWork(...args);
          return taken.map((item) => altered(item, { ack: () => item.ack().catch(() => {}) }));
        },
      });
    },
  },
  "holds any number of items, and gives each once": {
    fault: "refuses no item, but drops what is beyond 2,000",
    make: () => {
      let queued = 0;
      return (good) => ({
        async queueWork(...args) {
          queued += 1;
          if (queued <= 2000) await good.queueWork(...args);
        },
      });
    },
  },
  "gives an item that comes again behind what has waited meanwhile": {
    fault: "gives an item that comes again first",
    make: () => {
      const taken = new Set<string>();
      return (good) => ({
        async dequeueWork(...args) {
          const items = await good.dequeueWork(...args);
          const sorted = items.toSorted((a, b) => Number(taken.has(b.id)) - Number(taken.has(a.id)));
          for (const { id } of items) taken.add(id);
          return sorted;
        },
      });
    },
  },
  "takes no more than asked for when several items come due at once": {
    fault: "gives all that is due to who waits",
    make: asks((type, options) => [type, options.wait === 0 ? options : { ...options, limit: 100 }]),
  },
  "gives an item again that a wait was given and that was neither acked nor retried in time": {
    fault: "takes what a wait was given for done",
    make: () => (good) => ({
      async dequeueWork(type, options) {
        const given = await good.dequeueWork(type, options);
        if (options.wait !== 0) for (const item of given) await item.ack();
        return given;
      },
    }),
  },
  "has an entry like any other in what an ack or a retry leaves for later": {
    fault: "removes by a second ack what the first one has left for later",
    make: () => (good) => ({
      async dequeueWork(...args) {
        const taken = await good.dequeueWork(...args);
        return taken.map((item) => {
          let acks = 0;
          const ack = async (): Promise<void> => {
            acks += 1;
            if (acks === 1) return await item.ack();
            await good.queueWork(item.id, args[0]);
            for (const left of await good.dequeueWork(args[0], { limit: 1, wait: 0 })) await left.ack();
          };
          return altered(item, { ack });
        });
      },
    }),
  },
  "loses no item to a wait that ends at the moment of its queueing": {
    fault: "drops what a wait was given that has ended by then",
    make: () => (good) => ({
      async dequeueWork(type, options) {
        const items = await good.dequeueWork(type, options);
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
        return options.signal?.aborted === true ? [] : items;
      },
    }),
  },
  "gives one entry when an id was queued again and then comes back": {
    fault: "keeps a queueing meanwhile beside the item that comes back",
    make: () => {
      let working = false;
      return (good) => ({
        async queueWork(id, type, options) {
          if (working) await good.queueWork(`${id}${COPY}`, type, { delay: 10 * UNIT_MS });
          else await good.queueWork(id, type, options);
        },
        async dequeueWork(...args) {
          const taken = await good.dequeueWork(...args);
          working ||= taken.length > 0;
          return taken.map(withoutCopy);
        },
      });
    },
  },
  "does not let a later queueing delay an item that comes back": {
    fault: "puts an item off that is queued for later while it is being worked on",
    make: marks(async (id, delayMs, { good, item }) => {
      await item.ack();
      await good.queueWork(id, "workflow", { delay: delayMs });
    }),
  },
  "ends waits at its stop, with what they have": {
    fault: "leaves those who wait alone when it stops",
    make: ({ helper }) => {
      return (good) => ({
        dequeueWork: (type, options) => (options.wait === 0 ? good : helper).dequeueWork(type, options),
      });
    },
  },
};
