import { InMemoryPersistenceProvider } from "../../src/test-support/in-memory/in-memory-persistence-provider.ts";
import { InMemoryStore, type KeptWorkflow } from "../../src/test-support/in-memory/in-memory-store.ts";
import type { PersistenceSuiteTarget } from "../../src/test-support/suites/persistence-suite.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import type { PersistenceProvider } from "../../src/traits/persistence-provider.ts";
import { altered, type Change, type FaultSetting } from "./faulty-provider.ts";

/** What a fault of a persistence provider can use to be wrong. */
export interface PersistenceFaultSetting extends FaultSetting<PersistenceProvider> {
  /** The database itself, to leave it in a state that a correct provider does not. */
  readonly store: InMemoryStore;
}

/** A deliberate fault of a persistence provider, made anew for each store. */
export interface PersistenceFault {
  /** What is wrong, as a sentence. */
  readonly fault: string;
  readonly make: (setting: PersistenceFaultSetting) => Change<PersistenceProvider>;
}

/** Faults by the name of the case that catches them. */
export type PersistenceFaults = Readonly<Record<string, PersistenceFault>>;

/** In-memory persistence with a fault around it. */
export function faultyPersistenceTarget(fault: PersistenceFault): PersistenceSuiteTarget {
  return {
    capabilities: ["hold"],
    async createStore() {
      const held = new HeldRows();
      const clock = new VirtualClock();
      const store = new InMemoryStore();
      const helper = new InMemoryPersistenceProvider({ store });
      await helper.start();
      const change = fault.make({ clock, unitMs: 50, helper, store });
      return {
        async open() {
          const good = held.waitsFor(new InMemoryPersistenceProvider({ store }), store);
          return altered<PersistenceProvider>(good, change(good));
        },
        elapse: (ms) => clock.advance(ms),
        now: () => clock.now(),
        hold: async (workflowId) => held.hold(workflowId),
        dispose: async () => {},
      };
    },
  };
}

/** Rows that a session keeps locked. */
class HeldRows {
  readonly #rows = new Map<string, Promise<void>>();

  hold(id: string): () => Promise<void> {
    let release: () => void = () => {};
    this.#rows.set(
      id,
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    return async () => {
      this.#rows.delete(id);
      release();
    };
  }

  /** A provider whose writers wait, each at the row of its instance, in the order of their coming. */
  waitsFor(good: PersistenceProvider, store: InMemoryStore): PersistenceProvider {
    return altered<PersistenceProvider>(good, {
      persistWorkflow: async (change, now) => {
        if (this.#rows.has(change.workflowId)) await this.#rows.get(change.workflowId);
        return await good.persistWorkflow(change, now);
      },
      command: async (...args) => {
        if (this.#rows.has(args[0])) await this.#rows.get(args[0]);
        return await good.command(...args);
      },
      deliverEvents: async (topics, now) => {
        const owners = topics.flatMap((topic) => [...store.topic(topic).open].map(({ owner }) => owner.row.id));
        for (const id of owners) if (this.#rows.has(id)) await this.#rows.get(id);
        return await good.deliverEvents(topics, now);
      },
    });
  }
}

/** Lets others go first: the moment between a look and a write. */
export async function pause(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}

/** An instance as the database keeps it; a fault has made sure that it is there. */
export function keptOf(store: InMemoryStore, id: string): KeptWorkflow {
  const kept = store.workflows.get(id);
  if (kept === undefined) throw new Error(`the fault looks for an instance that is not there: ${id}`);
  return kept;
}
