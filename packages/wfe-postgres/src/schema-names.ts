import { createHash } from "node:crypto";

// The sequence of events stands among them: what holds for the name of a table holds for its.
const TABLES = [
  "schema_versions",
  "definitions",
  "workflows",
  "workflow_names",
  "pointers",
  "events",
  "event_arrivals",
  "subscriptions",
  "consumed_events",
  "watermarks",
  "errors",
  "commands",
  "definition_sequences",
  "leases",
  "queue",
] as const;

const ROUTINES = [
  "commit_v1",
  "create_workflows_v1",
  "insert_workflows_v1",
  "insert_pointers_v1",
  "insert_events_v1",
  "insert_commands_v1",
  "earliest_event_v1",
  "keep_events_v1",
  "set_watermarks_v1",
  "deliveries_v1",
  "load_v1",
  "deliver_v1",
  "publish_v1",
  "purge_events_v1",
  "claim_due_v1",
  "claim_events_v1",
  "claim_commands_v1",
  "command_v1",
  "delete_workflows_v1",
  "data_key_v1",
  "lease_turn_v1",
  "own_leases_v1",
  "absent_owners_v1",
  "end_leases_v1",
  "queue_turn_v1",
  "tell_lifecycle_v1",
] as const;

/** A table of the schema. */
export type TableName = (typeof TABLES)[number];
/** A function of the schema; its version stands in its name, so that hosts of the version before keep the one they know. */
export type RoutineName = (typeof ROUTINES)[number];

/** Names in the database, quoted and with their schema, ready to stand in a statement. */
export interface SchemaNames {
  /** As it was given. */
  readonly schemaName: string;
  /** As it was given. */
  readonly tablePrefix: string;
  /** The schema. */
  readonly schema: string;
  readonly table: Readonly<Record<TableName, string>>;
  readonly routine: Readonly<Record<RoutineName, string>>;
  /** Name of an index, without its schema: it stands in that of its table. */
  readonly index: (name: string) => string;
  /** Channel of its notifications. */
  readonly channel: string;
  /** Channel of its lifecycle events. */
  readonly lifecycleChannel: string;
  /** Key of the advisory lock that who hears lifecycle events shares: 64 bits, as text. */
  readonly lifecycleLock: string;
  /** Key of the advisory lock under which migrations run, one for all prefixes, as each may have to make the schema: 64 bits, as text. */
  readonly migrationLock: string;
  /** Key of the advisory lock that stands for all topics of the schema: 64 bits, as text. */
  readonly topicsLock: string;
  /** First half of the keys of the advisory locks that hosts hold: 32 bits. */
  readonly presenceSpace: number;
}

const PLAIN = /^[A-Za-z_][A-Za-z0-9_-]*$/;
/** Bytes that PostgreSQL keeps of a name; it cuts the rest off without a word. */
const LONGEST_NAME = 63;
const LONGEST_PREFIX = 24;

/** Ends of prefixes that make one name of ours into another: `events` with `consumed_` before it is a table of the schema without a prefix. */
const AMBIGUOUS_ENDS: ReadonlySet<string> = new Set(
  [...TABLES, ...ROUTINES].flatMap((long) =>
    [...TABLES, ...ROUTINES].filter((short) => long.endsWith(`_${short}`)).map((short) => long.slice(0, -short.length)),
  ),
);

/** @throws RangeError for a schema or a prefix that cannot be a name, or would need other characters than plain ones. */
export function schemaNames(schemaName = "wfe", tablePrefix = ""): SchemaNames {
  if (!PLAIN.test(schemaName) || schemaName.length > LONGEST_NAME || schemaName.startsWith("pg_")) {
    throw new RangeError(
      `schema must be a letter or "_", then letters, digits, "_" or "-", ${LONGEST_NAME} at most, not beginning with "pg_": got ${JSON.stringify(schemaName)}`,
    );
  }
  if (tablePrefix !== "" && (!PLAIN.test(tablePrefix) || tablePrefix.length > LONGEST_PREFIX)) {
    throw new RangeError(
      `tablePrefix must be a letter or "_", then letters, digits, "_" or "-", ${LONGEST_PREFIX} at most, or empty: got ${JSON.stringify(tablePrefix)}`,
    );
  }
  const ambiguous = [...AMBIGUOUS_ENDS].find((end) => tablePrefix.endsWith(end));
  if (ambiguous !== undefined) {
    throw new RangeError(
      `tablePrefix must not end with ${JSON.stringify(ambiguous)}, which would make names of tables that others have without it: got ${JSON.stringify(tablePrefix)}`,
    );
  }
  const schema = quoted(schemaName);
  const qualified = <T extends string>(names: readonly T[]): Record<T, string> =>
    Object.fromEntries(names.map((name) => [name, `${schema}.${quoted(tablePrefix + name)}`])) as Record<T, string>; // an entry for each name
  const digest = createHash("sha256").update(`${schemaName}.${tablePrefix}`).digest();
  const channel = `wfe_${digest.toString("hex", 0, 12)}`;
  return {
    schemaName,
    tablePrefix,
    schema,
    table: qualified(TABLES),
    routine: qualified(ROUTINES),
    index: (name) => quoted(tablePrefix + name),
    channel,
    lifecycleChannel: `${channel}_lifecycle`,
    lifecycleLock: createHash("sha256").update(`lifecycle ${schemaName}.${tablePrefix}`).digest().readBigInt64BE(0).toString(),
    migrationLock: createHash("sha256").update(schemaName).digest().readBigInt64BE(0).toString(),
    topicsLock: digest.readBigInt64BE(16).toString(),
    presenceSpace: digest.readInt32BE(24),
  };
}

function quoted(name: string): string {
  return `"${name}"`; // made of plain characters
}
