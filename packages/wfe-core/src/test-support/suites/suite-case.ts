/** One thing a provider must do, as data: bound to a runner by a suite, or run directly. */
export interface SuiteCase<TContext> {
  /** A sentence in the present tense; unique within its suite. */
  readonly name: string;
  /** Capabilities without which the case has no meaning; a target that lacks one shows the case as skipped. */
  readonly requires?: readonly string[];
  /** Resolves when the provider does it, rejects (`node:assert/strict`) when not. */
  readonly run: (context: TContext) => Promise<void>;
}

/** A fresh, empty store, and the way to open providers on it. */
export interface SuiteStore<TProvider> {
  /** Another instance of the provider on the same store, not started. What it leaves open is closed by its `stop`, which the suite calls. */
  open(): Promise<TProvider>;
  /** Lets so much time pass for the store and its providers: a virtual clock moves, on a real one this waits. Resolves when it has. */
  elapse(ms: number): Promise<void>;
  /** Takes the process of this provider away without a farewell, as SIGKILL does. Needed with the capability `presence`. */
  kill?(provider: TProvider): Promise<void>;
  /** Removes the store; every provider is stopped by then. */
  dispose(): Promise<void>;
}

/** What a suite is run against. */
export interface SuiteTarget<TProvider> {
  createStore(): Promise<SuiteStore<TProvider>>;
  /** What the provider can do beyond its trait. @default none */
  readonly capabilities?: readonly string[];
}
