import { ConsumerLoop } from "./consumer-loop.ts";
import type { EventConsumer } from "./event-consumer.ts";
import type { HostServices } from "./host-services.ts";
import type { WorkflowConsumer } from "./workflow-consumer.ts";

/** Events taken off the queue at a time. */
const EVENTS_PER_DEQUEUE = 100;

/** Takes instances off the queue as long as there is room for them. */
export function workflowLoop(services: HostServices, workflows: WorkflowConsumer): ConsumerLoop {
  const room = async (): Promise<number> => {
    await workflows.slots.whenFree();
    return Math.max(1, workflows.slots.free);
  };
  return new ConsumerLoop(services, "workflow", room, async (items) => {
    await Promise.all(items.map((item) => workflows.consume(item)));
  });
}

/** Takes events off the queue. */
export function eventLoop(services: HostServices, events: EventConsumer): ConsumerLoop {
  return new ConsumerLoop(
    services,
    "event",
    () => Promise.resolve(EVENTS_PER_DEQUEUE),
    (items) => events.consume(items),
  );
}
