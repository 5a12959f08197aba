import { AssertionError } from "node:assert";
import {
  type Clock,
  type Duration,
  durationMs,
  type EventDefinition,
  type FinishedWorkflow,
  isFinal,
  isWfeError,
  type LogEntry,
  type StepNotRegisteredError,
  type WorkflowId,
  type WorkflowRegistry,
  type WorkflowStatus,
} from "wfe-core";
import { eventually, VirtualClock } from "wfe-core/test-support";
import type { HostParts } from "../../host/host-parts.ts";
import { WorkflowHost } from "../../host/workflow-host.ts";
import type { DueWork } from "./due-work.ts";
import { assertStepStatuses, type StepStatuses } from "./step-assertions.ts";
import { type MockBody, MockedStep, type StepMock, type StepMocks } from "./step-mocks.ts";

/** What a {@link TestHost} has beside a host. */
export interface TestParts<TClock extends Clock> {
  readonly clock: TClock;
  readonly due: DueWork;
  readonly mocks: StepMocks;
  /** Filled by the log sink. */
  readonly logged: readonly LogEntry[];
}

/**
 * A host for tests: on providers in memory, in time that moves when the test says so. Everything a {@link WorkflowHost} does, and what a test asks for
 * beside it. Made by {@link createTestHost}; every method may be called concurrently, those that move time do so one after the other.
 */
export class TestHost<TClock extends Clock = VirtualClock> extends WorkflowHost {
  /** The time of the host; its own, or the one that was given. */
  readonly clock: TClock;
  /** What `ctx.log` and the engine have written so far. */
  readonly logged: readonly LogEntry[];
  readonly #due: DueWork;
  readonly #mocks: StepMocks;
  readonly #registry: WorkflowRegistry;
  readonly #persistence: HostParts["providers"]["persistence"];

  /** @internal */
  constructor(parts: HostParts, { clock, due, mocks, logged }: TestParts<TClock>) {
    super(parts);
    this.clock = clock;
    this.logged = logged;
    this.#due = due;
    this.#mocks = mocks;
    this.#registry = parts.registry;
    this.#persistence = parts.providers.persistence;
  }

