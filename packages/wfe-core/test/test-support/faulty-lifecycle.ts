import type { LifecycleEvent } from "../../src/models/lifecycle-event.ts";
import { InMemoryLifecycleBus, InMemoryLifecyclePublisher } from "../../src/test-support/in-memory/in-memory-lifecycle-publisher.ts";
import type { LifecycleSuiteTarget } from "../../src/test-support/suites/lifecycle-suite.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import type { LifecyclePublisher } from "../../src/traits/lifecycle-publisher.ts";
import { altered, comesUpAlone, type Fault, lifecycleFaults } from "./faulty-provider.ts";

type Listener = (event: LifecycleEvent) => void;

const UNIT_MS = 50;

/** In-memory publishers with a fault around them. */
export function faultyLifecycleTarget(fault: Fault<LifecyclePublisher>): LifecycleSuiteTarget {
  return {
    unitMs: UNIT_MS,
    async createStore() {
      const clock = new VirtualClock();
      const bus = new InMemoryLifecycleBus();
      const make = (): InMemoryLifecyclePublisher => new InMemoryLifecyclePublisher({ bus, onListenerError: () => {} });
      const helper = make();
      await helper.start();
      const change = fault.make({ clock, unitMs: UNIT_MS, helper });
      return {
        async open() {
          const good = make();
          return altered<LifecyclePublisher>(good, change(good));
        },
        elapse: (ms) => clock.advance(ms),
        now: () => clock.now(),
        dispose: async () => {},
      };
    },
  };
}

/** A fault in what listeners are given. */
function hears(change: () => (listener: Listener) => Listener): Fault<LifecyclePublisher>["make"] {
  return () => {
    const changed = change();
    return (good) => ({ subscribe: (listener) => good.subscribe(changed(listener)) });
  };
}

/** A fault in what is sent. */
function sends(
  change: () => (event: LifecycleEvent, publish: (event: LifecycleEvent) => Promise<void>) => Promise<void>,
): Fault<LifecyclePublisher>["make"] {
  return () => {
    const changed = change();
    return (good) => ({ publish: (event) => changed(event, (given) => good.publish(given)) });
  };
}

/** A fault in the texts of errors. */
function texts(change: (message: string) => string): Fault<LifecyclePublisher>["make"] {
  return sends(
    () => (event, publish) => publish(event.type === "error" ? { ...event, error: { ...event.error, message: change(event.error.message) } } : event),
  );
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

/** For every case of the lifecycle suite the fault that it is there for. */
export const LIFECYCLE_FAULTS: Readonly<Record<string, Fault<LifecyclePublisher>>> = {
  ...lifecycleFaults<LifecyclePublisher>(["publish", "subscribe"]),
  "brings events of every type as they were": {
    fault: "leaves instants the texts that they were sent as",
    make: hears(() => (listener) => (event) => listener(JSON.parse(JSON.stringify(event)) as LifecycleEvent)),
  },
  "brings each event once to every subscriber, also to those of the instance that publishes": {
    fault: "tells its own subscribers itself, and hears its own events besides",
    make: () => (good) => {
      const own = new Set<Listener>();
      return {
        async publish(event) {
          for (const listener of own) listener(event);
          await good.publish(event);
        },
        async subscribe(listener) {
          own.add(listener);
          return await good.subscribe(listener);
        },
      };
    },
  },
  "keeps the order in which the events of an instance were given, though nobody waits for them": {
    fault: "sends over two connections, of which one is slow",
    make: sends(() => {
      let count = 0;
      return async (event, publish) => {
        count += 1;
        if (count % 2 === 0) await turns();
        await publish(event);
      };
    }),
  },
  "brings many events that are published at the same moment": {
    fault: "drops what is beyond 1,000",
    make: sends(() => {
      let count = 0;
      return async (event, publish) => {
        count += 1;
        if (count <= 1_000) await publish(event);
      };
    }),
  },
  "brings long texts whole": {
    fault: "cuts texts off at 8,000 bytes",
    make: texts((message) => Buffer.from(message).subarray(0, 8_000).toString()),
  },
  "brings any text as it was": {
    fault: "sends texts as UTF-8",
    make: texts((message) => Buffer.from(message).toString()),
  },
  "brings what is published as soon as the subscription has resolved": {
    fault: "takes a subscription for live that was only asked for",
    make: ({ clock }) => {
      return (good) => ({
        async subscribe(listener) {
          let isLive = false;
          clock.setTimer(1, () => {
            isLive = true;
          });
          return await good.subscribe((event) => {
            if (isLive) listener(event);
          });
        },
      });
    },
  },
  "brings nothing from before the subscription": {
    fault: "begins with the last event",
    make: () => {
      let last: LifecycleEvent | undefined;
      return (good) => ({
        async publish(event) {
          last = event;
          await good.publish(event);
        },
        async subscribe(listener) {
          const leave = await good.subscribe(listener);
          if (last !== undefined) listener(last);
          return leave;
        },
      });
    },
  },
  "brings nothing after the end of a subscription, which may be ended twice": {
    fault: "goes on after the end of a subscription",
    make: () => (good) => ({
      async subscribe(listener) {
        await good.subscribe(listener);
        return () => {};
      },
    }),
  },
  "goes on for the others when one leaves, and begins again after all have left": {
    fault: "ends its one connection when one of several leaves",
    make: () => (good) => {
      const ends = new Set<() => void>();
      return {
        async subscribe(listener) {
          ends.add(await good.subscribe(listener));
          return () => {
            for (const end of ends) end();
          };
        },
      };
    },
  },
  "brings nothing more to who leaves when it hears an event": {
    fault: "takes off who leaves in the next turn",
    make: () => (good) => ({
      async subscribe(listener) {
        const leave = await good.subscribe(listener);
        return () => void Promise.resolve().then(leave);
      },
    }),
  },
  "goes on for the others, and for itself, when a listener throws": {
    fault: "is broken by a listener that throws",
    make: hears(() => {
      let isBroken = false;
      return (listener) => (event) => {
        if (isBroken) return;
        try {
          listener(event);
        } catch {
          isBroken = true;
        }
      };
    }),
  },
  "sends what was published before its stop": {
    fault: "forgets at its stop what it has not sent",
    make: () => (good) => {
      let isOver = false;
      return {
        async publish(event) {
          await turns();
          if (!isOver) await good.publish(event);
        },
        async stop() {
          isOver = true;
          await good.stop();
        },
      };
    },
  },
  "ends its subscriptions when it stops": {
    fault: "takes its subscriptions up again when it starts",
    make: () => (good) => {
      const listeners: Listener[] = [];
      return {
        async start() {
          await good.start();
          for (const listener of listeners) await good.subscribe(listener);
        },
        async subscribe(listener) {
          listeners.push(listener);
          return await good.subscribe(listener);
        },
      };
    },
  },
  "comes up on an empty store with many others at the same moment": {
    fault: "does not come up while another one does",
    make: comesUpAlone,
  },
};
