import { SAMPLE_DEFINITION } from "wfe-core/test-support";
import type { SchemaNames } from "../src/schema-names.ts";

/** Rows that {@link filling} makes. */
const WORKFLOWS = 20_000;

/**
 * SQL that fills a store as it is after months: most instances over, most events delivered or for later, little due. Ids are `f-1` and so on; topics stand
 * for nothing.
 */
export function filling({ table: t }: SchemaNames): string {
  const rows = (count: number): string => `generate_series(1, ${count}) AS i`;
  return `
    INSERT INTO ${t.definitions} (id, version, fingerprint)
      SELECT 'other ' || i, 1, 'f' FROM ${rows(3)} UNION ALL SELECT '${SAMPLE_DEFINITION.id}', 1, '${SAMPLE_DEFINITION.fingerprint}'
      ON CONFLICT DO NOTHING;
    INSERT INTO ${t.workflows} (id, name, definition, status, revision, control_seq, inbox_seq, sequence, due_at, created_at, completed_at,
        created_arrival, creation_id, commit_id, input_digest, reference, parent_id, parent_pointer_id, parent_depth, data)
      SELECT 'f-' || i, 'name of f-' || i, (SELECT d.row FROM ${t.definitions} d WHERE d.id = '${SAMPLE_DEFINITION.id}'),
        CASE WHEN i % 10 < 7 THEN 'complete' WHEN i % 10 = 7 THEN 'terminated' WHEN i % 200 = 8 THEN 'suspended' ELSE 'runnable' END,
        4, 0, 0, 5, CASE WHEN i % 10 > 7 AND i % 20 <> 8 THEN 1900000000000 + i END, 1700000000000 + i,
        CASE WHEN i % 10 <= 7 THEN 1700000000000 + i END, 0, 'x', 'c', 'd', 'r-' || i,
        CASE WHEN i % 10 = 9 THEN 'f-' || (i - 1) END, CASE WHEN i % 10 = 9 THEN '1' END, CASE WHEN i % 10 = 9 THEN 1 END, '{"customer":{"id":' || i || '}}'
      FROM ${rows(WORKFLOWS)};
    INSERT INTO ${t.workflow_names} (name, workflow) SELECT w.id, w.row FROM ${t.workflows} w UNION ALL SELECT w.name, w.row FROM ${t.workflows} w
      ON CONFLICT DO NOTHING;
    INSERT INTO ${t.pointers} (workflow, id, seq, step_id, status, scope, attempt, retry_count, crash_count, result_count, end_seq)
      SELECT w.row, i::text, i, i % 4, CASE WHEN i < 5 THEN 'complete' ELSE 'pending' END, '[]', 1, 0, 0, 1, CASE WHEN i < 5 THEN i END
      FROM ${t.workflows} w, ${rows(5)} WHERE w.id LIKE 'f-%';
    INSERT INTO ${t.events} (id, name, key, topic, data, time, stored_at, delivered, visible_at)
      SELECT 'f-' || i, 'n', i::text, i, '{}', 1700000000000 + i, 1700000000000 + i, i % 10 > 0, CASE WHEN i % 10 > 0 THEN 0 ELSE 1900000000000 + i END
      FROM ${rows(20_000)};
    INSERT INTO ${t.subscriptions} (id, workflow, pointer_id, name, key, topic, activity, activity_topic)
      SELECT 'f-' || i, w.row, '5', 'n', i::text, 100000 + i, CASE WHEN i % 2 = 0 THEN 'a' || i % 50 END, CASE WHEN i % 2 = 0 THEN i % 50 END
      FROM ${rows(5_000)} JOIN ${t.workflows} w ON w.id = 'f-' || i * 4;
    INSERT INTO ${t.consumed_events} (workflow, event) SELECT w.row, e.arrival FROM ${t.workflows} w JOIN ${t.events} e ON e.id = w.id WHERE e.delivered;
    INSERT INTO ${t.watermarks} (workflow, topic, name, key, time, arrival)
      SELECT w.row, i % 50, 'n', (i % 50)::text, 1700000000000 + i, i FROM ${rows(5_000)} JOIN ${t.workflows} w ON w.id = 'f-' || i;
    INSERT INTO ${t.errors} (workflow, pointer_id, step, attempt, at, code, message)
      SELECT w.row, '1', 's', 1, 1, 'c', 'm' FROM ${t.workflows} w WHERE w.id LIKE 'f-%';
    INSERT INTO ${t.commands} (name, data, execute_at) SELECT 'c', 'f-' || i, 1900000000000 + i FROM ${rows(20_000)};
    INSERT INTO ${t.definition_sequences} (definition_id, next) SELECT 'f-' || i, 1 FROM ${rows(2_000)};
    INSERT INTO ${t.queue} (key, type, due_at, seq) SELECT 'workflow:f-' || i, 'workflow', 1900000000000 + i, i FROM ${rows(5_000)};`;
}
