import type { AnyDefinition, ExecutionErrorRow, HttpClient, StepExecutionContext, StoredEvent, WorkflowClient, WorkflowRecord } from "wfe-core";
import type { HostOptions } from "../../host/host-options.ts";
import type { FaultKind } from "./fault-plan.ts";

/** What step bodies of a simulated program may wait for; they ask nothing else for time or chance. */
export interface SimulatedBodies {
  /**
   * A wait at which the seed says who goes on, and when; no virtual time need pass. Rejects with the reason of `ctx.signal` when that aborts, and
   * never resolves on a host that has crashed.
   */
  pause(ctx: StepExecutionContext): Promise<void>;
  /** Like `pause`, for so many milliseconds of virtual time at least. */
  sleep(ctx: StepExecutionContext, ms: number): Promise<void>;
  /** The host is lost at this very moment, with the body in it. Never resolves. */
  crash(ctx: StepExecutionContext): Promise<never>;
}

/** Something that happens to a simulated program from outside. */
export interface Stimulus {
  /** Shown in traces. @default its index */
  readonly name?: string;
  /** Virtual milliseconds from the beginning. It happens then or later: hosts may be away. Stimuli do not wait for each other. */
  readonly atMs: number;
  /**
   * Starts, events, commands, outcomes of activities, through whatever host lives. Called again, with another host perhaps, until a call is
   * answered: so with ids of its own. What it rejects with that is not retryable is an answer, too. One that is named in {@link after} comes
   * first.
   */
  readonly act: (client: WorkflowClient) => Promise<unknown>;
  /** Names of stimuli that have been answered before. @default none */
  readonly after?: readonly string[];
  /** Whether it may be said once more at any time after it was said, with the same ids, as by a caller that has heard no answer. @default true */
  readonly isRepeatable?: boolean;
  /** Acts again, so long after each answer, until all is over: a worker, or an operator. @default once */
  readonly everyMs?: number;
}

/** What a simulation runs: workflows, what happens to them from outside, and what must have come of it. Made anew for each schedule. */
export interface SimulatedProgram {
  readonly name: string;
  /** All of them; of two graphs under one id and version, too. */
  readonly definitions: readonly AnyDefinition[];
  /** Those that the host in a place knows, 0 for the first: as in a deploy that is under way. @default all */
  readonly definitionsAt?: (place: number) => readonly AnyDefinition[];
  readonly stimuli: readonly Stimulus[];
  /** Answers polls, besides. @default none: a poll fails */
  readonly http?: HttpClient;
  /** For every host, over those of the simulation. */
  readonly hostOptions?: HostOptions;
  /** Faults that this program cannot take: what comes of them is not among its outcomes. @default none */
  readonly withoutFaults?: readonly FaultKind[];
  /** Instances that are over when the program is; they must have been started by then. */
  readonly workflowIds: readonly string[];
  /** Whether an instance has come to rest. @default it is `complete` or `terminated` */
  readonly isOver?: (record: WorkflowRecord) => boolean;
  /** Virtual time that is enough from the last fault, or the last stimulus, to the end: beyond it the program is stuck. @default 600000 */
  readonly calmMs?: number;
  /** What is wrong with what is left; empty when it is among the outcomes allowed. */
  verdict(final: FinalState): readonly string[];
}

/** Makes a program. It is asked once for each schedule, and gives the same each time. */
export type ProgramFactory = (bodies: SimulatedBodies) => SimulatedProgram;

/** The use of an event by an instance. */
export interface SimulatedConsumption {
  readonly workflowId: string;
  readonly pointerId: string;
  readonly eventId: string;
}

/** A start of a step body, on whatever host. Only those whose attempt was marked in the store beforehand: all, unless the engine is at fault. */
export interface SimulatedRun {
  readonly host: string;
  readonly workflowId: string;
  readonly pointerId: string;
  readonly step: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
}

/** What an outside call was told in the end. */
export type StimulusAnswer = { readonly stimulus: string } & ({ readonly value: unknown } | { readonly error: unknown });

/** What is left of a schedule. */
export interface FinalState {
  /** All instances, children included, by id. */
  readonly records: ReadonlyMap<string, WorkflowRecord>;
  /** Failed attempts by id of the instance, in the order of the commits, without their stacks. */
  readonly errors?: ReadonlyMap<string, readonly ExecutionErrorRow[]>;
  /** All events, the engine's included, in order of arrival. */
  readonly events: readonly StoredEvent[];
  /** In the order of the commits. */
  readonly consumed: readonly SimulatedConsumption[];
  /** In the order of the starts, those of hosts that crashed then included. */
  readonly runs: readonly SimulatedRun[];
  /** In the order in which they came. Of a stimulus with `everyMs` there are several. */
  readonly answers: readonly StimulusAnswer[];
}