  /** As that of every host; a step class that cannot be made is passed over where all its steps are mocked. */
  override async start(): Promise<void> {
    try {
      await super.start();
    } catch (error) {
      const mocked = isWfeError(error, "WFE_STEP_NOT_REGISTERED")
        ? (error as StepNotRegisteredError).stepTypes.filter((stepType) => this.#isMocked(stepType))
        : [];
      if (mocked.length === 0) throw error;
      for (const stepType of mocked) this.registerStepFactory(stepType, () => new MockedStep());
      await super.start();
    }
  }

  /** As that of every host, but for the time that running bodies are given: none. */
  override stop(options: { readonly timeout?: Duration } = {}): Promise<void> {
    return super.stop({ timeout: 0, ...options });
  }

  /**
   * Runs everything that can run now, and moves no time: until all workflows have ended, or wait for time, an event, or a body that has not ended. A body that
   * really reads a file or a socket is not waited for, unless the host was made with `waitForBodies`.
   *
   * @throws TypeError on a host with real time.
   */
  async runUntilIdle(): Promise<void> {
    await this.#virtual("runUntilIdle").settle();
  }

  /**
   * Moves time forward, through everything that comes due on the way, each in its own millisecond and with everything ready run before and behind it.
   *
   * @param duration - 0 or more.
   * @throws RangeError for a bad duration; TypeError on a host with real time.
   */
  async advance(duration: Duration): Promise<void> {
    const clock = this.#virtual("advance");
    await this.#advanceTo(clock, clock.now() + durationMs(duration, "the duration"));
  }

  /**
   * Moves time forward to an instant, as {@link advance} does.
   *
   * @throws RangeError for one that is past, or no valid date; TypeError on a host with real time.
   */
  async advanceTo(instant: Date): Promise<void> {
    const clock = this.#virtual("advanceTo");
    if (!(instant.getTime() >= clock.now()))
      throw new RangeError(`time cannot go to ${String(instant)}: it is ${new Date(clock.now()).toISOString()}`);
    await this.#advanceTo(clock, instant.getTime());
  }

  /**
   * Moves time forward to where a workflow has ended: past its delays, retries and limits, however long they are.
   *
   * @param options.within - How far at most. @default "366d"
   * @returns The workflow, complete or terminated.
   * @throws AssertionError that says what the workflow waits for, when it has not ended by then; WorkflowSuspendedError, WorkflowNotFoundError;
   * RangeError for a bad duration; TypeError on a host with real time.
   */
  async runToEnd<TData = unknown>(
    idOrName: WorkflowId<TData> | string,
    options: { readonly within?: Duration } = {},
  ): Promise<FinishedWorkflow<TData>> {
    const clock = this.#virtual("runToEnd");
    const endMs = clock.now() + durationMs(options.within ?? "366d", "within");
    for (;;) {
      await clock.settle();
      const { id, status } = await this.getWorkflow(idOrName);
      if (status === "suspended" || isFinal(status)) return this.waitForWorkflow<TData>(id as WorkflowId<TData>); // the same one
      if (await this.#step(clock, endMs)) continue;
      const { summary } = await this.explain(id);
      const message = `the workflow has not ended by ${new Date(endMs).toISOString()}, nor is there anything left to do until then:\n${summary}`;
      throw new AssertionError({ message, actual: status, expected: "complete", operator: "runToEnd" });
    }
  }

  /**
   * Resolves when a workflow waits for this event; in virtual time, once nothing is left to run now.
   *
   * @param event - A defined one, or its name.
   * @throws AssertionError in virtual time, when nothing waits for it then; in real time an Error after ten seconds.
   */
  async waitForSubscription(event: Pick<EventDefinition<unknown>, "name"> | string, key: string): Promise<void> {
    const name = typeof event === "string" ? event : event.name;
    const isOpen = async (): Promise<boolean> => (await this.#persistence.getSubscriptions(name, key, new Date(this.clock.now()))).length > 0;
    const what = `a subscription for the event ${JSON.stringify(name)} with the key ${JSON.stringify(key)}`;
    if (!(this.clock instanceof VirtualClock)) {
      await eventually(isOpen, { what });
      return;
    }
    await this.clock.settle();
    if (await isOpen()) return;
    const { items } = await this.listWorkflows({ status: ["runnable", "suspended"] });
    const waiting = await Promise.all(items.map(async ({ id }) => (await this.explain(id)).summary));
    throw new AssertionError({
      message: [`there is no ${what.slice(2)}`, ...waiting].join("\n"),
      actual: false,
      expected: true,
      operator: "waitForSubscription",
    });
  }

  /**
   * Runs a function in place of the bodies of all steps of this name from now on, in every definition; also of compensators. Their waits, conditions and
   * mappings stay, as do attempts and retries.
   *
   * @param step - Its name in the definition.
   * @throws RangeError when no registered definition has such a step whose body could be replaced.
   */
  mockStep(step: string, body: MockBody): StepMock {
    const names = new Set(
      this.#registry.getAllDefinitions().flatMap(({ graph }) => graph.steps.flatMap(({ kind, name }) => (hasBody(kind) ? [name] : []))),
    );
    if (!names.has(step))
      throw new RangeError(
        `no step ${JSON.stringify(step)} has a body to mock: those that have are ${[...names].map((name) => JSON.stringify(name)).join(", ")}`,
      );
    return this.#mocks.add(step, body);
  }

  /**
   * Asserts where steps of a workflow stand: `{ charge: "complete", ship: [], retry: ["failed", "complete"] }`.
   *
   * @param expected - By the names of steps; others may stand as they like.
   * @throws AssertionError that shows all steps; WorkflowNotFoundError.
   */
  async assertSteps(idOrName: string, expected: StepStatuses): Promise<void> {
    assertStepStatuses(idOrName, await this.getHistory(idOrName), expected);
  }

  /** Asserts the status of a workflow. @throws AssertionError that says why it stands where it stands; WorkflowNotFoundError. */
  async assertStatus(idOrName: string, expected: WorkflowStatus): Promise<void> {
    const { status } = await this.getWorkflow(idOrName);
    if (status === expected) return;
    const { summary } = await this.explain(idOrName);
    throw new AssertionError({ message: `the workflow is not ${expected}:\n${summary}`, actual: status, expected, operator: "strictEqual" });
  }

  async #advanceTo(clock: VirtualClock, endMs: number): Promise<void> {
    while (await this.#step(clock, endMs));
    if (clock.now() < endMs) await clock.advanceTo(endMs);
  }

  /** Moves to what comes next. @returns Whether there was something at or before this time. */
  async #step(clock: VirtualClock, endMs: number): Promise<boolean> {
    await clock.settle();
    const dueMs = this.#due.nextAfter(clock.now());
    const nextMs = Math.min(dueMs, clock.nextTimerAt?.getTime() ?? Infinity);
    if (nextMs > endMs) return false;
    await clock.advanceTo(nextMs);
    if (dueMs !== nextMs) return true;
    await this.#due.hint(dueMs);
    await clock.settle();
    return true;
  }

  #isMocked(stepType: string): boolean {
    const steps = this.#registry.getAllDefinitions().flatMap(({ graph }) => graph.steps.filter((step) => step.stepType === stepType));
    return steps.every(({ name }) => this.#mocks.has(name));
  }

  #virtual(what: string): VirtualClock {
    if (this.clock instanceof VirtualClock) return this.clock;
    throw new TypeError(`${what} needs virtual time: make the host without a clock, or with a VirtualClock`);
  }
}

function hasBody(kind: string): boolean {
  return kind === "step" || kind === "inline";
}
