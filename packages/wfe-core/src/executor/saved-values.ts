import { StepExecutionError } from "../errors/step-errors.ts";
import { isPosition, keysOf, placeAt } from "../models/data-path.ts";
import type { DataPath } from "../models/expression.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { type ExpressionScope, expressionValue } from "./expressions.ts";

/**
 * Writes what `saveAs` of a step says into a draft of the data.
 *
 * @param source - What the step gave.
 * @param what - Names the mapping in messages.
 * @throws StepExecutionError when something that has no fields is in the way, or a list would get a hole.
 */
export function saveValues(
  saveAs: NonNullable<StepDefinition["saveAs"]>,
  source: unknown,
  draft: unknown,
  scope: ExpressionScope,
  what: string,
): void {
  for (const [target, from] of Object.entries(saveAs)) {
    write(draft, target, typeof from === "string" ? placeAt(source, from).value : expressionValue(from, scope), what);
  }
}

function write(draft: unknown, target: DataPath, value: unknown, what: string): void {
  const keys = keysOf(target);
  let holder = draft;
  for (const [at, key] of keys.entries()) {
    if (!holdsFields(holder)) throw refused(keys.slice(0, at), "is neither an object nor a list", target, what);
    const slot = slotOf(holder, key);
    if (slot === undefined) throw refused(keys.slice(0, at), `is a list, which has no place ${JSON.stringify(key)}`, target, what);
    const fields = holder as Record<string | number, unknown>;
    if (at === keys.length - 1) fields[slot] = value;
    else if (!Object.hasOwn(fields, slot) || fields[slot] === null || fields[slot] === undefined) fields[slot] = keys[at + 1] === "-" ? [] : {};
    holder = fields[slot];
  }
}

/** Not a Map or a Date, for example, which a codec may have put there. */
function holdsFields(value: unknown): value is object {
  return Array.isArray(value) || Object.prototype.toString.call(value) === "[object Object]";
}

/** Where a key stands in its holder; `undefined`: nowhere in a list, not even at its end. */
function slotOf(holder: object, key: string): string | number | undefined {
  if (!Array.isArray(holder)) return key;
  const position = key === "-" ? holder.length : isPosition(key) ? Number(key) : Number.POSITIVE_INFINITY;
  return position <= holder.length ? position : undefined;
}

function refused(path: readonly string[], problem: string, target: DataPath, what: string): StepExecutionError {
  const place = path.length === 0 ? "the data" : `the value at ${JSON.stringify(path.join("."))}`;
  return new StepExecutionError(`${what} cannot write to ${JSON.stringify(target)}: ${place} ${problem}`);
}
