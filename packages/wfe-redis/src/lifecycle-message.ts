import type { LifecycleEvent } from "wfe-core";

/** What is sent through the channel of lifecycle events. */
export interface LifecycleMessage {
  /** Of the publisher, from its start to its stop. */
  readonly from: string;
  /** 1 for its first. A message that is sent again, because its answer was lost, has the same. */
  readonly sequence: number;
  readonly event: LifecycleEvent;
}

const INSTANCE_TYPES: readonly string[] = ["started", "resumed", "suspended", "completed", "terminated"];
const STEP_TYPES: readonly string[] = ["stepStarted", "stepCompleted", "stepRetrying", "stepSkipped", "stepCompensated"];

type Fields = Readonly<Record<string, unknown>>;

/** A message as text. */
export function encodeMessage(message: LifecycleMessage): string {
  return JSON.stringify(message);
}

/**
 * The message of a text, its `at` a `Date` again.
 *
 * @throws Error that says what is wrong with a text that is none: anybody may publish in the channel.
 */
export function decodeMessage(text: string): LifecycleMessage {
  const message = fieldsOf(JSON.parse(text), "the message");
  const { from, sequence } = message;
  const event = fieldsOf(message["event"], "its event");
  require(typeof from === "string" && Number.isSafeInteger(sequence), "it has no sender and sequence");
  require(typeof event["workflowId"] === "string" && typeof event["definitionId"] === "string", "its event is of no workflow");
  require(typeof event["version"] === "number", "its event is of no version");
  require(["undefined", "string"].includes(typeof event["reference"]), "its event's reference is no text");
  const at = new Date(typeof event["at"] === "string" ? event["at"] : Number.NaN);
  require(!Number.isNaN(at.getTime()), "its event has no time");
  requireType(event);
  // Every field that its type names is checked.
  return { from, sequence, event: { ...event, at } } as unknown as LifecycleMessage;
}

function requireType(event: Fields): void {
  const { type } = event;
  const text = typeof type === "string" ? type : "";
  if (INSTANCE_TYPES.includes(text)) return;
  if (STEP_TYPES.includes(text)) return requireStep(event);
  require(text === "error", `its event's type ${JSON.stringify(type)} is not known`);
  const error = fieldsOf(event["error"], "its event's error");
  require(typeof error["code"] === "string" && typeof error["message"] === "string", "its event's error has no code and message");
  if (event["step"] !== undefined) requireStep(event);
}

function requireStep(event: Fields): void {
  require(typeof event["step"] === "string" && typeof event["pointerId"] === "string", "its event is of no step");
  require(typeof event["stepId"] === "number" && typeof event["attempt"] === "number", "its event is of no step");
}

function fieldsOf(value: unknown, what: string): Fields {
  require(typeof value === "object" && value !== null, `${what} is no object`);
  return value as Fields;
}

function require(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
