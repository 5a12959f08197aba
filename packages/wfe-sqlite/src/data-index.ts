import type { IndexedPath, IndexedValue } from "wfe-core";
import type { Connection } from "./connection.ts";

// Characters of a text that stand in an index: what is longer is looked at anyway.
const PREFIX = 200;

/**
 * The key of the data's value at a path: of two values that a filter takes for equal it is one, and what shares it by chance is told apart when the
 * data is read. `'?'` is of data that SQLite cannot read, which may hold anything; no key is of what is no scalar. Of built-in functions alone, so that
 * other programs can copy the file; a text that is an index's expression has to be the same in a query.
 */
function keyOf({ keys }: IndexedPath, data: string): string {
  const path = `'$${keys.map((key) => `."${key}"`).join("")}'`;
  const number = `'d' || printf('%.12e', CAST(json_extract(${data}, ${path}) AS REAL) + 0.0)`;
  return `CASE WHEN typeof(${data}) <> 'text' OR NOT json_valid(${data}) THEN '?' ELSE CASE json_type(${data}, ${path})
    WHEN 'text' THEN 's' || substr(json_extract(${data}, ${path}), 1, ${PREFIX})
    WHEN 'integer' THEN ${number} WHEN 'real' THEN ${number}
    WHEN 'true' THEN 't' WHEN 'false' THEN 'f' WHEN 'null' THEN 'n' END END`;
}

/** Name of the index of a path. */
export function dataIndexName({ name }: IndexedPath): string {
  return `wfe_workflows_data_${name}`;
}

/** What the rows have that an index of a path finds; its placeholder is the key. */
export function dataCondition(indexed: IndexedPath): string {
  const key = keyOf(indexed, "w.data");
  return `${key} IS NOT NULL AND ${key} = ?`;
}

/** Keys of rows that may have a value. */
export function dataKeys(connection: Connection, { value }: IndexedValue): readonly string[] {
  if (typeof value !== "number" && typeof value !== "string") return [value === null ? "n" : value ? "t" : "f", "?"];
  if (typeof value === "string") {
    const { key } = connection.sql<{ key: string }>(`SELECT 's' || substr(?, 1, ${PREFIX}) AS key`).get(value) as { key: string }; // one row
    return [key, "?"];
  }
  // The last digit of what SQLite reads may be another one; that may be the border of a key.
  const near = [value, value * (1 - 4e-15), value * (1 + 4e-15)];
  const keys = near.map(
    (each) => connection.sql<{ key: string }>("SELECT 'd' || printf('%.12e', CAST(? AS REAL) + 0.0) AS key").get(each)?.key ?? "?",
  );
  return [...new Set([...keys, "?"])];
}

/** Makes the indexes that are not there yet; others are left, as other processes may ask for them. Once, however many processes try at the same moment. */
export function makeDataIndexes(connection: Connection, paths: readonly IndexedPath[]): void {
  const missing = paths.filter((path) => connection.raw.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(dataIndexName(path)) === undefined);
  if (missing.length === 0) return;
  connection.raw.exec("BEGIN IMMEDIATE");
  try {
    for (const path of missing) {
      const key = keyOf(path, "data");
      connection.raw.exec(
        `CREATE INDEX IF NOT EXISTS ${dataIndexName(path)} ON wfe_workflows (${key}, created_at) WHERE ${key} IS NOT NULL -- ${path.path}`,
      );
    }
    connection.raw.exec("COMMIT");
  } finally {
    connection.rollback(); // does nothing after the commit
  }
}
