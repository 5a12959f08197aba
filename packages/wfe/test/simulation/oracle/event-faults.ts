import type { StoredEvent } from "../../../src/index.ts";
import type { FinalState } from "../../../src/test-support/simulation/simulated-program.ts";
import { EVENT } from "./build.ts";
import { endOf, type InstanceRecord, shown } from "./record.ts";

/**
 * What is wrong with the events that an instance has used: each is of the name and key that its pointer waited for; it was the earliest of those
 * not used before, by time, then arrival; and only waits that were open together share one.
 */
export function eventFaults(record: InstanceRecord, { events, consumed }: FinalState): readonly string[] {
  const faults: string[] = [];
  const byId = new Map(events.map((event) => [event.id, event]));
  const uses = consumed.flatMap(({ workflowId, pointerId, eventId }) => {
    const [pointer, event] = [record.pointer(pointerId), byId.get(eventId)];
    if (workflowId !== record.row.id) return [];
    if (pointer === undefined || event === undefined) {
      faults.push(`${record.row.id}: pointer ${pointerId} has used ${eventId}, one of which is not there`);
      return [];
    }
    return [{ pointer, event }];
  });
  // Only events that were stored after an instance was created are its own. Of a child nobody knows when that was, but before the first that it used.
  const own = uses.filter(({ event }) => event.name === EVENT).map(({ event }) => event.arrival);
  const since = record.row.parent === undefined ? 0 : Math.min(...own);
  const fault = (text: string): void => void faults.push(`${record.row.id}: ${text}`);
  for (const [at, { pointer, event }] of uses.entries()) {
    const earlier = uses.slice(0, at);
    if (earlier.some((use) => use.pointer === pointer && use.event === event)) fault(`${shown(pointer)} has used ${event.id} twice`);
    // A step that waits by its result ends later than it uses its event.
    const taken = earlier.find((use) => use.event === event && use.pointer !== pointer && endOf(use.pointer) < pointer.seq);
    if (taken !== undefined) fault(`${shown(pointer)} has used ${event.id}, which ${shown(taken.pointer)} had used before`);
    if (event.name !== EVENT) continue;
    const isUsed = (other: StoredEvent): boolean => earlier.some((use) => use.event === other);
    const passed = events.find(
      (other) => other.name === EVENT && other.key === event.key && isBefore(other, event) && other.arrival >= since && !isUsed(other),
    );
    if (passed !== undefined) fault(`${shown(pointer)} has used ${event.id}, and ${passed.id} was there before`);
  }
  return faults;
}

function isBefore(one: StoredEvent, other: StoredEvent): boolean {
  const [time, than] = [one.time.getTime(), other.time.getTime()];
  // One that came later may have been given before the other was there.
  return one.arrival < other.arrival && time <= than;
}
