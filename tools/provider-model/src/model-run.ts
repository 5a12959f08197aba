import fc from "fast-check";
import { type Provider, systemClock } from "wfe-core";
import type { SuiteStore } from "wfe-core/test-support";
import { type Call, type Operation, type Outcome, outcomeOf, shown, type World } from "./call.ts";

/** A model of a provider: which calls there are, and what must come of each. */
export interface Model<TState, TProvider extends Provider, TOptions = never> {
  readonly operation: fc.Arbitrary<Operation<TState, TProvider>>;
  /** What runs begin with, up to three times, so that the others find something. @default any */
  readonly opening?: fc.Arbitrary<Operation<TState, TProvider>>;
  /** Looks at all that the store holds. */
  readonly look: Call<TState, TProvider>;
  /** What an empty store holds. */
  initial(): TState;
  /** Equal for two states between which no later call can tell. */
  keyOf(state: TState): string;
  /**
   * The states that calls at one moment may have led to, which lead to `after` when they are made one after the other: it is one of them, and the others
   * differ from it in what no call promises.
   *
   * @default `after` alone
   */
  possible?(before: TState, after: TState): readonly TState[];
  /** What the two providers are opened with. */
  readonly openOptions?: TOptions;
  /** A fresh store. */
  createStore(): Promise<Pick<SuiteStore<TProvider, TOptions>, "open" | "elapse" | "now" | "dispose">>;
}

/** One of the calls of a turn, and through which of the two providers it goes. */
interface Step<TState, TProvider> {
  readonly by: number;
  readonly operation: Operation<TState, TProvider>;
}

/** Calls that are made at one moment: mostly one. */
interface Turn<TState, TProvider> {
  readonly steps: readonly Step<TState, TProvider>[];
  readonly looks: boolean;
}

/** Runs that are made of a model. */
export interface ModelRunOptions {
  readonly runs: number;
  /** Calls of a run at most; some are made at one moment. @default 40 */
  readonly length?: number;
  /** Makes the same runs again. @default a new one every time */
  readonly seed?: number;
  /** Goes to one run, as a failure has told it. */
  readonly path?: string;
  /** Whether a failed run is made as short as can be. @default true, unless a path goes to it */
  readonly shortens?: boolean;
}

/** The first run, made as short as can be, of which something else came than the model says. */
export interface ModelFailure {
  readonly seed: number;
  readonly path: string;
  /** The calls, what came of them, and what is wrong with the last. */
  readonly trace: string;
}

/** Makes random calls to two providers on one store, and compares what comes of each with a model. @returns What is wrong; `undefined` when nothing is. */
export async function runModel<TState, TProvider extends Provider, TOptions = never>(
  model: Model<TState, TProvider, TOptions>,
  { runs, length = 40, seed, path, shortens = path === undefined }: ModelRunOptions,
): Promise<ModelFailure | undefined> {
  const step: fc.Arbitrary<Step<TState, TProvider>> = fc.record({ by: fc.nat(1), operation: model.operation });
  const turn: fc.Arbitrary<Turn<TState, TProvider>> = fc.record({
    steps: fc.oneof(
      { weight: 6, arbitrary: fc.tuple(step) },
      { weight: 1, arbitrary: fc.array(step, { minLength: 1, maxLength: 3, size: "max" }) },
      // One thing is wanted twice at one moment.
      { weight: 1, arbitrary: step.map((each) => [each, { ...each, by: 1 - each.by }]) },
    ),
    looks: fc.nat(3).map((value) => value === 3),
  });
  const opening = fc.array(fc.record({ by: fc.nat(1), operation: model.opening ?? model.operation }), { minLength: 1, maxLength: 3, size: "max" });
  const turns = fc.array(turn, { minLength: 1, maxLength: length - 3, size: "max" });
  // Biased towards short runs they would leave little to meet.
  const property = fc.asyncProperty(fc.noBias(opening), fc.noBias(turns), (first, others) =>
    compareOnce(model, [...first.map((each) => ({ steps: [each], looks: false })), ...others]),
  );
  const details = await fc.check(property, {
    numRuns: runs,
    ...(seed === undefined ? {} : { seed }),
    endOnFailure: !shortens,
    ...(path === undefined ? {} : { path }),
  });
  if (!details.failed) return undefined;
  const { counterexamplePath, errorInstance } = details;
  const trace = errorInstance instanceof Error ? errorInstance.message : shown(errorInstance);
  return { seed: details.seed, path: counterexamplePath ?? "", trace };
}

