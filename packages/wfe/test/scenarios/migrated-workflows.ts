import { defineEvent, type EventDefinition, WorkflowBuilder } from "../../src/index.ts";

/** Data of workflows that say what they have done, and as which version. */
export interface Trace {
  seen: string[];
}

/** An output mapping: says what a step gave. */
export const note = (text: string, data: Trace): void => void data.seen.push(text);
/** What they wait for. */
export const told: EventDefinition<string> = defineEvent<string>("told");
export const build = (): WorkflowBuilder<Trace> => new WorkflowBuilder<Trace>();
/** What they begin with. */
export const start = (): Trace => ({ seen: [] });
