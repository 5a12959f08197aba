import type { ExecutionError, ExecutionErrorRow, InstanceError } from "../models/execution-error.ts";
import type { ExecutionPointer } from "../models/execution-pointer.ts";
import type { JsonValue } from "../models/json.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { WorkflowInstance } from "../models/workflow-instance.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
import type { Payloads } from "../runtime/payloads.ts";

/** A pointer as people and steps see it; payloads are decoded when they are asked for. */
export function pointerView(row: PointerRow, payloads: Payloads): ExecutionPointer {
  const { seq: _seq, crashCount: _crashes, resultCount: _results, item, persistenceData, outcome, error, eventData: _eventData, ...rest } = row;
  const view: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(rest)) if (value !== undefined) view[field] = value;
  const lazily = (field: string, text: string | undefined): void => {
    if (text === undefined) return;
    Object.defineProperty(view, field, {
      enumerable: true,
      get: () => payloads.decode(text, `the ${field} of a pointer`),
    });
  };
  lazily("item", item);
  lazily("persistenceData", persistenceData);
  lazily("outcome", outcome);
  lazily("error", error);
  return Object.freeze(view) as unknown as ExecutionPointer; // the fields are the row's own, less the engine's
}

/** An instance as people and steps see it. */
export function instanceView<TData>(row: WorkflowRow, data: TData, error: InstanceError | undefined): WorkflowInstance<TData> {
  return Object.freeze({
    id: row.id,
    name: row.name,
    definitionId: row.definitionId,
    version: row.version,
    status: row.status,
    data,
    createdAt: row.createdAt,
    ...(row.reference === undefined ? {} : { reference: row.reference }),
    ...(error === undefined ? {} : { error }),
    ...(row.parent === undefined
      ? {}
      : {
          parent: {
            workflowId: row.parent.workflowId,
            pointerId: row.parent.pointerId,
          },
        }),
    ...(row.rootWorkflowId === undefined ? {} : { rootWorkflowId: row.rootWorkflowId }),
    ...(row.traceContext === undefined ? {} : { traceContext: row.traceContext }),
    ...(row.dueAt === undefined ? {} : { dueAt: row.dueAt }),
    ...(row.completedAt === undefined ? {} : { completedAt: row.completedAt }),
  });
}

/** A stored instance, decoded. @throws WfeError `WFE_PAYLOAD_UNREADABLE` */
export function decodedInstance(row: WorkflowRow, payloads: Payloads): WorkflowInstance {
  return instanceView(row, payloads.decode(row.data, "the data"), decodedError(row, payloads));
}

/** The error of an instance, decoded. */
export function decodedError(row: WorkflowRow, payloads: Payloads): InstanceError | undefined {
  return row.error === undefined ? undefined : (payloads.decode(row.error, "the error") as InstanceError); // written by this engine alone
}

/** A recorded failure, decoded. */
export function errorView(row: ExecutionErrorRow, payloads: Payloads): ExecutionError {
  const { data, ...rest } = row;
  return data === undefined
    ? rest
    : {
        ...rest,
        data: payloads.decode(data, "the data of an error") as JsonValue,
      };
}
