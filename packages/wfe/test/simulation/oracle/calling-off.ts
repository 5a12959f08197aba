import type { PointerRow } from "../../../src/index.ts";
import { FLAG } from "./build.ts";
import type { Findings } from "./findings.ts";
import { type Flow, isFork, type Place } from "./place.ts";
import { endOf, isOpenPointer, shown } from "./record.ts";
import type { Node } from "./tree.ts";
import type { Undoing } from "./undoing.ts";

/** What is cancelled, by what, and what follows from it. */
export class CallingOff {
  readonly #found: Findings;
  readonly #undoing: Undoing;
  /** The first to raise the flag. */
  #raised: PointerRow | undefined;
  #endedAt = Number.POSITIVE_INFINITY;

  constructor(found: Findings, undoing: Undoing) {
    this.#found = found;
    this.#undoing = undoing;
  }

  /** When a step has ended the workflow, in the order of the ends; `Infinity` when none has. */
  get endedAt(): number {
    return this.#endedAt;
  }

  /** A step has raised the flag. */
  raises(pointer: PointerRow): void {
    if (this.#raised === undefined || endOf(pointer) < endOf(this.#raised)) this.#raised = pointer;
  }

  /** A step has ended the workflow. */
  ends(pointer: PointerRow): void {
    this.#endedAt = Math.min(this.#endedAt, endOf(pointer));
  }

  /** @returns The flow behind a cancelled pointer. */
  cancelled(node: Node, place: Place, pointer: PointerRow): Flow {
    const { fault } = this.#found;
    const own = "cancelWhen" in node ? node.cancelWhen : undefined;
    this.#found.later(() => {
      if (!this.isCalledOff(own, place, pointer)) fault(`nothing has cancelled ${shown(pointer)}`);
    });
    if (isFork(node) && pointer.attempt > 0) return "on";
    if (own === undefined || own.on === "throws" || (own.on === "flag" && !this.#isRaised)) return "cut";
    if (this.#found.next(pointer, place) !== undefined) {
      if (own.proceed !== true) fault(`the flow goes on behind ${shown(pointer)}`);
      return "on";
    }
    return own.proceed === true ? "on" : "ended";
  }

  /** @returns The flow behind something that has not come to its end. */
  stopped(place: Place, pointer: PointerRow): Flow {
    if (pointer.status === "cancelled") return this.cancelled({ kind: "end" }, place, pointer);
    this.#found.unlessOpen(pointer, "has not come to its end");
    return "open";
  }

  /** Something is to follow, and does not: only what has ended while its saga failed, or was cancelled, is not followed. */
  cutBehind(last: PointerRow, place: Place): Flow {
    this.#found.later(() => {
      const isCut = last.status === "cancelled" ? this.isCalledOff(undefined, place, last) : this.#undoing.isFailing(place.containers, endOf(last));
      if (!isCut) this.#found.fault(`nothing follows ${shown(last)}`);
    });
    return "cut";
  }

  /** Whether something has called a pointer off. */
  isCalledOff(own: { readonly on: "start" | "flag" | "throws" } | undefined, { containers, saga, recur }: Place, pointer: PointerRow): boolean {
    const { record, failures } = this.#found;
    const end = endOf(pointer);
    if (record.row.status === "terminated" || end >= this.#endedAt) return true;
    if (containers.some(({ status }) => status === "cancelled")) return true;
    if (own?.on === "start" || (own?.on === "flag" && this.#raised !== undefined && this.#raised.seq < end)) return true;
    if (saga !== undefined && this.#undoing.isFailing(containers, end)) return true;
    if (recur === undefined) return false;
    return (
      failures.some(({ pointer: of, forGood }) => forGood === "compensate" && of.scope.includes(recur.id) && endOf(of) <= end) ||
      // Its last run, called off by what others have written.
      record.pointers.some((other) => !other.scope.includes(recur.id) && this.#mayWrite(other) && endOf(other) <= end)
    );
  }

  /** A raised flag cancels at once. */
  checkFlag(pointer: PointerRow): void {
    const raised = this.#raised;
    if (raised === undefined || pointer.status === "cancelled") return;
    // Unless it is finished by that very result.
    const isAround = raised.scope.includes(pointer.id);
    if (isOpenPointer(pointer) || (endOf(pointer) > endOf(raised) && !isAround))
      this.#found.fault(`${shown(pointer)} goes on although the flag was raised`);
  }

  get #isRaised(): boolean {
    return this.#found.record.data.counts[FLAG] !== undefined;
  }

  #mayWrite(pointer: PointerRow): boolean {
    return this.#found.record.hasWritten(pointer) || pointer.stepName?.endsWith("turn") === true;
  }
}
