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
    async createStore() {
      const clock = new VirtualClock();
      const store = new InMemoryStore();
      const helper = new InMemoryPersistenceProvider({ store });
      await helper.start();
      const change = fault.make({ clock, unitMs: 50, helper, store });
      return {
        async open() {
          const good = new InMemoryPersistenceProvider({ store });
          return altered<PersistenceProvider>(good, change(good));
        },
        elapse: (ms) => clock.advance(ms),
        now: () => clock.now(),
        dispose: async () => {},
      };
    },
  };
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