async function compareOnce<TState, TProvider extends Provider, TOptions>(
  model: Model<TState, TProvider, TOptions>,
  turns: readonly Turn<TState, TProvider>[],
): Promise<void> {
  const store = await model.createStore();
  const providers: TProvider[] = [];
  try {
    for (let index = 0; index < 2; index += 1) {
      const provider = await store.open(model.openOptions);
      providers.push(provider);
      await provider.start();
    }
    const comparison = new Comparison(model, providers, {
      elapse: (ms) => store.elapse(ms),
      now: () => store.now?.() ?? systemClock.now(),
      kept: new Map(),
    });
    for (const { steps, looks } of turns) {
      const alone = await comparison.make(steps);
      if (looks || !alone) await comparison.look();
    }
    await comparison.look();
  } finally {
    for (const provider of providers) await provider.stop();
    await store.dispose();
  }
}

type ComparedModel<TState, TProvider> = Pick<Model<TState, TProvider & Provider>, "look" | "initial" | "keyOf" | "possible">;

/** A run under way: the states that the store may be in, after all that was seen of it. */
class Comparison<TState, TProvider> {
  readonly #model: ComparedModel<TState, TProvider>;
  readonly #providers: readonly TProvider[];
  readonly #world: World;
  readonly #trace: string[] = [];
  /** Several after calls at one moment, whose order nobody knows. */
  #states: readonly TState[];
  #fresh = 0;

  constructor(model: ComparedModel<TState, TProvider>, providers: readonly TProvider[], world: World) {
    this.#model = model;
    this.#providers = providers;
    this.#world = world;
    this.#states = [model.initial()];
  }

  /** Makes calls at one moment. @returns Whether it was one at most. */
  async make(steps: readonly Step<TState, TProvider>[]): Promise<boolean> {
    const together = steps.length > 1 ? fitting(steps) : steps;
    const concurrent = together.length > 1;
    const setting = { fresh: () => (this.#fresh += 1), concurrent };
    const planned = together.flatMap(({ by, operation }) => {
      const call = operation.plan(this.#states[0] as TState, setting); // there is one as long as nothing is wrong
      return call === undefined ? [] : [{ by, call }];
    });
    const provided = planned.map(({ by, call }) => outcomeOf(call.run(this.#providers[by] as TProvider, this.#world))); // one of two
    const outcomes = await Promise.all(provided);
    const made = planned.map(({ by, call }, index) => ({ by, call, outcome: outcomes[index] as Outcome })); // one for each
    for (const { by, call, outcome } of made)
      this.#trace.push(`${concurrent ? "at one moment " : ""}[${by}] ${call.text}\n      → ${shown(outcome)}`);
    this.#judge(made, concurrent);
    return !concurrent;
  }

  /** Compares all that the store holds. */
  async look(): Promise<void> {
    const by = this.#trace.length % 2;
    const call = this.#model.look as unknown as Call<TState, TProvider>; // it asks nothing of a provider that is started
    const outcome = await outcomeOf(call.run(this.#providers[by] as TProvider, this.#world)); // one of two
    this.#trace.push(`[${by}] ${call.text}`);
    this.#judge([{ call, outcome }], false);
  }

  #judge(made: readonly { readonly call: Call<TState, TProvider>; readonly outcome: Outcome }[], concurrent: boolean): void {
    const left = new Map<string, TState>();
    const faults: string[] = [];
    for (const order of orders(made)) {
      for (const before of this.#states) {
        const state = made.length === 1 && this.#states.length === 1 ? before : structuredClone(before);
        const fault = firstOf(order, ({ call, outcome }) => call.judge(state, outcome, { concurrent }));
        if (fault !== undefined) {
          faults.push(fault);
          continue;
        }
        const possible = (made.length > 1 ? this.#model.possible?.(before, state) : undefined) ?? [state];
        for (const each of possible) left.set(concurrent || this.#states.length > 1 ? this.#model.keyOf(each) : "", each);
      }
    }
    this.#states = [...left.values()];
    if (this.#states.length > 0) return;
    const what = concurrent ? "it is what no order of the calls gives; in one of them:" : "";
    throw new Error(`after\n    ${this.#trace.join("\n    ")}\n${what}${faults[0] ?? ""}`);
  }
}

/** Those that can be judged together. */
function fitting<TState, TProvider>(steps: readonly Step<TState, TProvider>[]): readonly Step<TState, TProvider>[] {
  const several = steps.filter(({ operation }) => operation.alone !== true);
  const first = several.find(({ operation }) => operation.arrives === true);
  const kept = several.filter((step) => step.operation.arrives !== true || step === first);
  return kept.length > 0 ? kept : steps.slice(0, 1);
}

function firstOf<T>(list: readonly T[], find: (each: T) => string | undefined): string | undefined {
  for (const each of list) {
    const found = find(each);
    if (found !== undefined) return found;
  }
  return undefined;
}

function orders<T>(list: readonly T[]): readonly (readonly T[])[] {
  if (list.length <= 1) return [list];
  return list.flatMap((first, index) => orders(list.toSpliced(index, 1)).map((others) => [first, ...others]));
}
