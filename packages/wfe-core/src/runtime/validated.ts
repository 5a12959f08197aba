import type { SchemaIssue, StandardSchema } from "../models/standard-schema.ts";

/**
 * What a schema makes of a value.
 *
 * @param refusal - The error of a refusal, given one line for each issue.
 * @throws what `refusal` gives; whatever the schema itself throws; TypeError for what is none.
 */
export async function validated(schema: StandardSchema, value: unknown, refusal: (issues: readonly string[]) => Error): Promise<unknown> {
  if (!isSchema(schema)) throw new TypeError("the schema is no Standard Schema (standardschema.dev)");
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  throw refusal(result.issues.map(lineOf));
}

/** Whether a value has the interface of standardschema.dev. */
export function isSchema(value: unknown): value is StandardSchema {
  const schema = value as { readonly "~standard"?: { readonly validate?: unknown } } | null | undefined;
  return typeof schema?.["~standard"]?.validate === "function";
}

function lineOf(issue: SchemaIssue): string {
  const path = issue.path?.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return path === undefined || path === "" ? issue.message : `${path}: ${issue.message}`;
}
