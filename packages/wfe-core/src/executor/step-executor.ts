import { NonRetryableError, TimeoutError } from "../errors/step-errors.ts";
import { resultBody } from "../models/execution-result.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import { ARTIFACT_INPUTS, type StepDefinition } from "../models/step-definition.ts";
import type { Timer } from "../traits/clock.ts";
import { checkedOutput, newChild } from "./child-workflow.ts";
import { evaluate, mapInputs } from "./mappings.ts";
import { contextOf, type PassScope } from "./pass-scope.ts";
import { isPolling, runPoll } from "./poll.ts";
import type { EngineResult } from "./result-processor.ts";
import type { StepContext } from "./step-context.ts";
import type { StepRegistry } from "./step-registry.ts";

/** How a run of a body ended. `source` is what its output mappings read. */
export type BodyOutcome = { readonly result: EngineResult; readonly source: unknown } | { readonly error: unknown };

/** A run of a body. Reports once at most; a body that goes on after its end is not heard. */
export class BodyRun {
  readonly pointer: PointerRow;
  readonly #controller = new AbortController();
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
        run.#controller.abort(error);
      });
    }
    execute(scope, steps, step, pointer, contextOf(scope, step, pointer, run.#controller.signal)).then(report, (error: unknown) => report({ error }));
    return run;
  }

  /** Calls the run off: its signal aborts, what comes of it is not heard. @returns Whether it was active. */
  abort(reason: Error): boolean {
    if (this.#over) return false;
    this.#end();
    this.#controller.abort(reason);
    return true;
  }

  #end(): void {
    this.#over = true;
    this.#timer?.cancel();
  }
}

async function execute(scope: PassScope, steps: StepRegistry, step: StepDefinition, pointer: PointerRow, ctx: StepContext): Promise<BodyOutcome> {
  if (step.kind === "pollEndpoint" || isPolling(pointer)) return { result: await runPoll(scope, step, pointer, ctx), source: undefined };
  if (step.kind === "subWorkflow") {
    if (pointer.eventData !== undefined) return { result: { kind: "next" }, source: await checkedOutput(scope, step, pointer) };
    return { result: { kind: "startChild", child: await newChild(scope, step, pointer, ctx) }, source: undefined };
  }
  const declaresArtifacts = step.functions?.[ARTIFACT_INPUTS];
  if (declaresArtifacts !== undefined) await ctx.artifacts.resolve(evaluate(scope.definition, step, declaresArtifacts, ctx), step.name);
  if (step.kind === "inline") {
    const run = scope.definition.function(step.functions?.["run"] ?? "");
    return valueOutcome(scope, await run(ctx));
  }
  const registered = steps.resolve(step);
  if (registered.form === "function") {
    const key = step.inputs?.[0];
    const input = key === undefined ? undefined : evaluate(scope.definition, step, key, ctx);
    return valueOutcome(scope, await registered.step.run(input as never, ctx as never)); // typed where the builder joined step and workflow
  }
  const body = registered.create();
  if (typeof (body as { run?: unknown } | null | undefined)?.run !== "function") {
    throw new NonRetryableError(`what was registered for ${JSON.stringify(step.stepType)} makes something without a run method`);
  }
  mapInputs(scope.definition, step, body, ctx);
  const returned: unknown = await body.run(ctx as never); // typed where the builder joined step and workflow
  const result = returned === undefined ? ({ kind: "next" } as const) : resultBody(returned);
  if (result === undefined)
    throw new NonRetryableError(`the step ${JSON.stringify(step.name)} is a class and returned something else than an ExecutionResult`);
  return { result, source: body };
}

function valueOutcome(scope: PassScope, returned: unknown): BodyOutcome {
  const result = resultBody(returned);
  if (result !== undefined) return { result, source: undefined };
  return {
    result: { kind: "next" },
    source: returned === undefined ? undefined : scope.services.payloads.stored(returned, "the value of the step"),
  };
}
