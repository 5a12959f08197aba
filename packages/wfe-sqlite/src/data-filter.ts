import { matchesData, type WorkflowFilter } from "wfe-core";
import { fromText } from "./text.ts";

/**
 * {@link matchesData} as a function of SQL.
 *
 * @param data - A column of encoded data.
 * @param wanted - JSON of a filter's `data`.
 * @returns 1 or 0, as SQL has it.
 */
export function sqlMatchesData(data: unknown, wanted: unknown): 0 | 1 {
  const filter = JSON.parse(String(wanted)) as NonNullable<WorkflowFilter["data"]>; // written by `workflow-query.ts`
  return matchesData(fromText(data as string | Buffer), filter) ? 1 : 0; // a column of text
}
