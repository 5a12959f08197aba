import type { StepKind } from "./step-definition.ts";
import type { DefinitionKey } from "./workflow-definition.ts";
import type { WorkflowStatus } from "./workflow-status.ts";

/** Open pointers that an explanation goes into, and used up the same: events that were delivered and not used. */
export const EXPLAINED_AT_MOST = 100;

/** A failure, as an explanation tells of it. */
export interface ExplainedError {
  /** Code of a `WfeError`, else `WFE_STEP_FAILED`; `WFE_PAYLOAD_UNREADABLE` where the codec here cannot decode what is stored. */
  readonly code: string;
  readonly message: string;
}

/** How what stands here under the number of a step differs from what a pointer stands on. */
export interface StepDifference {
  readonly pointerId: string;
  /** Number of the step in its graph. */
  readonly stepId: number;
  /** Name of the step when the pointer was made. */
  readonly step: string;
  /**
   * `missing`: the graph here has no step of this number; `otherKind`: it has one that cannot do what the pointer does; `otherName`: it has one of
   * another name, which alone makes no other graph, and mostly says that steps have moved.
   */
  readonly problem: "missing" | "otherKind" | "otherName";
  /** The step here; absent when it is missing. */
  readonly here?: { readonly step: string; readonly kind: StepKind };
}

/**
 * Why the definition of an instance is not known to a process. Of the graph that the instance was started with the fingerprint alone is stored,
 * so that `differences` names what can be seen from its open pointers; empty when they stand on steps that look the same here.
 */
export type UnknownDefinition = DefinitionKey &
  (
    | { readonly problem: "id" }
    | {
        readonly problem: "version";
        /** Versions that are registered here, ascending. */
        readonly registered: readonly number[];
      }
    | {
        readonly problem: "fingerprint";
        /** Fingerprint of the graph that is registered here under the same id and version. */
        readonly here: string;
        /** Versions of the definition whose graph is the instance's: it stands here under another number. Ascending. */
        readonly sameGraph: readonly number[];
        /** The first {@link EXPLAINED_AT_MOST} of them. */
        readonly differences: readonly StepDifference[];
      }
  );

/** Why an instance as a whole does not move. */
export type InstanceReason =
  /** It has ended. */
  | { readonly kind: "over"; readonly status: "complete" | "terminated"; readonly since: Date; readonly error?: ExplainedError }
  /** By a failure of a step, or by `suspendWorkflow`, whose time is not stored. */
  | { readonly kind: "suspended"; readonly by: "error"; readonly error: ExplainedError; readonly since?: Date }
  | { readonly kind: "suspended"; readonly by: "command" }
  /** This host leaves it to others; one that knows the definition may be working on it. Never told by a client, which runs no steps. */
  | { readonly kind: "unknownDefinition"; readonly definition: UnknownDefinition }
  /** There is something to do, and nobody has begun. */
  | { readonly kind: "due"; readonly since: Date }
  /** Events were given to its waits, and no pass has used them yet. */
  | {
      readonly kind: "delivered";
      /** How many there are. */
      readonly count: number;
      /** The first {@link EXPLAINED_AT_MOST} of them, in order of delivery. */
      readonly events: readonly { readonly eventId: string; readonly pointerId: string }[];
    }
  /** A command that another instance has left for it, and that is still to be carried out. */
  | { readonly kind: "command"; readonly command: string; readonly executeAt: Date };

/** An event that a pointer waits for. */
export interface AwaitedEventState {
  readonly name: string;
  readonly key: string;
  /** Only events of this time or later count; absent: those stored after the instance was created. */
  readonly effectiveDate?: Date;
  /** The event that it was given and has not used. */
  readonly given?: string;
  /** An event that is stored and is going to be given to it: with the next delivery, or at the instant named. */
  readonly undelivered?: { readonly eventId: string; readonly eligibleAt?: Date };
}

