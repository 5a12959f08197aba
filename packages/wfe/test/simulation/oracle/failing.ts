import type { PointerRow } from "../../../src/index.ts";
import type { CallingOff } from "./calling-off.ts";
import type { Fate } from "./fates.ts";
import type { Findings } from "./findings.ts";
import type { Flow, Place } from "./place.ts";
import { isOpenPointer, shown } from "./record.ts";
import type { Node } from "./tree.ts";
import type { Undoing } from "./undoing.ts";

/** Failed attempts, and what follows from failures for good. */
export class Failing {
  readonly #found: Findings;
  readonly #undoing: Undoing;
  readonly #callingOff: CallingOff;

  constructor(found: Findings, undoing: Undoing, callingOff: CallingOff) {
    this.#found = found;
    this.#undoing = undoing;
    this.#callingOff = callingOff;
  }

  /** Whether a pointer has come to the bad end of its fate. */
  hasFailed(node: Node, pointer: PointerRow, fate: Fate): boolean {
    if (fate.forGood === undefined || node.kind === "saga") return false;
    return pointer.status === "failed" || (pointer.status === "compensated" && pointer.error !== undefined);
  }

  /** Each failed attempt leaves one error. */
  checkErrors(node: Node, pointer: PointerRow, { failures, forGood, mayComplete }: Fate, hasFailed: boolean): void {
    const { record, fault } = this.#found;
    const recorded = record.errors(pointer);
    if (recorded === undefined) return;
    // A condition that throws is recorded once for each pointer, and is no failure of the step.
    const errors = "cancelWhen" in node && node.cancelWhen?.on === "throws" ? recorded - 1 : recorded;
    this.#found.later(() => {
      if (isOpenPointer(pointer) && !hasFailed) return;
      const either = forGood !== undefined && mayComplete && !hasFailed;
      if (errors < (either ? 0 : failures)) fault(`${shown(pointer)} has ${errors} errors, not ${failures}`);
      const most = either && forGood !== undefined ? failures - 1 : failures;
      if (!this.#found.mayHaveBeenResumed && errors > most) fault(`${shown(pointer)} has ${errors} errors, and not ${most} at most`);
    });
  }

  /** @returns The flow behind a step that has failed for good. */
  failed(node: Node, pointer: PointerRow, { forGood }: Fate, place: Place): Flow {
    if (forGood === undefined) return "on";
    const { record, failures, fault } = this.#found;
    const isFailed = pointer.status === "failed";
    const waits = isFailed && record.row.status === "suspended";
    if (forGood !== "compensate") {
      // What fails while the instance is suspended changes nothing of that: it runs again when the instance is resumed.
      if (waits && forGood === "terminate") return "open";
      failures.push({ pointer, forGood, saga: undefined });
      if (!isFailed) fault(`${shown(pointer)} has failed for good, and ${forGood} is to follow`);
      return "open";
    }
    if (!isFailed || record.undoing(pointer).length > 0) return this.compensated(node, pointer, place);
    if (!waits) fault(`${shown(pointer)} has failed for good, and is to be compensated`);
    return "open";
  }

  /** @returns The flow behind a step whose failure is compensated. */
  compensated(node: Node, pointer: PointerRow, place: Place): Flow {
    const { saga, recur } = place;
    this.#found.failures.push({ pointer, forGood: "compensate", saga });
    if (saga !== undefined) return "cut";
    if (!("undo" in node) || node.undo === undefined) return recur === undefined ? "on" : "cut";
    const last = this.#undoing.undoesItself(pointer, node.undo);
    if (last === undefined) return "on";
    if (last.status !== "cancelled") return "open";
    this.#found.later(() => {
      if (!this.#callingOff.isCalledOff(undefined, place, last)) this.#found.fault(`nothing has cancelled ${shown(last)}`);
    });
    return "cut";
  }
}
