import { refuseUnknownFields, WORKFLOW_STATUSES, type WorkflowFilter } from "wfe-core";
import { checkInstant, checkOptions, checkText, shown } from "./arguments.ts";

type Check = (value: unknown, what: string) => void;

const CHECKS: { readonly [K in keyof Required<WorkflowFilter>]: Check } = {
  status: (value, what) => {
    for (const status of Array.isArray(value) ? (value as readonly unknown[]) : [value])
      if (!(WORKFLOW_STATUSES as readonly unknown[]).includes(status))
        throw new RangeError(`${what} must be of ${WORKFLOW_STATUSES.join(", ")}: got ${shown(status)}`);
  },
  definitionId: checkText,
  version: ofType("number"),
  name: checkText,
  reference: checkText,
  createdAfter: checkInstant,
  createdBefore: checkInstant,
  completedBefore: checkInstant,
  hasError: ofType("boolean"),
  data: (value, what) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError(`${what} must be an object: got ${shown(value)}`);
    for (const [path, scalar] of Object.entries(value))
      if (scalar !== null && !["string", "number", "boolean"].includes(typeof scalar))
        throw new TypeError(`${what} must have texts, numbers, booleans or null: got ${shown(scalar)} at ${JSON.stringify(path)}`);
      else if (typeof scalar === "number" && !Number.isFinite(scalar))
        throw new RangeError(`${what} must have numbers that JSON has: got ${scalar} at ${JSON.stringify(path)}`);
  },
};

/**
 * A filter that callers give, who may not have a compiler: a field that is misspelled would match everything.
 *
 * @throws TypeError, RangeError that name the field
 */
export function checkFilter(filter: WorkflowFilter | undefined): WorkflowFilter {
  const checked = checkOptions(filter, "the filter");
  refuseUnknownFields(checked);
  for (const [field, value] of Object.entries(checked)) {
    if (value === undefined) continue;
    CHECKS[field as keyof WorkflowFilter](value, `${field} of the filter`); // no other field is left
  }
  return checked;
}

function ofType(type: "number" | "boolean"): Check {
  return (value, what) => {
    if (typeof value !== type) throw new TypeError(`${what} must be a ${type}: got ${shown(value)}`);
  };
}
