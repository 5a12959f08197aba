/** Every type of queue. */
export const QUEUE_TYPES = ["workflow", "event"] as const;
/** `workflow`: ids of instances to look at; `event`: ids of events to deliver. */
export type QueueType = (typeof QUEUE_TYPES)[number];
