import type { PointerRow } from "../../../src/index.ts";
import type { Findings } from "./findings.ts";
import { type Flow, hasStopped, type Place, type Walker, within } from "./place.ts";
import { shown } from "./record.ts";
import type { SagaNode } from "./tree.ts";
import type { SagaRun, Undoing } from "./undoing.ts";

/** The last run of a saga. */
interface LastRun {
  readonly failed: PointerRow | undefined;
  readonly isUndone: boolean;
  readonly runs: number;
}

/** Runs of sagas, and how sagas end. */
export class SagaRuns {
  /** What sagas have done to the instance when they were undone. */
  readonly failures: ("suspend" | "terminate")[] = [];
  readonly #found: Findings;
  readonly #undoing: Undoing;
  readonly #walker: Walker;
  readonly #last = new Map<PointerRow, LastRun>();

  constructor(found: Findings, undoing: Undoing, walker: Walker) {
    this.#found = found;
    this.#undoing = undoing;
    this.#walker = walker;
  }

  /** Whether a saga has run more than once. */
  get haveRunAgain(): boolean {
    return [...this.#last.values()].some(({ runs }) => runs > 1);
  }

  /** The runs of a saga, and what has undone them. */
  inside(node: SagaNode, place: Place, pointer: PointerRow): readonly Flow[] {
    const { record, fault } = this.#found;
    const inner: Place = { ...within(node, place, pointer), saga: pointer };
    const entries = record.entries(pointer);
    const flows: Flow[] = [];
    for (const [at, entry] of entries.entries()) {
      const run: SagaRun = { from: entry.seq, before: entries[at + 1]?.seq ?? Number.POSITIVE_INFINITY };
      flows.push(this.#walker.chain(node.block, inner, entry));
      const failed = this.#undoing.failureOf(pointer, run);
      const isUndone = failed !== undefined && this.#undoing.undone(pointer, node, run, failed);
      if (at < entries.length - 1 && !isUndone) fault(`${shown(pointer)} runs again before it is undone`);
      this.#last.set(pointer, { failed, isUndone, runs: at + 1 });
    }
    if (entries.length === 0 && !hasStopped(pointer)) fault(`${shown(pointer)} is empty`);
    return flows;
  }

  /** @returns The flow behind a saga that has come to its end, good or bad. */
  end(node: SagaNode, place: Place, pointer: PointerRow): Flow {
    const { fault } = this.#found;
    const flow = this.inside(node, place, pointer).at(-1);
    const { failed, isUndone = false, runs = 0 } = this.#last.get(pointer) ?? {};
    if (failed === undefined) {
      const wasUndone = pointer.status === "compensated" && place.saga !== undefined && node.undo !== undefined;
      if (pointer.status !== "complete" && !wasUndone) fault(`${shown(pointer)} has not failed`);
      if (flow !== "cut" && flow !== "open") return "on";
      // Called off while it ran.
      if (wasUndone && this.#found.next(pointer, place) === undefined) return "cut";
      fault(`${shown(pointer)} has ended, and not all in it`);
      return "on";
    }
    if (!isUndone) fault(`${shown(pointer)} has failed, and is to be undone`);
    const { onError } = node;
    const end = onError?.kind === "retry" ? (onError.end ?? "compensate") : (onError?.kind ?? "compensate");
    if (onError?.kind === "retry") {
      if (runs <= onError.max && this.#isRetryable(failed)) fault(`${shown(pointer)} is to run again`);
      if (runs > onError.max + 1 && !this.#found.mayHaveBeenResumed) fault(`${shown(pointer)} has run ${runs} times`);
    }
    if (end === "terminate" || (end === "suspend" && onError?.kind === "retry")) {
      this.failures.push(end);
      if (pointer.status !== "failed") fault(`${shown(pointer)} is undone, and is to ${end} the instance`);
      return "open";
    }
    if (pointer.status !== "compensated") fault(`${shown(pointer)} is undone, and that is all`);
    if (end === "suspend" && !this.#found.mayHaveBeenResumed) fault(`${shown(pointer)} is to suspend the instance before it is undone`);
    if (onError?.kind !== "compensate" || place.saga === undefined) return "on";
    this.#found.failures.push({ pointer, forGood: "compensate", saga: place.saga });
    return "cut";
  }

  /** Whether a saga that may run again does so for this failure. */
  #isRetryable(failed: PointerRow): boolean {
    const node = this.#found.nodes.get(failed);
    if (node?.kind === "body") return node.at !== "forGood";
    return node?.kind !== "decide" && node?.kind !== "wait" && node?.kind !== "poll" && node?.kind !== "child" && node?.kind !== "activity";
  }
}
