import { QUEUE_TYPES, type QueueType } from "wfe-core";
import type { SessionListener } from "./session.ts";

/** What {@link queueListener} calls. */
export interface QueueListenerOptions {
  /** Whose own notifications are passed over: it has looked already. */
  readonly sender: string;
  /** There may be entries of these types. */
  readonly onQueued: (types: readonly QueueType[]) => void;
}

/**
 * Hears what the turns of other senders have left in the queue. Each turn tells of a type once at most, and not at all behind a
 * backlog: `queue <type> <sender>`, sent within the turn. It is committed without waiting for the disk, so that the lock that all notifications of a
 * server share is held for a moment only, and never for as long as a commit of the engine takes. Also who keeps no session sends them, which works
 * through every pooler: others of the fleet may listen.
 */
export function queueListener({ sender, onQueued }: QueueListenerOptions): SessionListener {
  return {
    onMessage: (payload) => {
      const [subject, of, from] = payload.split(" ");
      if (subject !== "queue" || from === sender) return;
      const types = QUEUE_TYPES.filter((type) => type === of);
      if (types.length > 0) onQueued(types);
    },
    // What was said meanwhile is lost.
    onRestored: () => onQueued(QUEUE_TYPES),
  };
}
