import type { ExecutionPointer } from "../models/execution-pointer.ts";
import { WfeError } from "../errors/wfe-error.ts";
import type { JsonValue } from "../models/json.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import type { TraceContext } from "../models/trace-context.ts";
import type { WorkflowInstance } from "../models/workflow-instance.ts";
import type { NewWorkflow, ParentReference, WorkflowRow } from "../models/workflow-row.ts";
import type { InstanceError } from "../models/execution-error.ts";
import type { PollServices } from "../runtime/poll-request.ts";
import type { Payloads } from "../runtime/payloads.ts";
import type { ArtifactStore } from "../traits/artifact-store.ts";
import type { LogLevel, LogSink } from "../traits/log-sink.ts";
import type { MetricSink } from "../traits/metric-sink.ts";
import type { CompensatedStep, StepExecutionContext, StepLog } from "../traits/step-execution-context.ts";
import type { WorkflowClient } from "../traits/workflow-client.ts";
import type { Clock } from "../traits/clock.ts";
import { LateSignal } from "../runtime/late-signal.ts";
import { logPieces, writeLog } from "../runtime/write-log.ts";
import type { MiddlewareRunner } from "./middleware-runner.ts";
import { idempotencyKey } from "./pointer-factory.ts";
import { StepArtifacts } from "./step-artifacts.ts";
import { instanceView, pointerView } from "./views.ts";

/** A sub-workflow that is to be started. */
export interface ChildRequest {
  readonly id: string;
  readonly definitionId: string;
  /** `undefined`: the highest that is registered here. */
  readonly version: number | undefined;
  readonly input: unknown;
  readonly parent: ParentReference;
  readonly rootWorkflowId: string;
  /** Of the parent. */
  readonly traceContext: TraceContext | undefined;
  /** Aborts when nobody needs it any more. */
  readonly signal: AbortSignal;
}

/** What contexts take from the host. */
export interface ContextServices {
  /**
   * Makes a sub-workflow, not stored yet.
   *
   * @throws DefinitionNotFoundError, InputInvalidError, SerializationError, PayloadTooLargeError
   */
  newChild(request: ChildRequest): Promise<NewWorkflow>;
  /** What polls of endpoints may ask, and how. */
  readonly polls: PollServices;
  readonly payloads: Payloads;
  readonly clock: Clock;
  readonly log: LogSink;
  /** Never throws. @default none */
  readonly metrics?: MetricSink | undefined;
  /** @default none: steps that use it fail */
  readonly artifacts?: ArtifactStore | undefined;
  /** @default none */
  readonly middleware?: MiddlewareRunner | undefined;
  readonly client: Pick<WorkflowClient, "startWorkflow" | "publishEvent">;
}

/** What a context shows of its instance at the moment it is made. */
export interface InstanceSnapshot {
  readonly row: WorkflowRow;
  readonly data: unknown;
  readonly error: InstanceError | undefined;
}

/** What a compensator undoes, and why. */
export interface Undoing {
  readonly pointer: PointerRow;
  /** Encoded. */
  readonly error: string | undefined;
}

const NEVER = new LateSignal();

/** The context of one run of a step, or of one evaluation of its expressions. Payloads are decoded when they are asked for. */
export class StepContext implements StepExecutionContext {
  readonly data: Readonly<unknown>;
  readonly attempt: number;
  readonly index: number | undefined;
  readonly #run: { readonly signal: AbortSignal };
  readonly #services: ContextServices;
  readonly #row: WorkflowRow;
  readonly #error: InstanceError | undefined;
  readonly #step: StepDefinition;
  readonly #pointer: PointerRow;
  readonly #undoing: Undoing | undefined;
  #artifacts: StepArtifacts | undefined;

  constructor(
    services: ContextServices,
    instance: InstanceSnapshot,
    step: StepDefinition,
    pointer: PointerRow,
    run: { readonly signal: AbortSignal } = NEVER,
    undoing?: Undoing,
  ) {
    this.#services = services;
    this.#row = instance.row;
    this.#error = instance.error;
    this.#step = step;
    this.#pointer = pointer;
    this.#undoing = undoing;
    this.data = instance.data as Readonly<unknown>;
    this.#run = run;
    this.attempt = pointer.attempt;
    this.index = pointer.index;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get idempotencyKey(): string {
    return idempotencyKey(this.#row.id, this.#pointer);
  }

  get item(): unknown {
    return this.#decoded(this.#pointer.item, "the item");
  }

  get persistenceData(): JsonValue | undefined {
    return this.#decoded(this.#pointer.persistenceData, "the persistence data") as JsonValue | undefined;
  }

  get eventData(): JsonValue | undefined {
    return this.#decoded(this.#pointer.eventData, "the event data") as JsonValue | undefined;
  }

  get compensates(): CompensatedStep | undefined {
    if (this.#undoing === undefined) return undefined;
    const { pointer, error } = this.#undoing;
    return {
      pointer: pointerView(pointer, this.#services.payloads),
      item: this.#decoded(pointer.item, "the item") as JsonValue | undefined,
      persistenceData: this.#decoded(pointer.persistenceData, "the persistence data") as JsonValue | undefined,
      outcome: this.#decoded(pointer.outcome, "the outcome") as JsonValue | undefined,
      error: this.#decoded(error, "the error") as InstanceError, // written with every failure that is compensated
    };
  }

  get pointer(): ExecutionPointer {
    return pointerView(this.#pointer, this.#services.payloads);
  }

  get step(): {
    readonly id: number;
    readonly name: string;
    readonly config: JsonValue | undefined;
  } {
    return {
      id: this.#step.id,
      name: this.#step.name,
      config: this.#step.config,
    };
  }

  get workflow(): WorkflowInstance {
    return instanceView(this.#row, this.data, this.#error);
  }

  get definition(): { readonly id: string; readonly version: number } {
    return {
      id: this.#row.definitionId,
      version: this.#row.version,
    };
  }

  get host(): Pick<WorkflowClient, "startWorkflow" | "publishEvent"> {
    return this.#services.client;
  }

  get artifacts(): StepArtifacts {
    const { artifacts } = this.#services;
    if (artifacts === undefined) {
      throw new WfeError("WFE_ARTIFACT_STORE_MISSING", "this host has no artifact store: give it one with useArtifactStore of the builder");
    }
    return (this.#artifacts ??= new StepArtifacts(artifacts, this.#row.id, this.signal));
  }

  get log(): StepLog {
    const write = (
      level: LogLevel,
      message: string,
      more: {
        fields?: object;
        stream?: "stdout" | "stderr";
        chunk?: string | Uint8Array;
      },
    ): void => {
      writeLog(this.#services.log, {
        at: new Date(this.#services.clock.now()),
        level,
        message,
        workflowId: this.#row.id,
        definitionId: this.#row.definitionId,
        step: this.#step.name,
        pointerId: this.#pointer.id,
        ...more,
      });
    };
    const at =
      (level: LogLevel) =>
      (message: string, fields?: object): void =>
        write(level, message, fields === undefined ? {} : { fields });
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      stream: (name, chunk) => {
        for (const piece of logPieces(chunk)) write("info", "", { stream: name, chunk: piece });
      },
    };
  }

  #decoded(text: string | undefined, what: string): unknown {
    return text === undefined ? undefined : this.#services.payloads.decode(text, what);
  }
}
