import { CancelledError, type CancelReason, TimeoutError } from "../errors/step-errors.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import { ARTIFACT_INPUTS, type StepDefinition } from "../models/step-definition.ts";
import { LateSignal } from "../runtime/late-signal.ts";
import type { Timer } from "../traits/clock.ts";
import { runInside } from "./around-step.ts";
import { checkedOutput, newChild } from "./child-workflow.ts";
import { evaluate } from "./mappings.ts";
import { contextOf, type PassScope } from "./pass-scope.ts";
import { isPolling, runPoll } from "./poll.ts";
import { type BodyResult, readyBody } from "./ready-body.ts";
import type { StepContext } from "./step-context.ts";
import type { StepRegistry } from "./step-registry.ts";

/** How a run of a body ended. */
export type BodyOutcome = BodyResult | { readonly error: unknown };

/** A run of a body. Reports once at most; a body that goes on after its end is not heard. */
export class BodyRun {
  readonly pointer: PointerRow;
  readonly #signal = new LateSignal();
  #timer: Timer | undefined;
  #over = false;

  private constructor(pointer: PointerRow) {
    this.pointer = pointer;
  }

  /** Starts the body of a pointer. `settled` is called in a later micro-task. */
  static start(scope: PassScope, steps: StepRegistry, step: StepDefinition, pointer: PointerRow, settled: (outcome: BodyOutcome) => void): BodyRun {
    const run = new BodyRun(pointer);
    const report = (outcome: BodyOutcome): void => {
      if (run.#over) return;
      run.#end();
      settled(outcome);
    };
    // Of a sub-workflow it bounds the schemas, which may be asynchronous; the wait for its end has it once more.
    const limit = step.timeoutMs;
    if (limit !== undefined) {
      run.#timer = scope.services.clock.setTimer(limit, () => {
        const error = new TimeoutError(`the step ${JSON.stringify(step.name)}`, limit);
        report({ error });
        run.#signal.abort(() => error);
      });
    }
    const ctx = contextOf(scope, step, pointer, run.#signal);
    const callOff = (reason: Error): void => run.#signal.abort(() => reason);
    execute(scope, steps, step, pointer, ctx, callOff).then(report, (error: unknown) => report({ error }));
    return run;
  }

  /** Calls the run off: its signal aborts, what comes of it is not heard. @returns Whether it was active. */
  abort(reason: CancelReason): boolean {
    if (this.#over) return false;
    this.#end();
    this.#signal.abort(() => new CancelledError(reason));
    return true;
  }

  #end(): void {
    this.#over = true;
    this.#timer?.cancel();
  }
}

/** Does what a step does; what throws, at once or later, is the rejection. */
function execute(
  scope: PassScope,
  steps: StepRegistry,
  step: StepDefinition,
  pointer: PointerRow,
  ctx: StepContext,
  callOff: (reason: Error) => void,
): Promise<BodyResult> {
  const polls = step.kind === "pollEndpoint" || isPolling(pointer);
  if (polls || step.kind === "subWorkflow") return executeEngines(scope, step, pointer, ctx, polls);
  const declaresArtifacts = step.functions?.[ARTIFACT_INPUTS] !== undefined;
  if (declaresArtifacts || scope.services.middleware?.aroundStep !== undefined) return executeInside(scope, steps, step, ctx, callOff);
  return runBody(scope, steps, step, ctx);
}

/** Not an `async` function: most steps come to no more than this, and each would have one. */
function runBody(scope: PassScope, steps: StepRegistry, step: StepDefinition, ctx: StepContext): Promise<BodyResult> {
  try {
    const body = readyBody(scope, steps, step, ctx);
    return Promise.resolve(body.run()).then((returned) => body.resultOf(returned));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** What the engine does itself. */
async function executeEngines(scope: PassScope, step: StepDefinition, pointer: PointerRow, ctx: StepContext, polls: boolean): Promise<BodyResult> {
  if (polls) return { result: await runPoll(scope, step, pointer, ctx), source: undefined };
  if (pointer.eventData !== undefined) return { result: { kind: "next" }, source: await checkedOutput(scope, step, pointer) };
  return { result: { kind: "startChild", child: await newChild(scope, step, pointer, ctx) }, source: undefined };
}

/** A body with what comes before it, and around it. */
async function executeInside(
  scope: PassScope,
  steps: StepRegistry,
  step: StepDefinition,
  ctx: StepContext,
  callOff: (reason: Error) => void,
): Promise<BodyResult> {
  const declaresArtifacts = step.functions?.[ARTIFACT_INPUTS];
  if (declaresArtifacts !== undefined) await ctx.artifacts.resolve(evaluate(scope.definition, step, declaresArtifacts, ctx), step.name);
  const around = scope.services.middleware?.aroundStep;
  if (around !== undefined) return runInside(around, scope, ctx, () => readyBody(scope, steps, step, ctx), callOff);
  return runBody(scope, steps, step, ctx);
}
