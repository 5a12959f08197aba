import { CancelledError } from "../errors/step-errors.ts";
import { resultBody, resultOfValue } from "../models/execution-result.ts";
import type { StepResult } from "../traits/middleware.ts";
import type { Onion } from "./middleware-runner.ts";
import type { PassScope } from "./pass-scope.ts";
import { type BodyResult, type ReadyBody, valueResult } from "./ready-body.ts";
import type { StepContext } from "./step-context.ts";

/**
 * A run of a body inside the middleware.
 *
 * @param ready - Makes the body, its inputs mapped; called once before the middleware is entered, and again for each further `next()`.
 * @param callOff - Aborts the signal of the run.
 * @throws whatever leaves the middleware
 */
export async function runInside(
  around: Onion<StepContext, StepResult>,
  scope: PassScope,
  ctx: StepContext,
  ready: () => ReadyBody,
  callOff: (reason: Error) => void,
): Promise<BodyResult> {
  const outcomes = new Map<StepResult, BodyResult>();
  let unused: ReadyBody | undefined = ready();
  let last = unused;
  let running = 0;
  const core = async (): Promise<StepResult> => {
    ctx.signal.throwIfAborted(); // the run is over for the engine: nothing starts any more
    const body = unused ?? ready();
    unused = undefined;
    last = body;
    running += 1;
    try {
      const outcome = body.resultOf(await body.run());
      const shown = shownResult(outcome, body);
      outcomes.set(shown, outcome);
      return shown;
    } finally {
      running -= 1;
    }
  };
  try {
    const left = await around(ctx, core);
    return outcomes.get(left) ?? ownResult(scope, left, last);
  } finally {
    if (running > 0) callOff(new CancelledError("cancelled")); // a middleware has not waited for it
  }
}

/** The result as middleware sees it, which has the value of a function in it. */
function shownResult({ result, source }: BodyResult, { object }: ReadyBody): StepResult {
  return resultBody(result) === undefined ? resultOfValue(object === undefined ? source : undefined) : (result as StepResult); // what the body has returned
}

/** A result that a middleware has made: a value in it stands for what the output mappings would have read. */
function ownResult(scope: PassScope, left: StepResult, { object }: ReadyBody): BodyResult {
  const { result, source } = valueResult(scope, left);
  return { result, source: source ?? object };
}
