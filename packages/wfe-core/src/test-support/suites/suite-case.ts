/** One thing a provider must do, as data: bound to a runner by a suite, or run directly. */
export interface SuiteCase<TContext> {
  /** A sentence in the present tense; unique within its suite. */
  readonly name: string;
  /** Capabilities without which the case has no meaning; a target that lacks one shows the case as skipped. */
  readonly requires?: readonly string[];
  /** Resolves when the provider does it, rejects (`node:assert/strict`) when not. */
  readonly run: (context: TContext) => Promise<void>;
}

/**
 * A fresh, empty store, and the way to open providers on it.
 *
 * @typeParam TOptions - What a suite may ask of a provider it opens; `never` when nothing.
 */
export interface SuiteStore<TProvider, TOptions = never> {
  /** Another instance of the provider on the same store, not started. What it leaves open is closed by its `stop`, which the suite calls. */
  open(options?: TOptions): Promise<TProvider>;
  /** Lets at least so much time pass for the store and its providers: a virtual clock moves, on a real one this waits. Resolves when it has. */
  elapse(ms: number): Promise<void>;
  /** The wall clock of the providers, epoch milliseconds. @default the clock of the machine */
  now?(): number;
  /** Takes the process of this provider away without a farewell, as SIGKILL does. Needed with the capability `presence`. */
  kill?(provider: TProvider): Promise<void>;
  /**
   * Keeps the row of an instance from every other writer, as a transaction of another session does that is slow to end. Resolves when it does,
   * with what lets the row go. Needed with the capability `hold` of persistence.
   */
  hold?(workflowId: string): Promise<() => Promise<void>>;
  /** Changes one bit of the stored bytes of an artifact. Needed with the capability `damage` of a store of artifacts. */
  damage?(digest: string): Promise<void>;
  /** Removes the store; every provider that was not killed is stopped by then. */
  dispose(): Promise<void>;
}

/** What a suite is run against. */
export interface SuiteTarget<TProvider, TOptions = never> {
  createStore(): Promise<SuiteStore<TProvider, TOptions>>;
  /** What the provider can do beyond its trait. @default none */
  readonly capabilities?: readonly string[];
  /**
   * Grain of time of cases that need time to pass, in milliseconds: they tell 6 of it from 10, and have to wait for it on a real clock. More
   * makes a slow store pass, less a virtual clock no faster.
   *
   * @default 50
   */
  readonly unitMs?: number;
}
