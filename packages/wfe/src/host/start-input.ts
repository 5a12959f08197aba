import { hash } from "node:crypto";
import { type AnyDefinition, InputInvalidError, SerializationError, type StandardSchema, validated } from "wfe-core";
import stableStringify from "safe-stable-stringify";

/**
 * The data an instance starts with: what the definition's `inputSchema` makes of the input, then what its `initialData` makes of that.
 *
 * @throws InputInvalidError when the schema refuses the input; whatever `initialData` throws.
 */
export async function initialDataOf(definition: AnyDefinition, input: unknown): Promise<unknown> {
  const schema = definition.functions.get("inputSchema") as StandardSchema | undefined;
  const initial = definition.functions.get("initialData") as ((input: unknown) => unknown) | undefined;
  const checked = schema === undefined ? input : await validInput(schema, input, `the input of the workflow ${JSON.stringify(definition.id)}`);
  return initial === undefined ? checked : initial(checked);
}

/** What a schema makes of a value. @throws InputInvalidError with all its issues. */
export function validInput(schema: StandardSchema, value: unknown, what: string): Promise<unknown> {
  return validated(schema, value, (issues) => new InputInvalidError(what, issues));
}

/**
 * SHA-256 over the canonical JSON of a start input, hexadecimal: tells a repeated start from another one.
 *
 * @throws SerializationError when the input has no JSON: it is nested too deep, or a `toJSON` or getter of it throws.
 */
export function inputDigest(input: unknown): string {
  let text: string | undefined;
  try {
    text = stableStringify(input);
  } catch (cause) {
    throw new SerializationError("the input", "", `has no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return hash("sha256", text ?? "", "hex");
}
