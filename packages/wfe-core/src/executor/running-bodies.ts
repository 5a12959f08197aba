import type { CancelReason } from "../errors/step-errors.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import { type BodyTiming, bodyTiming } from "./body-timing.ts";
import type { PassInput } from "./pass-input.ts";
import type { PassScope } from "./pass-scope.ts";
import { BodyRun } from "./step-executor.ts";
import type { StepRegistry } from "./step-registry.ts";

interface Started {
  readonly run: BodyRun;
  readonly timing: BodyTiming | undefined;
}

/** The bodies that a pass has started: until what came of them is committed. */
export class RunningBodies {
  readonly #runs = new Map<string, Started>();
  #active = 0;

  /** How many run: their end was not heard yet, nor were they called off. */
  get active(): number {
    return this.#active;
  }

  /** Starts the bodies of pointers that a commit has said to run; those that it has cancelled too are left out. */
  start(scope: PassScope, steps: StepRegistry, pointers: readonly PointerRow[], heard: (input: PassInput) => void): void {
    for (const { id, attempt } of pointers) {
      const pointer = scope.state.pointer(id);
      if (pointer?.status !== "running" || pointer.attempt !== attempt) continue;
      const timing = bodyTiming(scope, pointer.stepId);
      const run = BodyRun.start(scope, steps, scope.definition.step(pointer.stepId), pointer, (outcome) => {
        this.#active -= 1;
        timing?.(outcome);
        heard({ kind: "settled", pointerId: id, attempt, outcome });
      });
      this.#active += 1;
      this.#runs.set(id, { run, timing });
    }
  }

  /** The inputs were committed: their bodies are done with, as are those whose pointers the commit has cancelled. */
  forget(scope: PassScope, inputs: readonly PassInput[]): void {
    for (const input of inputs) if (input.kind === "settled" || input.kind === "interrupted") this.#runs.delete(input.pointerId);
    if (this.#runs.size === 0) return;
    for (const [pointerId, started] of this.#runs) {
      const pointer = scope.state.pointer(pointerId);
      if (pointer?.status === "running" && pointer.attempt === started.run.pointer.attempt) continue;
      this.#callOff(started, "cancelled");
      this.#runs.delete(pointerId);
    }
  }

  /** Calls off all that run: what comes of them is not heard. @returns Inputs that say so. */
  abort(reason: CancelReason): readonly PassInput[] {
    return [...this.#runs].flatMap(([pointerId, started]) =>
      this.#callOff(started, reason) ? [{ kind: "interrupted" as const, pointerId, attempt: started.run.pointer.attempt }] : [],
    );
  }

  #callOff({ run, timing }: Started, reason: CancelReason): boolean {
    if (!run.abort(reason)) return false;
    this.#active -= 1;
    timing?.(undefined);
    return true;
  }
}