/** What an open pointer waits for. */
export type PointerReason =
  /** The first of these events; its own wait ends at `timeoutAt`, if it has a limit. */
  | { readonly kind: "event"; readonly events: readonly AwaitedEventState[]; readonly timeoutAt?: Date }
  /** The outcome of work that is offered to outside workers. */
  | {
      readonly kind: "activity";
      readonly activity: string;
      /** Absent: nobody has claimed it, or the claim is over. */
      readonly claim?: { readonly workerId: string; readonly until: Date };
      /** Whether an outcome was submitted and is not used yet. */
      readonly submitted: boolean;
      readonly timeoutAt?: Date;
    }
  /** The end of a sub-workflow. */
  | {
      readonly kind: "child";
      readonly id: string;
      /** Absent when it is not stored any more. */
      readonly workflow?: {
        readonly name: string;
        readonly definitionId: string;
        readonly version: number;
        readonly status: WorkflowStatus;
        readonly error?: ExplainedError;
      };
      readonly timeoutAt?: Date;
    }
  /** An instant. `start`: the first step is not to start before; `sleep`: what a step has asked for with its result. */
  | { readonly kind: "time"; readonly why: "start" | "delay" | "schedule" | "recur" | "sleep"; readonly until: Date }
  /** Its next attempt. */
  | { readonly kind: "retry"; readonly until: Date; readonly failures: number; readonly error?: ExplainedError }
  /** The next request of a poll. */
  | { readonly kind: "poll"; readonly until: Date; readonly endpoint?: { readonly url: string; readonly deadline: Date } }
  /** The end of its body. `abandoned`: nobody holds the lease, so that its host is gone; another takes it over. */
  | { readonly kind: "running"; readonly abandoned: boolean }
  /** A saga that is being undone: `error` began that. `suspended`: it is undone when the instance is resumed. */
  | { readonly kind: "compensation"; readonly phase: "suspended" | "compensating"; readonly error: ExplainedError; readonly open: number }
  /** Whatever is open inside it. */
  | { readonly kind: "container"; readonly open: number }
  /** It has failed, and nothing has dealt with that yet. */
  | { readonly kind: "failed"; readonly error: ExplainedError }
  /** Its turn: it could start. */
  | { readonly kind: "ready" };

/** An open pointer, and what it waits for. */
export interface ExplainedPointer {
  readonly id: string;
  readonly stepId: number;
  readonly step: string;
  /** Absent where the definition is not known. */
  readonly stepKind?: StepKind;
  /** Position in the list of the innermost `forEach` or `branch`. */
  readonly index?: number;
  /** Starts so far, take-overs included. */
  readonly attempt: number;
  /** As far as it is recorded: its first start, or its last failure when that came later. */
  readonly since?: Date;
  /** The pointer that this one undoes. */
  readonly compensates?: string;
  readonly reason: PointerReason;
  /** What would move it on, in words; absent when it goes on by itself. */
  readonly unblock?: string;
}

/** Whether somebody works on an instance. */
export type LeaseState =
  | { readonly kind: "free" }
  /** `here`: it is this host that does; `owner` names the holder as the lock provider does, where it knows. */
  | { readonly kind: "held"; readonly here: boolean; readonly owner?: string; readonly expiresAt: Date }
  /** `noLockProvider`: a client has none; `noCapability`: that of this host lacks `inspect`; `unreachable`: it could not be asked. */
  | { readonly kind: "unknown"; readonly why: "noLockProvider" | "noCapability" | "unreachable" };

/**
 * Why an instance stands where it stands: a snapshot, made of a few reads that need not be of one instant. Plain data: `JSON.stringify` gives
 * all of it, instants as ISO text.
 */
export interface WorkflowExplanation {
  readonly id: string;
  readonly name: string;
  readonly definitionId: string;
  readonly version: number;
  readonly status: WorkflowStatus;
  /** When it was looked at. */
  readonly at: Date;
  /** A few lines for people. Their wording may change. */
  readonly summary: string;
  /** Why the instance as a whole does not move; empty when only its pointers wait. */
  readonly reasons: readonly InstanceReason[];
  /** How many pointers are open. */
  readonly openPointers: number;
  /** The first {@link EXPLAINED_AT_MOST} of them: failed ones, then others, then those that only hold others; each in order of creation. */
  readonly pointers: readonly ExplainedPointer[];
  readonly lease: LeaseState;
  /**
   * When hosts look at it next: its due time, or now where that has passed; and at the latest one `sweepInterval` of this process later. Absent
   * when it waits for events alone, and when it is not runnable.
   */
  readonly nextLook?: { readonly at: Date; readonly atLatest: Date };
  /** What would move it on, in words, the most telling first; empty when it goes on by itself, or is over for good. */
  readonly unblock: readonly string[];
}
