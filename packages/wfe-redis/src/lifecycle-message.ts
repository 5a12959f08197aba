import { decodeLifecycleEvent, type LifecycleEvent, type LifecycleMessage } from "wfe-core";

/** A message of one event as the text that is sent through the channel of lifecycle events. */
export function encodeMessage(from: string, sequence: number, event: LifecycleEvent): string {
  return JSON.stringify({ from, sequence, event });
}

/**
 * The message of a text.
 *
 * @throws Error that says what is wrong with a text that is none: anybody may publish in the channel.
 */
export function decodeMessage(text: string): LifecycleMessage {
  const message: unknown = JSON.parse(text);
  const { from, sequence, event } = (message ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof from !== "string" || !Number.isSafeInteger(sequence)) throw new Error("it has no sender and sequence");
  return { from, sequence: sequence as number, events: [decodeLifecycleEvent(event)] };
}
