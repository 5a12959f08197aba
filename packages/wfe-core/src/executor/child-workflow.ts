import { ChildTerminatedError, TimeoutError, withoutRetry, WorkflowTooDeepError } from "../errors/step-errors.ts";
import { isWfeError } from "../errors/wfe-error.ts";
import { OutputInvalidError } from "../errors/value-errors.ts";
import { WORKFLOW_COMPLETED_EVENT } from "../models/event.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StandardSchema } from "../models/standard-schema.ts";
import { OUTPUT_SCHEMA, type StepDefinition } from "../models/step-definition.ts";
import type { NewWorkflow } from "../models/workflow-row.ts";
import { validated } from "../runtime/validated.ts";
import type { StepExecutionContext } from "../traits/step-execution-context.ts";
import { releaseWait } from "./cancellation.ts";
import type { WorkflowEnd } from "./completed-event.ts";
import { dataAfter } from "./data-after.ts";
import { handleFailure } from "./error-handler.ts";
import { finish, openWait } from "./flow.ts";
import { evaluate } from "./mappings.ts";
import type { PassScope } from "./pass-scope.ts";
import { childId, withoutWait } from "./pointer-factory.ts";

/** A sub-workflow, ready to be created by the commit that waits for its end. */
export async function newChild(
  { definition, services, state, limits }: PassScope,
  step: StepDefinition,
  pointer: PointerRow,
  ctx: StepExecutionContext,
): Promise<NewWorkflow> {
  const { id, parent, rootWorkflowId, traceContext } = state.row;
  const depth = (parent?.depth ?? 0) + 1;
  if (depth > limits.maxDepth) throw new WorkflowTooDeepError(step.name, depth, limits.maxDepth);
  const { definitionId, version } = step.settings as { readonly definitionId: string; readonly version?: number }; // the definition check refuses others
  const request = {
    id: childId(state.row, pointer),
    definitionId,
    version,
    input: evaluate(definition, step, step.functions?.["input"] ?? "", ctx),
    parent: { workflowId: id, pointerId: pointer.id, depth },
    rootWorkflowId: rootWorkflowId ?? id,
    traceContext,
    signal: ctx.signal,
  };
  try {
    return await services.newChild(request);
  } catch (error) {
    const comesAgain = isWfeError(error, "WFE_DEFINITION_NOT_FOUND") || isWfeError(error, "WFE_INPUT_INVALID");
    throw comesAgain ? withoutRetry(error) : error;
  }
}

/** The child is created by the commit that waits for its end. */
export function startChild(scope: PassScope, step: StepDefinition, pointer: PointerRow, child: NewWorkflow): void {
  const { state, services } = scope;
  state.effects.children.push(child);
  const topic = { name: WORKFLOW_COMPLETED_EVENT, key: child.id, bound: { storedAfter: "creation" } } as const;
  const untilMs = step.timeoutMs === undefined ? undefined : services.clock.now() + step.timeoutMs;
  openWait(scope, { ...pointer, crashCount: 0 }, { topics: [topic], untilMs });
}

/**
 * A child has ended: its data are the value of the step. One that was terminated is a failure, and another attempt starts another child.
 *
 * @returns `false`: its data are to be checked first, which may take a while and is a run of the step's body.
 */
export function childEnded(scope: PassScope, pointer: PointerRow): boolean {
  const { state, definition } = scope;
  const step = definition.step(pointer.stepId);
  const running: PointerRow = { ...pointer, status: "running" };
  try {
    const end = endOf(scope, pointer);
    if (end.status === "complete") {
      if (step.functions?.[OUTPUT_SCHEMA] !== undefined) return false;
      finish(scope, step, running, "complete", { data: dataAfter(scope, step, running, end.data) });
      return true;
    }
    const terminated = new ChildTerminatedError(childId(state.row, pointer), end.error);
    handleFailure(scope, step, withoutWait(running), terminated);
  } catch (error) {
    handleFailure(scope, step, running, error);
  }
  return true;
}

/** What the step's schema makes of the data of a child that has completed. @throws OutputInvalidError */
export function checkedOutput(scope: PassScope, step: StepDefinition, pointer: PointerRow): Promise<unknown> {
  const schema = scope.definition.definition.functions.get(step.functions?.[OUTPUT_SCHEMA] ?? "") as StandardSchema; // the definition check refuses others
  const what = `the output of the sub-workflow ${JSON.stringify(childId(scope.state.row, pointer))}`;
  return validated(schema, endOf(scope, pointer).data, (issues) => new OutputInvalidError(what, issues));
}

function endOf({ services }: PassScope, pointer: PointerRow): WorkflowEnd {
  return services.payloads.decode(pointer.eventData ?? "", "the end of a sub-workflow") as WorkflowEnd; // sent by the engine alone
}

/** A child has taken too long: it is terminated. */
export function childTimedOut(scope: PassScope, pointer: PointerRow): void {
  const step = scope.definition.step(pointer.stepId);
  releaseWait(scope, pointer);
  const what = `the sub-workflow ${JSON.stringify(childId(scope.state.row, pointer))} of the step ${JSON.stringify(step.name)}`;
  handleFailure(scope, step, { ...withoutWait(pointer), status: "running" }, new TimeoutError(what, step.timeoutMs));
}
