import { assert } from "./assert.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import type { Provider } from "../../traits/provider.ts";
import type { SuiteStore, SuiteTarget } from "./suite-case.ts";

const DEFAULT_UNIT_MS = 50;
/** Within so many units happens what happens "at once": a poll of the store may be part of it, a wait for a timeout may not. */
const SOON_UNITS = 20;

/** What a case works with: providers on one fresh store, and time. */
export class SuiteContext<TProvider extends object, TOptions = never> {
  readonly #store: SuiteStore<TProvider, TOptions>;
  readonly #opened: TProvider[] = [];
  /** Grain of time, in milliseconds; see {@link SuiteTarget.unitMs}. */
  readonly unitMs: number;

  private constructor(store: SuiteStore<TProvider, TOptions>, unitMs: number) {
    this.#store = store;
    this.unitMs = unitMs;
  }

  /** A context on a fresh store of the target; {@link close} it. */
  static async create<TProvider extends object, TOptions>(target: SuiteTarget<TProvider, TOptions>): Promise<SuiteContext<TProvider, TOptions>> {
    return new SuiteContext(await target.createStore(), target.unitMs ?? DEFAULT_UNIT_MS);
  }

  /** Another instance on the same store, not started; stopped once by {@link close}, if it can be. */
  async open(options?: TOptions): Promise<TProvider> {
    const provider = await this.#store.open(options);
    this.#opened.push(provider);
    return provider;
  }

  /** Another instance on the same store, started if it can be. */
  async start(options?: TOptions): Promise<TProvider> {
    const provider = await this.open(options);
    await lifecycleOf(provider).start?.();
    return provider;
  }

  /** Two instances on the same store, started. */
  async startTwo(options?: TOptions): Promise<readonly [TProvider, TProvider]> {
    return [await this.start(options), await this.start(options)];
  }

  /** Lets so many units of time pass. */
  elapse(units: number): Promise<void> {
    return this.#store.elapse(units * this.unitMs);
  }

  /** The wall clock of the providers. */
  now(): number {
    return this.#store.now?.() ?? systemClock.now();
  }

  /** Takes the process of a provider away without a farewell. */
  async kill(provider: TProvider): Promise<void> {
    assert.ok(this.#store.kill !== undefined, "a target with the capability `presence` needs `kill` on its stores");
    this.#opened.splice(this.#opened.indexOf(provider), 1);
    await this.#store.kill(provider);
  }

  /** Keeps the row of an instance from every other writer. @returns Lets it go. */
  async hold(workflowId: string): Promise<() => Promise<void>> {
    assert.ok(this.#store.hold !== undefined, "a target with the capability `hold` needs `hold` on its stores");
    return await this.#store.hold(workflowId);
  }

  /** Changes the stored bytes of an artifact. */
  async damage(digest: string): Promise<void> {
    assert.ok(this.#store.damage !== undefined, "a target with the capability `damage` needs `damage` on its stores");
    await this.#store.damage(digest);
  }

  /** What the promise comes to, which has to be soon; lets time pass meanwhile. */
  async soon<T>(what: string, promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    for (let step = 0; !settled && step <= 5 * SOON_UNITS; step += 1) await this.elapse(step === 0 ? 0 : 0.2);
    assert.ok(settled, `${what} does not happen at once: not within ${SOON_UNITS * this.unitMs} ms`);
    return await promise;
  }

  /** The first answer of a probe other than `undefined`, which has to come soon; lets time pass between two looks. */
  async until<T>(what: string, probe: () => Promise<T | undefined>, withinUnits: number = SOON_UNITS): Promise<T> {
    for (let units = 0; units <= withinUnits; units += 1) {
      const answer = await probe();
      if (answer !== undefined) return answer;
      await this.elapse(1);
    }
    assert.fail(`${what} does not happen within ${withinUnits * this.unitMs} ms`);
  }

  /** Stops what was opened and removes the store. Rejects with the first failure, after everything was tried. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const provider of this.#opened) {
      const stopped = lifecycleOf(provider).stop?.() ?? Promise.resolve();
      await this.soon("the stop of a provider", stopped).catch((error: unknown) => failures.push(error));
    }
    await this.#store.dispose().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

/** Start and stop, of what has them: a store of artifacts has not. */
function lifecycleOf(provider: object): Partial<Provider> {
  return provider;
}
