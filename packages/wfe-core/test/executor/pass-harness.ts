import type { ExecutorOptions, ExecutorServices } from "../../src/executor/executor-services.ts";
import type { PassEnd } from "../../src/executor/pass-end.ts";
import { pendingPointer } from "../../src/executor/pointer-factory.ts";
import { StepRegistry } from "../../src/executor/step-registry.ts";
import { WorkflowPass } from "../../src/executor/workflow-pass.ts";
import type { LifecycleEvent } from "../../src/models/lifecycle-event.ts";
import type { WorkflowChange } from "../../src/models/workflow-change.ts";
import type { WorkflowRecord } from "../../src/models/workflow-row.ts";
import { type PayloadLimits, Payloads } from "../../src/runtime/payloads.ts";
import { pollRules } from "../../src/runtime/poll-rules.ts";
import { InMemoryLockProvider, InMemoryLockStore } from "../../src/test-support/in-memory/in-memory-lock-provider.ts";
import { InMemoryPersistenceProvider } from "../../src/test-support/in-memory/in-memory-persistence-provider.ts";
import { InMemoryStore } from "../../src/test-support/in-memory/in-memory-store.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import { VirtualEntropy } from "../../src/test-support/virtual-entropy.ts";
import type { Lease } from "../../src/traits/lock-provider.ts";
import type { PersistenceProvider } from "../../src/traits/persistence-provider.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";

/** A gate that a test opens: the forced interleaving of two parties. */
export class Gate {
  #open: () => void = () => {};
  readonly opened: Promise<void> = new Promise((resolve) => {
    this.#open = resolve;
  });

  open(): void {
    this.#open();
  }
}

/** A pass under way. */
export interface RunningPass {
  readonly pass: WorkflowPass;
  readonly end: Promise<PassEnd>;
  readonly lease: Lease;
}

/** Replaces a method of the store for a while. */
export type Interception<K extends keyof PersistenceProvider> = (
  next: PersistenceProvider[K],
  ...args: Parameters<Extract<PersistenceProvider[K], (...all: never[]) => unknown>>
) => unknown;

/** Passes over one in-memory store in virtual time, with every call to the store open to the test. */
export class PassHarness {
  readonly clock: VirtualClock = new VirtualClock();
  readonly store: PersistenceProvider = new InMemoryPersistenceProvider({ store: new InMemoryStore() });
  readonly #locks = new InMemoryLockProvider({ store: new InMemoryLockStore(this.clock), clock: this.clock });
  readonly #definitions = new Map<string, AnyDefinition>();
  readonly steps: StepRegistry = new StepRegistry();
  readonly #entropy = new VirtualEntropy(1);
  readonly #intercepted = new Map<string, (...args: never[]) => unknown>();
  #options: ExecutorOptions;
  readonly #payloads: Payloads;
  /** Every acknowledged change. */
  readonly commits: WorkflowChange[] = [];
  readonly events: LifecycleEvent[] = [];
  readonly warnings: string[] = [];
  contended = false;

  private constructor(options: Partial<ExecutorOptions>, limits: Partial<PayloadLimits>) {
    this.#options = {
      maxCrashes: 5,
      maxOpenPointers: 20_000,
      maxConcurrentSteps: 16,
      maxDepth: 32,
      shutdownTimeoutMs: 30_000,
      lockTtlMs: 30_000,
      ...options,
    };
    this.#payloads = new Payloads({ limits });
  }

  static async start(options: Partial<ExecutorOptions> = {}, limits: Partial<PayloadLimits> = {}): Promise<PassHarness> {
    const harness = new PassHarness(options, limits);
    await harness.store.start();
    await harness.#locks.start();
    return harness;
  }

  /** Gives the passes that begin from now on other limits, as another host has. */
  limit(options: Partial<ExecutorOptions>): void {
    this.#options = { ...this.#options, ...options };
  }

  register(definition: AnyDefinition): void {
    this.#definitions.set(`${definition.id}/${definition.version}`, definition);
    this.steps.registerStepsOf(definition);
  }

  /** Creates an instance whose first pointer is pending. */
  async create(definition: AnyDefinition, data: unknown, id = "w"): Promise<string> {
    this.register(definition);
    const entry = definition.graph.steps[0];
    if (entry === undefined) throw new Error("the definition has no step");
    const now = new Date(this.clock.now());
    return await this.store.createNewWorkflow(
      {
        id,
        name: `name of ${id}`,
        definitionId: definition.id,
        version: definition.version,
        fingerprint: definition.fingerprint,
        data: JSON.stringify(data),
        inputDigest: "",
        createdAt: now,
        dueAt: new Date(0),
        pointers: [pendingPointer(entry, { seq: 1, scope: [] })],
      },
      now,
    );
  }

  /** Starts a pass under a new lease. */
  async begin(id = "w", ttl = 30_000): Promise<RunningPass> {
    const lease = await this.#locks.acquireLock(id, { ttl });
    if (lease === undefined) throw new Error(`the lease on ${id} is held`);
    const pass = new WorkflowPass(this.#services(), id, lease);
    return { pass, lease, end: pass.run() };
  }

  /** Runs a pass to its end, time standing still. */
  async run(id = "w"): Promise<PassEnd> {
    const { end, lease } = await this.begin(id);
    const ended = await end;
    await lease.release();
    return ended;
  }

  async stored(id = "w"): Promise<WorkflowRecord> {
    const record = await this.store.getWorkflowInstance(id);
    if (record === undefined) throw new Error(`there is no ${id}`);
    return record;
  }

  /** Data, status and the statuses of the pointers by step name, in order of creation. */
  async state(id = "w"): Promise<{ readonly status: string; readonly data: unknown; readonly pointers: readonly string[] }> {
    const { status, data, pointers } = await this.stored(id);
    return { status, data: JSON.parse(data) as unknown, pointers: pointers.map((pointer) => `${pointer.stepName ?? ""}: ${pointer.status}`) };
  }

  /** Replaces a method of the store for the passes; the test itself goes on with the real one. */
  intercept<K extends keyof PersistenceProvider>(method: K, interception: Interception<K>): void {
    const next = (this.store[method] as (...args: never[]) => unknown).bind(this.store);
    this.#intercepted.set(method, (...args: never[]) => interception(next as PersistenceProvider[K], ...(args as never)));
  }

  #services(): ExecutorServices {
    const intercepted = this.#intercepted;
    const persistence = new Proxy(this.store, {
      get: (target, key) => {
        const replaced = intercepted.get(String(key));
        const value: unknown = replaced ?? Reflect.get(target, key, target);
        return typeof value === "function" && replaced === undefined ? (value.bind(target) as unknown) : value;
      },
    });
    const log = { write: (): void => {} };
    const client = { startWorkflow: () => Promise.reject(new Error("no host")), publishEvent: () => Promise.reject(new Error("no host")) };
    return {
      persistence,
      registry: { getDefinition: (id, version) => this.#definitions.get(`${id}/${version ?? ""}`) },
      steps: this.steps,
      clock: this.clock,
      entropy: this.#entropy,
      payloads: this.#payloads,
      context: {
        payloads: this.#payloads,
        clock: this.clock,
        log,
        client,
        newChild: () => Promise.reject(new Error("no children here")),
        polls: { ...pollRules(), clock: this.clock, fetch: () => Promise.reject(new Error("nobody answers here")) },
      },
      options: this.#options,
      contended: () => this.contended,
      committed: (change) => void this.commits.push(change),
      publish: (event) => void this.events.push(event),
      warn: (message) => void this.warnings.push(message),
    };
  }
}
