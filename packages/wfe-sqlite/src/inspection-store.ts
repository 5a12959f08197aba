import {
  type EventSubscription,
  type ExecutionErrorRow,
  type InspectedSubscription,
  type InspectionRepository,
  type InspectionRequest,
  TERMINATE_COMMAND,
  type WorkflowInspection,
} from "wfe-core";
import type { Connection } from "./connection.ts";
import {
  type CommandColumns,
  type ErrorColumns,
  eventSubscription,
  executionError,
  scheduledCommand,
  type SubscriptionColumns,
  type Text,
  WORKFLOW_COLUMNS,
  type WorkflowColumns,
  workflowRow,
} from "./rows.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { fromText, toText } from "./text.ts";

// Each looks into one index for each pointer that is asked for: by wfe_subscriptions_workflow, in the order of row numbers; by
// wfe_events_undelivered_topic; by wfe_errors_workflow, from its end.
const SUBSCRIPTIONS = `
  SELECT s.row, s.id, w.id AS workflow_id, s.pointer_id, s.name, s.key, s.effective_date, s.activity, s.input, e.id AS event_id, s.token,
    s.worker_id, s.token_expires_at, w.created_arrival
  FROM wfe_workflows w JOIN wfe_subscriptions s ON s.workflow = w.row LEFT JOIN wfe_events e ON e.arrival = s.event
  WHERE w.row = ? AND s.pointer_id = ?`;
const UNDELIVERED = `
  SELECT e.id, e.eligible_at FROM wfe_events e INDEXED BY wfe_events_undelivered_topic
  WHERE e.name = ? AND e.key = ? AND e.delivered = 0 AND e.arrival > ? AND e.time >= ?
    AND NOT EXISTS (SELECT 1 FROM wfe_consumed_events c WHERE c.workflow = ? AND c.event = e.arrival)
  ORDER BY e.eligible_at, e.time, e.arrival LIMIT 1`;
const LAST_ERROR = `
  SELECT x.row, x.pointer_id, x.step, x.attempt, x.at, x.code, x.message, x.stack, x.data FROM wfe_errors x
  WHERE x.workflow = ? AND x.pointer_id = ? ORDER BY x.row DESC LIMIT 1`;
const WORKFLOW = `
  SELECT ${WORKFLOW_COLUMNS} FROM wfe_workflows w JOIN wfe_definitions d ON d.row = w.definition WHERE w.id = ?`;

interface InspectedColumns extends SubscriptionColumns {
  readonly row: number;
  readonly created_arrival: number;
}

/** What people ask about an instance. */
export class InspectionStore implements InspectionRepository {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  inspectWorkflow(id: string, { pointerIds, workflowIds }: InspectionRequest): Promise<WorkflowInspection> {
    return this.#database.read((connection) =>
      connection.snapshot(() => {
        const row = connection.sql<{ row: number }>("SELECT row FROM wfe_workflows WHERE id = ?").get(toText(id))?.row;
        const pointers = row === undefined ? [] : [...new Set(pointerIds)];
        return {
          subscriptions: row === undefined ? [] : subscriptionsOf(connection, row, pointers),
          lastErrors: row === undefined ? [] : lastErrorsOf(connection, id, row, pointers),
          workflows: workflowIds.flatMap((other) => {
            const found = connection.sql<WorkflowColumns>(WORKFLOW).get(toText(other));
            return found === undefined ? [] : [workflowRow(found)];
          }),
          commands: row === undefined ? [] : commandsFor(connection, id),
        };
      }),
    );
  }
}

function subscriptionsOf(connection: Connection, workflow: number, pointerIds: readonly string[]): readonly InspectedSubscription[] {
  return pointerIds
    .flatMap((pointerId) => connection.sql<InspectedColumns>(SUBSCRIPTIONS).all(workflow, toText(pointerId)))
    .toSorted((a, b) => a.row - b.row)
    .map((row) => inspected(connection, workflow, row));
}

function inspected(connection: Connection, workflow: number, row: InspectedColumns): InspectedSubscription {
  const subscription: EventSubscription = eventSubscription(row);
  if (subscription.eventId !== undefined) return subscription;
  // Of the two bounds one is none.
  const [arrival, time] = row.effective_date === null ? [row.created_arrival, Number.MIN_SAFE_INTEGER] : [0, row.effective_date];
  const found = connection
    .sql<{ id: Text; eligible_at: number | null }>(UNDELIVERED)
    .get(toText(subscription.name), toText(subscription.key), arrival, time, workflow);
  if (found === undefined) return subscription;
  const eligible = found.eligible_at === null ? {} : { eligibleAt: new Date(found.eligible_at) };
  return { ...subscription, undelivered: { eventId: fromText(found.id), ...eligible } };
}

function lastErrorsOf(connection: Connection, id: string, workflow: number, pointerIds: readonly string[]): readonly ExecutionErrorRow[] {
  return pointerIds
    .flatMap((pointerId) => connection.sql<ErrorColumns & { row: number }>(LAST_ERROR).get(workflow, toText(pointerId)) ?? [])
    .toSorted((a, b) => a.row - b.row)
    .map((row) => executionError(id, row));
}

function commandsFor(connection: Connection, id: string): WorkflowInspection["commands"] {
  return connection
    .sql<CommandColumns>("SELECT row, name, data, execute_at FROM wfe_commands WHERE name = ? AND data = ?")
    .all(TERMINATE_COMMAND, toText(id))
    .map(scheduledCommand);
}
