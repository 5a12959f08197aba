import {
  type ExecutionErrorRow,
  type InspectedSubscription,
  type InspectionRepository,
  type InspectionRequest,
  type ScheduledCommand,
  TERMINATE_COMMAND,
  type WorkflowInspection,
  type WorkflowRow,
} from "wfe-core";
import type { PostgresDatabase } from "./postgres-database.ts";
import {
  type CommandColumns,
  type ErrorColumns,
  eventSubscription,
  executionError,
  scheduledCommand,
  type SubscriptionColumns,
  WORKFLOW_COLUMNS,
  type WorkflowColumns,
  workflowRow,
} from "./rows.ts";
import { fromText, toText } from "./text.ts";

interface InspectedColumns extends SubscriptionColumns {
  readonly undelivered_id: string | null;
  readonly undelivered_at: number | null;
}

/** What people ask about an instance. */
export class InspectionStore implements InspectionRepository {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async inspectWorkflow(id: string, { pointerIds, workflowIds }: InspectionRequest): Promise<WorkflowInspection> {
    // One after the other: who asks does not take several connections from those who work.
    const pointers = [...new Set(pointerIds)].map(toText);
    const subscriptions = pointers.length === 0 ? [] : await this.#subscriptions(id, pointers);
    const lastErrors = pointers.length === 0 ? [] : await this.#lastErrors(id, pointers);
    const workflows = workflowIds.length === 0 ? [] : await this.#workflows(workflowIds);
    return { subscriptions, lastErrors, workflows, commands: await this.#commands(id) };
  }

  /** By subscriptions_workflow, once for each pointer, and events_undelivered_topic, once for each open one. */
  async #subscriptions(id: string, pointerIds: readonly string[]): Promise<readonly InspectedSubscription[]> {
    const { subscriptions, workflows, events, consumed_events: consumed } = this.#database.names.table;
    const rows = await this.#database.query<InspectedColumns>(
      `SELECT s.id, w.id AS workflow_id, s.pointer_id, s.name, s.key, s.effective_date, s.activity, s.input, e.id AS event_id, s.token,
         s.worker_id, s.token_expires_at, u.id AS undelivered_id, u.eligible_at AS undelivered_at
       FROM ${workflows} w CROSS JOIN unnest($2::text[]) AS p (id)
       CROSS JOIN LATERAL (SELECT s.* FROM ${subscriptions} s WHERE s.workflow = w.row AND s.pointer_id = p.id OFFSET 0) s
       LEFT JOIN ${events} e ON e.arrival = s.event
       LEFT JOIN LATERAL (
         SELECT u.id, u.eligible_at FROM ${events} u
         WHERE s.event IS NULL AND u.topic = s.topic AND u.name = s.name AND u.key = s.key AND NOT u.delivered
           AND CASE WHEN s.effective_date IS NULL THEN u.arrival > w.created_arrival ELSE u.time >= s.effective_date END
           AND NOT EXISTS (SELECT 1 FROM ${consumed} c WHERE c.workflow = w.row AND c.event = u.arrival)
         ORDER BY u.eligible_at NULLS FIRST, u.time, u.arrival LIMIT 1) u ON true
       WHERE w.id = $1 ORDER BY s.row`,
      [toText(id), pointerIds],
    );
    return rows.map((row) => {
      const subscription = eventSubscription(row);
      if (row.undelivered_id === null) return subscription;
      const eligible = row.undelivered_at === null ? {} : { eligibleAt: new Date(row.undelivered_at) };
      return { ...subscription, undelivered: { eventId: fromText(row.undelivered_id), ...eligible } };
    });
  }

  /** By errors_workflow, from its end, once for each pointer. */
  async #lastErrors(id: string, pointerIds: readonly string[]): Promise<readonly ExecutionErrorRow[]> {
    const { errors, workflows } = this.#database.names.table;
    const rows = await this.#database.query<ErrorColumns>(
      `SELECT x.pointer_id, x.step, x.attempt, x.at, x.code, x.message, x.stack, x.data
       FROM ${workflows} w CROSS JOIN unnest($2::text[]) AS p (id)
       CROSS JOIN LATERAL (SELECT x.* FROM ${errors} x WHERE x.workflow = w.row AND x.pointer_id = p.id ORDER BY x.row DESC LIMIT 1) x
       WHERE w.id = $1 ORDER BY x.row`,
      [toText(id), pointerIds],
    );
    return rows.map((row) => executionError(id, row));
  }

  async #workflows(ids: readonly string[]): Promise<readonly WorkflowRow[]> {
    const { workflows, definitions } = this.#database.names.table;
    const rows = await this.#database.query<WorkflowColumns>(
      `SELECT ${WORKFLOW_COLUMNS} FROM unnest($1::text[]) WITH ORDINALITY AS x (id, place)
       JOIN ${workflows} w ON w.id = x.id JOIN ${definitions} d ON d.row = w.definition ORDER BY x.place`,
      [ids.map(toText)],
    );
    return rows.map(workflowRow);
  }

  /** Of an instance that is there. */
  async #commands(id: string): Promise<readonly ScheduledCommand[]> {
    const { commands, workflows } = this.#database.names.table;
    const rows = await this.#database.query<CommandColumns>(
      `SELECT c.row, c.name, c.data, c.execute_at FROM ${commands} c
       WHERE c.name = $1 AND c.data = $2 AND EXISTS (SELECT 1 FROM ${workflows} w WHERE w.id = $2)`,
      [TERMINATE_COMMAND, toText(id)],
    );
    return rows.map(scheduledCommand);
  }
}
