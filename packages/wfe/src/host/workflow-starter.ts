import {
  DUE_AT_ONCE,
  type AnyDefinition,
  artifactRefsIn,
  type ChildRequest,
  createdRow,
  DefinitionExistsError,
  DefinitionNotFoundError,
  type DistributedLockProvider,
  hasRole,
  instanceEvent,
  isWfeError,
  type Lease,
  type LifecycleEvent,
  type NewWorkflow,
  pendingPointer,
  type PointerRow,
  runsBody,
  started,
  stepEvent,
  type StartOptions,
  type WorkflowAlreadyExistsError,
  type WorkflowNameTakenError,
  type WorkflowRow,
} from "wfe-core";
import { checkInstant, checkText } from "./arguments.ts";
import { type HostServices, warn } from "./host-services.ts";
import { checkId, checkName, Names } from "./names.ts";
import { initialDataOf, inputDigest } from "./start-input.ts";
import { checkTraceContext } from "./trace-context-check.ts";
import type { InstanceToRun } from "./looked-at.ts";
import type { WorkflowConsumer } from "./workflow-consumer.ts";

const FIRST_RETRY_MS = 20;
const LONGEST_RETRY_MS = 1_000;

/** Where new instances are run: on this host when it has room. A client has none, and leaves them to the hosts. */
export interface RunsHere {
  readonly consumer: WorkflowConsumer;
  readonly locks: DistributedLockProvider;
}

/** What only the start of an instance knows of it. */
interface Made extends Pick<NewWorkflow, "id" | "name" | "data" | "inputDigest"> {
  readonly traceContext: NewWorkflow["traceContext"] | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Creates instances. */
export class WorkflowStarter {
  readonly #services: HostServices;
  readonly #runsHere: RunsHere | undefined;
  readonly #names: Names;
  readonly #publish: (event: LifecycleEvent) => void;

  constructor(services: HostServices, publish: (event: LifecycleEvent) => void, runsHere?: RunsHere) {
    this.#services = services;
    this.#publish = publish;
    this.#runsHere = runsHere;
    this.#names = new Names(services.persistence);
  }

  /** The registered definition of this id and version. @throws DefinitionNotFoundError */
  definition(id: string, version: number): AnyDefinition {
    const found = this.#services.registry.getDefinition(id, version);
    if (found === undefined) throw new DefinitionNotFoundError(id, version);
    return found;
  }

  /**
   * A definition object, to be started here.
   *
   * @throws DefinitionNotFoundError when a host does not know it; DefinitionExistsError when it knows another one under its id and version.
   */
  known(definition: AnyDefinition): AnyDefinition {
    if (this.#runsHere === undefined) return definition;
    const registered = this.definition(definition.id, definition.version);
    if (registered.fingerprint !== definition.fingerprint) {
      throw new DefinitionExistsError(definition.id, definition.version, registered.fingerprint, definition.fingerprint);
    }
    return registered;
  }

  /** @returns The id. A repeat of an earlier start gives its id and starts nothing. */
  async start(definition: AnyDefinition, input: unknown, options: StartOptions): Promise<string> {
    const { entropy } = this.#services;
    const id = options.id === undefined ? entropy.id() : checkId(options.id);
    const userName = options.name === undefined ? undefined : checkName(options.name, definition.id);
    if (options.startAt !== undefined) checkInstant(options.startAt, "startAt");
    if (options.reference !== undefined) checkText(options.reference, "a workflow's reference");
    const traceContext = options.traceContext === undefined ? undefined : checkTraceContext(options.traceContext);
    const digest = inputDigest(input);
    const initial = await initialDataOf(definition, input);
    const data = this.#encoded(initial);
    await this.#pinArtifacts(initial, id);
    const begin = (name: string): Promise<string> => this.#begin(definition, { id, name, data, inputDigest: digest, traceContext }, options);
    if (userName !== undefined) return begin(userName);
    for (;;) {
      const name = await this.#names.next(definition.id);
      try {
        return await begin(name);
      } catch (error) {
        // Somebody has given this name, or id, to an instance: the next number, then.
        if (!isWfeError(error, "WFE_WORKFLOW_NAME_TAKEN") || (error as WorkflowNameTakenError).workflowName !== name) throw error;
      }
    }
  }

  /**
   * A sub-workflow, to be stored by the commit of its parent. Its name is free now; that it is taken meanwhile refuses the commit, and another
   * one is made.
   *
   * @throws DefinitionNotFoundError when no such definition is registered here; InputInvalidError, SerializationError, PayloadTooLargeError.
   */
  async newChild({ id, definitionId, version, input, parent, rootWorkflowId, traceContext, signal }: ChildRequest): Promise<NewWorkflow> {
    const definition = this.#services.registry.getDefinition(definitionId, version);
    if (definition === undefined) throw new DefinitionNotFoundError(definitionId, version);
    const child = this.#instance(definition, new Date(this.#services.clock.now()), undefined, {
      id,
      name: await this.#childName(definitionId, signal),
      data: this.#encoded(await initialDataOf(definition, input)),
      inputDigest: inputDigest(input),
      traceContext,
    });
    child.dueAt = DUE_AT_ONCE;
    child.parent = parent;
    child.rootWorkflowId = rootWorkflowId;
    return child;
  }

