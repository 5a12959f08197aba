import { WfeError } from "../../src/errors/wfe-error.ts";
import type { Provider } from "../../src/traits/provider.ts";
import type { VirtualClock } from "../../src/test-support/virtual-clock.ts";

/** What a deliberate fault changes, around a correct provider. */
export type Change<TProvider> = (good: TProvider) => Partial<TProvider>;

/** What a fault can use to be wrong. */
export interface FaultSetting<TProvider> {
  readonly clock: VirtualClock;
  /** Grain of time of the cases, in milliseconds. */
  readonly unitMs: number;
  /** A correct provider of the same store that takes no part in the case; started. */
  readonly helper: TProvider;
}

/** A deliberate fault, made anew for each store; what it keeps is shared by the instances on that store. */
export interface Fault<TProvider> {
  /** What is wrong, as a sentence. */
  readonly fault: string;
  readonly make: (setting: FaultSetting<TProvider>) => Change<TProvider>;
}

/** The object with some of its members replaced; works with private state, too. */
export function altered<T extends object>(good: T, changes: Partial<T>): T {
  return new Proxy(good, {
    get(target, key) {
      if (Object.hasOwn(changes, key)) return changes[key as keyof T];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A fault of providers that make their tables at the same moment. */
export const comesUpAlone: Fault<Provider>["make"] = () => {
  let starting = 0;
  return (good) => ({
    async start() {
      starting += 1;
      if (starting > 1) throw new WfeError("WFE_PERSISTENCE_FAILED", "the table exists already");
      await good.start();
      starting -= 1;
    },
  });
};

/** Faults of start and stop that any provider can have, by case name. */
export function lifecycleFaults<TProvider extends Provider>(
  methods: readonly (keyof TProvider & string)[],
): Readonly<Record<string, Fault<TProvider>>> {
  return {
    "refuses calls before its start": {
      fault: "starts itself at the first call",
      make: () => (good) => {
        let starting: Promise<void> | undefined;
        const changes: Record<string, unknown> = {};
        for (const method of methods) {
          changes[method] = async (...args: unknown[]) => {
            await (starting ??= good.start());
            return await (good[method] as (...all: unknown[]) => Promise<unknown>)(...args);
          };
        }
        return changes as Partial<TProvider>;
      },
    },
    "refuses calls after its stop": {
      fault: "goes on after its stop",
      make: () => () => ({ stop: async () => {} }) as Partial<TProvider>,
    },
    "starts and stops twice without harm": {
      fault: "cannot be stopped twice",
      make: () => (good) => {
        let running = false;
        return {
          start: async () => {
            await good.start();
            running = true;
          },
          stop: async () => {
            if (!running) throw new WfeError("WFE_PROVIDER_NOT_RUNNING", "already stopped");
            running = false;
            await good.stop();
          },
        } as Partial<TProvider>;
      },
    },
    "counts starts at the same moment": {
      fault: "takes starts at the same moment for one",
      make: () => (good) => {
        let starting: Promise<void> | undefined;
        return {
          async start() {
            starting ??= Promise.resolve()
              .then(() => good.start())
              .finally(() => {
                starting = undefined;
              });
            await starting;
          },
        } as Partial<TProvider>;
      },
    },
    "runs until it was stopped as often as started": {
      fault: "stops for all users with the first stop",
      make: () => (good) =>
        ({
          stop: async () => {
            for (let user = 0; user < 3; user += 1) await good.stop();
          },
        }) as Partial<TProvider>,
    },
    "starts again after its stop, on the same store": {
      fault: "cannot be started again",
      make: () => (good) => {
        let stopped = false;
        return {
          start: async () => {
            if (stopped) throw new WfeError("WFE_PROVIDER_NOT_RUNNING", "closed for good");
            await good.start();
          },
          stop: async () => {
            stopped = true;
            await good.stop();
          },
        } as Partial<TProvider>;
      },
    },
  };
}
