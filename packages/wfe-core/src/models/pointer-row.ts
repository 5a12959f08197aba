import type { PointerStatus } from "./workflow-status.ts";

/** In place of the number of a step that a definition does not have any more. */
export const LEFT_BEHIND = -1;

/** Which pointers of an instance; every field given must hold. */
export interface PointerQuery {
  /** Only those inside this container, at any depth; not itself. */
  readonly scope?: string;
  /**
   * Only those that compensation may have to undo: started (`attempt` 1 or more), closed as complete, cancelled or compensated by a result
   * (they have an `endSeq`), undoing nothing themselves (no `compensates`), of these steps; the highest `endSeq` first.
   *
   * @default every pointer, in order of creation
   */
  readonly compensable?: { readonly stepIds: readonly number[] };
  /** Goes on behind this one: a `seq`; with `compensable` an `endSeq`, to go on below. @default from the beginning */
  readonly after?: number;
  /** At most so many, 1 or more. */
  readonly limit: number;
}

/**
 * One position in a run, as it is stored. Immutable: a change makes a new row. Payloads (`item`, `persistenceData`, `outcome`,
 * `eventData`, `error`) are encoded strings: JSON text, after the host's codec. Unique by (workflow id, `id`). A field that is `undefined` is not there.
 */
export interface PointerRow {
  readonly id: string;
  /** Order of creation within the instance, 1 or more; unique there. Every listing of pointers is sorted by it. */
  readonly seq: number;
  /** {@link LEFT_BEHIND}: of a version before the last migration, and without a counterpart in the current one; a closed pointer's only. */
  readonly stepId: number;
  readonly stepName?: string | undefined;
  readonly status: PointerStatus;
  /** Ids of the enclosing containers, outermost first. */
  readonly scope: readonly string[];
  /** Starts so far, take-overs included. */
  readonly attempt: number;
  /** Failures so far; set back by resume. */
  readonly retryCount: number;
  /** Starts since the last result that ended in the loss of their host. */
  readonly crashCount: number;
  /** Results so far that did not end the step (persist, sleep, event, branch); part of the idempotency key. */
  readonly resultCount: number;
  readonly predecessorId?: string | undefined;
  /** When a `sleeping` pointer wakes, or a `waitingForEvent` one times out. */
  readonly dueAt?: Date | undefined;
  readonly startedAt?: Date | undefined;
  readonly endedAt?: Date | undefined;
  /** Order in which results were processed within the instance; compensation runs it backwards. */
  readonly endSeq?: number | undefined;
  /** Value of the innermost `forEach` or `branch`. */
  readonly item?: string | undefined;
  /** Position of `item` in its list, from 0. */
  readonly index?: number | undefined;
  /** State that a step or a container keeps between its runs. */
  readonly persistenceData?: string | undefined;
  readonly outcome?: string | undefined;
  readonly eventName?: string | undefined;
  readonly eventKey?: string | undefined;
  /** Payload of the event that woke the current run. */
  readonly eventData?: string | undefined;
  /** The pointer that this one undoes. */
  readonly compensates?: string | undefined;
  /** Why the step failed for good, was undone, or what its `cancelWhen` threw; encoded. */
  readonly error?: string | undefined;
}
