import type { TraceContext } from "wfe-core";
import { checkText, shown } from "./arguments.ts";

/** Bytes of a trace context, names and values together: W3C Baggage alone may have 8,192, and goes through every load of the instance. */
const LONGEST = 8_192;

/**
 * The trace context of a start, copied.
 *
 * @returns `undefined` for one without a field.
 * @throws TypeError for what is no object of strings; RangeError for an empty name, or more than 8,192 bytes.
 */
export function checkTraceContext(value: unknown): TraceContext | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(
      `traceContext must be an object of strings, such as { traceparent }: got ${Array.isArray(value) ? "an array" : shown(value)}`,
    );
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  let size = 0;
  for (const [name, field] of fields) {
    if (name === "") throw new RangeError("a field of traceContext needs a name: got an empty one");
    size += Buffer.byteLength(name) + Buffer.byteLength(checkText(field, `the field ${shown(name)} of traceContext`));
  }
  if (size > LONGEST)
    throw new RangeError(`traceContext has ${size} bytes, the limit is ${LONGEST}: leave out baggage, or keep what it says in the workflow's data`);
  return fields.length === 0 ? undefined : (Object.fromEntries(fields) as TraceContext); // texts, as was checked
}
