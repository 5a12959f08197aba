import type { PointerRow, StoredEvent } from "../../../src/index.ts";
import type { FinalState } from "../../../src/test-support/simulation/simulated-program.ts";
import { dateOf, EVENT } from "./build.ts";
import { endOf, type InstanceRecord, shown } from "./record.ts";
import { type Names, nodesOf, type Tree } from "./tree.ts";

/** Before the wall clock of any host has begun, however wrong it is. */
const LONG_AGO_MS = -4_000;

/**
 * What is wrong with the events that an instance has used: each is of the name and key that its pointer waited for; it was the earliest of those
 * not used before, by time, then arrival; and only waits that were open together share one.
 */
export function eventFaults(tree: Tree, names: Names, record: InstanceRecord, { events, consumed }: FinalState): readonly string[] {
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
  const sinceOf = new Map(
    nodesOf(tree.chain).flatMap((node) => (node.kind === "wait" && node.since !== undefined ? [[names.of(node), node.since] as const] : [])),
  );
  const dateFor = (pointer: PointerRow): Date | undefined => {
    const since = sinceOf.get(pointer.stepName ?? "");
    return since === undefined ? undefined : dateOf(since);
  };
  // Only events that were stored after an instance was created are its own. Of a child nobody knows when that was, but before the first that it used.
  const own = uses.filter(({ pointer, event }) => event.name === EVENT && dateFor(pointer) === undefined).map(({ event }) => event.arrival);
  const createdAt = record.row.parent === undefined ? 0 : Math.min(...own);
  const fault = (text: string): void => void faults.push(`${record.row.id}: ${text}`);
  for (const [at, { pointer, event }] of uses.entries()) {
    const earlier = uses.slice(0, at);
    if (earlier.some((use) => use.pointer === pointer && use.event === event)) fault(`${shown(pointer)} has used ${event.id} twice`);
    // A step that waits by its result ends later than it uses its event.
    const taken = earlier.find((use) => use.event === event && use.pointer !== pointer && endOf(use.pointer) < pointer.seq);
    if (taken !== undefined) fault(`${shown(pointer)} has used ${event.id}, which ${shown(taken.pointer)} had used before`);
    if (event.name !== EVENT) continue;
    const isUsed = (other: StoredEvent): boolean => earlier.some((use) => use.event === other);
    const date = dateFor(pointer);
    const counts = (other: StoredEvent): boolean => (date === undefined ? other.arrival >= createdAt : other.time >= date);
    if (!counts(event)) fault(`${shown(pointer)} has used ${event.id}, which does not count for it`);
    // One that is dated in the future is not there yet; those without a date are at once, and bear the time of whatever clock.
    const isThere = (other: StoredEvent): boolean => !isDated(tree, other) || isDated(tree, event) || other.time < dateOf(LONG_AGO_MS);
    const passed = events.find(
      (other) => other.name === EVENT && other.key === event.key && isBefore(other, event) && counts(other) && isThere(other) && !isUsed(other),
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

/** Whether an event was published with a date of its own. */
function isDated({ datesMs = [] }: Tree, { id }: StoredEvent): boolean {
  return id.startsWith("late ") || Number(id.split(" ")[0]) < datesMs.length;
}
