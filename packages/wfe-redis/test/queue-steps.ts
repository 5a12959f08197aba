import type { QueueProvider, WorkItem } from "wfe-core";

/** What is due now of the type "workflow". */
export function take(queue: QueueProvider, limit = 100): Promise<readonly WorkItem[]> {
  return queue.dequeueWork("workflow", { limit, wait: 0 });
}

/** One item of the type "workflow", waited for. */
export function wait(queue: QueueProvider, signal?: AbortSignal): Promise<readonly WorkItem[]> {
  return queue.dequeueWork("workflow", { limit: 1, wait: "30s", ...(signal === undefined ? {} : { signal }) });
}

export function idsOf(items: readonly WorkItem[]): readonly string[] {
  return items.map(({ id }) => id);
}
