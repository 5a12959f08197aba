/** Columns of a pointer but for its instance, in the order in which functions get and give them, with their types. */
export const POINTER_COLUMNS = [
  ["id", "text"],
  ["seq", "bigint"],
  ["step_id", "bigint"],
  ["step_name", "text"],
  ["status", "text"],
  ["scope", "text"],
  ["attempt", "bigint"],
  ["retry_count", "bigint"],
  ["crash_count", "bigint"],
  ["result_count", "bigint"],
  ["predecessor_id", "text"],
  ["due_at", "bigint"],
  ["started_at", "bigint"],
  ["ended_at", "bigint"],
  ["end_seq", "bigint"],
  ["item", "text"],
  ["item_index", "bigint"],
  ["persistence_data", "text"],
  ["outcome", "text"],
  ["event_name", "text"],
  ["event_key", "text"],
  ["event_data", "text"],
  ["compensates", "text"],
  ["error", "text"],
] as const;

/** Their names, in order. */
export const POINTER_NAMES: string = POINTER_COLUMNS.map(([name]) => name).join(", ");

/** What a pointer that is written again gets. */
export const POINTER_UPDATES: string = POINTER_COLUMNS.slice(1)
  .map(([name]) => `${name} = excluded.${name}`)
  .join(", ");

/** Values of a pointer that is given as a JSON list. */
export function pointerFromJson(list: string): string {
  return POINTER_COLUMNS.map(([, type], index) => (type === "text" ? `${list}->>${index}` : `(${list}->>${index})::${type}`)).join(", ");
}

/** A pointer as a JSON list. */
export function pointerToJson(alias: string): string {
  return `json_build_array(${POINTER_COLUMNS.map(([name]) => `${alias}.${name}`).join(", ")})`;
}
