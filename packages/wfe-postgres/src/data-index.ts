import type { IndexedPath, IndexedValue } from "wfe-core";
import type { MigrationTarget } from "./migrate.ts";
import type { SchemaNames } from "./schema-names.ts";
import { toText } from "./text.ts";

/** Characters of a text that stand in an index, whose rows have a longest size: what is longer is looked at anyway. As `data_key_v1` has it. */
const PREFIX = 200;

/** Name of the index of a path, without its schema. */
function dataIndexName({ index }: SchemaNames, { name }: IndexedPath): string {
  return index(`workflows_data_${name}`);
}

/** The key of the data's value at a path, of which there is an index; `data_key_v1` says what it is. */
export function dataKey({ routine }: SchemaNames, { keys }: IndexedPath, data: string): string {
  return `(${routine.data_key_v1}(${data}, '{${keys.map((key) => `"${key}"`).join(",")}}'::text[]) COLLATE "C")`;
}

/** Keys of rows that may have a value, as `data_key_v1` makes them. */
export function dataKeys({ value }: IndexedValue): readonly string[] {
  if (value === null) return ["n", "?"];
  if (typeof value === "boolean") return [value ? "t" : "f", "?"];
  if (typeof value === "string") return [toText(`s${Array.from(value).slice(0, PREFIX).join("")}`), "?"];
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value + 0); // of the two zeros one
  return [`d${bytes.toString("hex")}`, "?"];
}

/** The statement that makes the index of a path. */
function dataIndexSql(names: SchemaNames, path: IndexedPath): string {
  const key = dataKey(names, path, "data");
  return `CREATE INDEX IF NOT EXISTS ${dataIndexName(names, path)} ON ${names.table.workflows} (${key}, created_at, id) WHERE ${key} IS NOT NULL`;
}

/**
 * Makes the indexes that are not there yet; others are left, as other hosts may ask for them. Once, however many hosts try at the same moment. Where
 * all are there, nothing is asked for but that.
 */
export async function makeDataIndexes({ names, run, transaction }: MigrationTarget, paths: readonly IndexedPath[]): Promise<void> {
  for (const path of paths) {
    const [known] = await run<{ exists: boolean }>("SELECT to_regclass($1) IS NOT NULL AS exists", [`${names.schema}.${dataIndexName(names, path)}`]);
    if (known?.exists === true) continue;
    await transaction(async (step) => {
      // Until the end of the transaction, so that it works through a pooler, too.
      await step("SELECT pg_advisory_xact_lock($1)", [names.migrationLock]);
      await step(dataIndexSql(names, path));
    });
  }
}