  /** That the store is away for a while is no failure of the step: it is asked again until the step is called off. */
  async #childName(definitionId: string, signal: AbortSignal): Promise<string> {
    const { clock } = this.#services;
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_RETRY_MS)) {
      try {
        return await this.#names.next(definitionId);
      } catch (error) {
        if (!isWfeError(error) || !error.retryable || signal.aborted) throw error;
        warn(this.#services, `the name of a sub-workflow ${JSON.stringify(definitionId)} is asked for again in ${delayMs} ms`, error);
        await new Promise<void>((resolve) => void clock.setTimer(delayMs, resolve));
      }
    }
  }

  #encoded(data: unknown): string {
    const { payloads } = this.#services;
    return payloads.encode(payloads.stored(data, "the data"), "the data", payloads.limits.data);
  }

  /** Those that the instance is started with stay until it is purged. One that is missing is a failure of the step that takes it. */
  async #pinArtifacts(data: unknown, id: string): Promise<void> {
    const { artifacts } = this.#services;
    const digests = artifacts === undefined ? [] : artifactRefsIn(data);
    if (digests.length > 0) await artifacts?.pin(digests, id);
  }

  async #begin(definition: AnyDefinition, made: Made, options: StartOptions): Promise<string> {
    const { startAt, reference } = options;
    const now = new Date(this.#services.clock.now());
    const waits = startAt !== undefined && startAt > now;
    const here = !waits && this.#runsHere?.consumer.tryReserve() === true ? this.#runsHere : undefined;
    const workflow = this.#instance(definition, now, here !== undefined ? "runs" : waits ? startAt : undefined, made);
    workflow.dueAt = here !== undefined ? new Date(now.getTime() + this.#services.options.lockTtlMs) : waits ? startAt : DUE_AT_ONCE;
    if (reference !== undefined) workflow.reference = reference;
    if (here === undefined) return this.#create(workflow, now, waits ? startAt : undefined);
    await here.consumer.create(workflow.id, () => this.#createLeased(definition, workflow, now, here));
    return workflow.id;
  }

  /** @param first - Whether its first step runs here at once, or when it is to start. */
  #instance(definition: AnyDefinition, now: Date, first: "runs" | Date | undefined, made: Made): Mutable<NewWorkflow> {
    const entry = definition.graph.steps[0];
    if (entry === undefined) throw new DefinitionNotFoundError(definition.id, definition.version); // a definition has a step: the builder's check
    const pointer = pendingPointer(entry, { seq: 1, scope: [] });
    // A body that will run here at once is stored as running: no commit is needed before its start.
    const starts = first === "runs" && runsBody(entry.kind) && !hasRole(entry, "when") && !hasRole(entry, "cancelWhen");
    // In the pointer, too: a resume, or a hint, makes the row due before its time.
    const waiting: PointerRow = first instanceof Date ? { ...pointer, status: "sleeping", dueAt: first } : pointer;
    const workflow: Mutable<NewWorkflow> = {
      id: made.id,
      name: made.name,
      definitionId: definition.id,
      version: definition.version,
      fingerprint: definition.fingerprint,
      inputDigest: made.inputDigest,
      createdAt: now,
      data: made.data,
      pointers: [starts ? started(pointer, now) : waiting],
    };
    if (definition.description !== undefined) workflow.description = definition.description;
    if (made.traceContext !== undefined) workflow.traceContext = made.traceContext;
    return workflow;
  }

  async #create(workflow: NewWorkflow, now: Date, startAt: Date | undefined): Promise<string> {
    if (!(await this.#store(workflow, now))) return workflow.id;
    this.#publish(instanceEvent("started", createdRow(workflow), now));
    if (startAt !== undefined) this.#runsHere?.consumer.schedule(workflow.id, startAt);
    // Its lease may have been that of a start which was lost: who has taken over has it already.
    else if (this.#runsHere?.consumer.poke(workflow.id) !== true) {
      this.#services.queue.queueWork(workflow.id, "workflow").catch((error: unknown) => {
        warn(this.#services, `a hint for the workflow ${workflow.id} could not be queued; the sweep finds it`, error);
      });
    }
    return workflow.id;
  }

  /**
   * Stores the instance and takes its lease in the same breath: both travel in one batch.
   *
   * @returns `undefined` when this was a repeat.
   */
  async #createLeased(definition: AnyDefinition, workflow: NewWorkflow, now: Date, here: RunsHere): Promise<InstanceToRun | undefined> {
    const { clock, options } = this.#services;
    const askedAt = clock.monotonic();
    const [stored, leased] = await Promise.allSettled([this.#store(workflow, now), here.locks.acquireLock(workflow.id, { ttl: options.lockTtlMs })]);
    // Others leave it alone for a lease from its creation on, by clocks that may be ahead.
    const isPrompt = clock.monotonic() - askedAt < options.lockTtlMs / 2;
    const lease = leased.status === "fulfilled" ? leased.value : undefined;
    if (stored.status === "rejected" || !stored.value) {
      await this.#giveBack(lease);
      if (stored.status === "rejected") throw stored.reason;
      return undefined;
    }
    if (leased.status === "rejected")
      warn(this.#services, `the lease on the new workflow ${workflow.id} could not be taken; it is tried again`, leased.reason);
    const row = createdRow(workflow);
    this.#publish(instanceEvent("started", row, now));
    const isLeased = lease !== undefined && isPrompt;
    if (isLeased) this.#publishStarts(definition, workflow, row, now);
    return { row, pointers: workflow.pointers, lease, isLeased };
  }

  /** The pass tells of the bodies it starts, but for those that are stored as running. */
  #publishStarts(definition: AnyDefinition, workflow: NewWorkflow, row: WorkflowRow, now: Date): void {
    for (const pointer of workflow.pointers) {
      const step = definition.graph.steps.find(({ id }) => id === pointer.stepId);
      if (step !== undefined && pointer.status === "running") this.#publish(stepEvent("stepStarted", row, step, pointer, now));
    }
  }

  async #giveBack(lease: Lease | undefined): Promise<void> {
    try {
      await lease?.release();
    } catch (error) {
      warn(this.#services, "the lease on a workflow that was not started could not be released; it ends by itself", error);
    }
  }

  /** @returns Whether it was created now; `false` when the same start has created it before. */
  async #store(workflow: NewWorkflow, now: Date): Promise<boolean> {
    try {
      await this.#services.persistence.createNewWorkflow(workflow, now);
      return true;
    } catch (error) {
      if (!isWfeError(error, "WFE_WORKFLOW_ALREADY_EXISTS")) throw error;
      const { existing } = error as WorkflowAlreadyExistsError;
      const repeats =
        existing.definitionId === workflow.definitionId && existing.version === workflow.version && existing.inputDigest === workflow.inputDigest;
      if (!repeats) throw error;
      return false;
    }
  }
}
