import { NonRetryableError } from "../errors/step-errors.ts";
import { SerializationError } from "../errors/value-errors.ts";
import { durationMs } from "../models/duration.ts";
import { mayBeAwaited } from "../models/event.ts";
import type { ResultBody } from "../models/execution-result.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import type { NewWorkflow } from "../models/workflow-row.ts";
import { cancelPointer } from "./cancellation.ts";
import { startChild } from "./child-workflow.ts";
import { dataAfter } from "./data-after.ts";
import { finish, openBlocks, openWait } from "./flow.ts";
import { instantOf, type PassScope } from "./pass-scope.ts";
import { applyPoll, beginPoll, type PollResult } from "./poll.ts";
import { isGivenUp } from "./saga-state.ts";

/** A result of a run: of a user's body, or of one of the engine's own. */
export type EngineResult =
  | ResultBody
  /** A sub-workflow, ready to be created. */
  | { readonly kind: "startChild"; readonly child: NewWorkflow }
  | PollResult;

/** Results with which a step has finished; a poll of the engine, though not one that a step has asked for. */
const ENDS: ReadonlySet<EngineResult["kind"]> = new Set<EngineResult["kind"]>(["next", "outcome", "polled", "pollTimedOut"]);

/** Whether a step has finished with this result, unless a mapping of it fails. */
export function endsStep(result: EngineResult): boolean {
  return ENDS.has(result.kind);
}

/**
 * Applies the result of a run of a step's body.
 *
 * @param source - What output mappings read: the step object of a class, the value of a function.
 * @throws what makes the result a failed attempt: a failing mapping, a value that cannot be stored, a branch without a block. The caller rolls
 * nothing back: nothing was put before the last thing that can throw.
 */
export function applyResult(scope: PassScope, step: StepDefinition, pointer: PointerRow, result: EngineResult, source: unknown): void {
  if (!endsStep(result) && isGivenUp(scope, pointer)) {
    cancelPointer(scope, pointer); // it has not finished, and is not run again
    return;
  }
  switch (result.kind) {
    case "next":
    case "outcome": {
      const { payloads } = scope.services;
      const outcome = result.kind === "outcome" ? payloads.stored(result.value, "the outcome") : undefined;
      const patch = result.output === undefined ? undefined : payloads.stored(result.output, "the output");
      const data = dataAfter(scope, step, pointer, source, patch);
      finish(scope, step, pointer, "complete", outcome === undefined ? { data } : { data, outcome });
      return;
    }
    case "persist":
      scope.state.put({
        ...afterResult(scope, pointer, result.persistenceData),
        status: "pending",
      });
      return;
    case "sleep": {
      const next = afterResult(scope, pointer, result.persistenceData);
      const delay = sleepMs(result.duration);
      scope.state.put(
        delay === 0
          ? { ...next, status: "pending" }
          : {
              ...next,
              status: "sleeping",
              dueAt: instantOf(scope.services.clock.now() + delay),
            },
      );
      return;
    }
    case "startChild":
      startChild(scope, step, pointer, result.child);
      return;
    case "waitForEvent":
      waitForEvent(scope, step, pointer, result);
      return;
    case "branch":
      branch(scope, step, pointer, result);
      return;
    case "pollEndpoint":
      beginPoll(scope, afterResult(scope, pointer, undefined), result.config);
      return;
    case "pollAgain":
    case "polled":
    case "pollTimedOut":
      applyPoll(scope, step, pointer, result);
      return;
  }
}

/** The pointer behind a result that does not end the step: its next run has another idempotency key, and all its retries. */
function afterResult(scope: PassScope, pointer: PointerRow, persistenceData: unknown): PointerRow {
  const kept = persistenceData === undefined ? {} : { persistenceData: encoded(scope, persistenceData) };
  return {
    ...pointer,
    ...kept,
    eventData: undefined,
    dueAt: undefined,
    resultCount: pointer.resultCount + 1,
    crashCount: 0,
    retryCount: 0,
  };
}

function encoded(scope: PassScope, persistenceData: unknown): string {
  const { payloads } = scope.services;
  return payloads.encode(payloads.stored(persistenceData, "the persistence data"), "the persistence data", payloads.limits.data);
}

function sleepMs(duration: Parameters<typeof durationMs>[0]): number {
  try {
    return durationMs(duration, "the duration of a sleep");
  } catch (cause) {
    throw new NonRetryableError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function waitForEvent(scope: PassScope, step: StepDefinition, pointer: PointerRow, result: Extract<ResultBody, { kind: "waitForEvent" }>): void {
  const { name, key, effectiveDate } = result;
  if (typeof name !== "string" || name === "" || typeof key !== "string") {
    throw new NonRetryableError(`the step ${JSON.stringify(step.name)} waits for an event without a name or a key: both are strings`);
  }
  if (!mayBeAwaited(name)) {
    throw new NonRetryableError(`the step ${JSON.stringify(step.name)} waits for ${JSON.stringify(name)}, which is an event of the engine's own`);
  }
  if (effectiveDate !== undefined && !(effectiveDate instanceof Date && !Number.isNaN(effectiveDate.getTime()))) {
    throw new NonRetryableError(`the step ${JSON.stringify(step.name)} waits for an event with an effectiveDate that is no valid Date`);
  }
  const bound = effectiveDate === undefined ? ({ storedAfter: "creation" } as const) : { effectiveDate };
  openWait(scope, afterResult(scope, pointer, undefined), { topics: [{ name, key, bound }] });
}

function branch(scope: PassScope, step: StepDefinition, pointer: PointerRow, result: Extract<ResultBody, { kind: "branch" }>): void {
  const block = step.blocks?.find((candidate) => candidate.role === "children");
  if (block === undefined) {
    throw new NonRetryableError(`the step ${JSON.stringify(step.name)} branches but has no block to run: give it one with .children((b) => …)`);
  }
  if (!Array.isArray(result.values)) throw new NonRetryableError(`the step ${JSON.stringify(step.name)} branches over something that is no array`);
  const { payloads } = scope.services;
  const values = result.values.map((value, index) => {
    if (value === undefined) throw new SerializationError("a branch value", `[${index}]`, "is undefined: use null");
    return payloads.stored(value, "a branch value", `[${index}]`);
  });
  // It runs again behind its branches if it was given state here: what it persisted before does not count.
  const container: PointerRow = {
    ...afterResult(scope, { ...pointer, persistenceData: undefined }, result.persistenceData),
    status: "running",
  };
  openBlocks(
    scope,
    container,
    values.map((value, index) => ({ block, item: { value, index } })),
  );
  scope.state.put(container);
  if (values.length === 0) scope.state.markDrained(container.id);
}

/** The branches of a step have ended: it runs again if it keeps persistence data, else it has finished. */
export function applyBranchesEnded(scope: PassScope, step: StepDefinition, pointer: PointerRow): void {
  if (pointer.persistenceData !== undefined) scope.state.put({ ...pointer, status: "pending" });
  else finish(scope, step, pointer, "complete");
}
