import { CancelledError, type CancelReason } from "../errors/step-errors.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { PassInput } from "./decision.ts";
import type { PassScope } from "./pass-scope.ts";
import { BodyRun } from "./step-executor.ts";
import type { StepRegistry } from "./step-registry.ts";

/** The bodies that a pass has started and not yet heard to the end: until what came of them is committed. */
export class RunningBodies {
  readonly #runs = new Map<string, BodyRun>();

  get size(): number {
    return this.#runs.size;
  }

  /** Starts the bodies of pointers that a commit has said to run; those that it has cancelled too are left out. */
  start(scope: PassScope, steps: StepRegistry, pointers: readonly PointerRow[], heard: (input: PassInput) => void): void {
    for (const { id, attempt } of pointers) {
      const pointer = scope.state.pointer(id);
      if (pointer?.status !== "running" || pointer.attempt !== attempt) continue;
      const run = BodyRun.start(scope, steps, scope.definition.step(pointer.stepId), pointer, (outcome) =>
        heard({ kind: "settled", pointerId: id, attempt, outcome }),
      );
      this.#runs.set(id, run);
    }
  }

  /** The inputs were committed: their bodies run no longer, nor do those whose pointers the commit has cancelled. */
  forget(scope: PassScope, inputs: readonly PassInput[]): void {
    for (const input of inputs) if (input.kind === "settled" || input.kind === "interrupted") this.#runs.delete(input.pointerId);
    for (const [pointerId, run] of this.#runs) {
      const pointer = scope.state.pointer(pointerId);
      if (pointer?.status === "running" && pointer.attempt === run.pointer.attempt) continue;
      run.abort(new CancelledError("cancelled"));
      this.#runs.delete(pointerId);
    }
  }

  /** Calls all off: what comes of them is not heard. @returns Inputs that say so. */
  abort(reason: CancelReason): readonly PassInput[] {
    for (const run of this.#runs.values()) run.abort(new CancelledError(reason));
    return [...this.#runs.keys()].map((pointerId) => ({
      kind: "interrupted",
      pointerId,
    }));
  }
}

/** How many bodies these inputs have to say the last word of. */
export function endedBodies(inputs: readonly PassInput[]): number {
  return inputs.reduce((count, input) => (input.kind === "settled" || input.kind === "interrupted" ? count + 1 : count), 0);
}
