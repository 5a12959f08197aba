import { LIFECYCLE_EVENT_TYPES, type LifecycleEvent } from "../models/lifecycle-event.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * For publishers: the lifecycle event of a JSON value, its `at` a `Date` again.
 *
 * @param value - What `JSON.parse` has given for the JSON of an event.
 * @throws Error that says what is wrong with a value that is none: anybody may publish in a channel.
 */
export function decodeLifecycleEvent(value: unknown): LifecycleEvent {
  const event = fieldsOf(value, "the event");
  require(typeof event["workflowId"] === "string" && typeof event["definitionId"] === "string", "the event is of no workflow");
  require(typeof event["version"] === "number", "the event is of no version");
  require(["undefined", "string"].includes(typeof event["reference"]), "the event's reference is no text");
  const at = new Date(typeof event["at"] === "string" ? event["at"] : Number.NaN);
  require(!Number.isNaN(at.getTime()), "the event has no time");
  requireType(event);
  return { ...event, at } as LifecycleEvent; // every field that its type names is checked
}

function requireType(event: Fields): void {
  const type = LIFECYCLE_EVENT_TYPES.find((known) => known === event["type"]);
  require(type !== undefined, `the event's type ${JSON.stringify(event["type"])} is not known`);
  if (type === "error") {
    const error = fieldsOf(event["error"], "the event's error");
    require(typeof error["code"] === "string" && typeof error["message"] === "string", "the event's error has no code and message");
    if (event["step"] === undefined) return;
  } else if (!type.startsWith("step")) return;
  require(typeof event["step"] === "string" && typeof event["pointerId"] === "string", "the event is of no step");
  require(typeof event["stepId"] === "number" && typeof event["attempt"] === "number", "the event is of no step");
}

function fieldsOf(value: unknown, what: string): Fields {
  require(typeof value === "object" && value !== null, `${what} is no object`);
  return value as Fields;
}

function require(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
