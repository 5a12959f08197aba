import { WorkflowAlreadyExistsError, WorkflowNameTakenError } from "../../errors/workflow-errors.ts";
import type { EventRow, StoredEvent } from "../../models/event.ts";
import type { Delivery, EventSubscription, Topic } from "../../models/event-subscription.ts";
import type { ExecutionErrorRow } from "../../models/execution-error.ts";
import type { PointerRow } from "../../models/pointer-row.ts";
import type { NewWorkflow, WorkflowRecord, WorkflowRow } from "../../models/workflow-row.ts";
import { isOpen } from "../../models/workflow-status.ts";
import { InMemoryCommandStore } from "./in-memory-command-store.ts";

/** A subscription with what its delivery needs. */
export interface KeptSubscription {
  /** Replaced, never changed. */
  subscription: EventSubscription;
  readonly owner: KeptWorkflow;
  /** The event it was given, and the inbox counter of its instance then. */
  given: { readonly event: KeptEvent; readonly inboxSeq: number } | undefined;
}

/** An event with what its delivery needs. */
export interface KeptEvent {
  /** Replaced, never changed. */
  event: StoredEvent;
  /** Not handed to a sweep before. */
  visibleAt: number;
  /** How many subscriptions hold it unused. */
  holders: number;
}

/** An instance with all that belongs to it. */
export interface KeptWorkflow {
  /** Replaced, never changed. */
  row: WorkflowRow;
  /** All pointers, by id. */
  readonly pointers: Map<string, PointerRow>;
  /** The open ones among them. */
  readonly open: Map<string, PointerRow>;
  readonly subscriptions: Map<string, KeptSubscription>;
  /** Arrival numbers of the events it has used. */
  readonly consumed: Set<number>;
  readonly errors: ExecutionErrorRow[];
  /** Highest arrival number when it was created: later events were stored after it. */
  readonly createdArrival: number;
}

/** The events of one name and key, and who waits for them. */
export interface KeptTopic {
  /** By time, then arrival. */
  readonly events: KeptEvent[];
  /** Open ones, in order of creation. */
  readonly open: Set<KeptSubscription>;
}

/**
 * What several `InMemoryPersistenceProvider` share: the database. Every operation on it is one synchronous function, which makes it atomic.
 * What it keeps is never changed in place but for the containers declared here, so that it can be handed out as copies.
 */
export class InMemoryStore {
  readonly workflows: Map<string, KeptWorkflow> = new Map();
  readonly workflowIdsByName: Map<string, string> = new Map();
  readonly subscriptions: Map<string, KeptSubscription> = new Map();
  readonly events: Map<string, KeptEvent> = new Map();
  readonly undelivered: Set<KeptEvent> = new Set();
  readonly commands: InMemoryCommandStore = new InMemoryCommandStore();
  readonly #topics = new Map<string, KeptTopic>();
  readonly #sequences = new Map<string, number>();
  #arrival = 0;

  /** The topic of a name and key, made when it is new. */
  topic({ name, key }: Topic): KeptTopic {
    const id = JSON.stringify([name, key]);
    let topic = this.#topics.get(id);
    if (topic === undefined) {
      topic = { events: [], open: new Set() };
      this.#topics.set(id, topic);
    }
    return topic;
  }

  /** @throws WorkflowAlreadyExistsError, WorkflowNameTakenError; nothing is stored then. */
  refuseTaken({ id, name }: NewWorkflow): void {
    const existing = this.workflows.get(id);
    if (existing !== undefined) {
      const { definitionId, version, inputDigest } = existing.row;
      throw new WorkflowAlreadyExistsError(id, { definitionId, version, inputDigest });
    }
    const taken = this.takenOf({ id, name });
    if (taken !== undefined) throw new WorkflowNameTakenError(taken);
  }

  /** What another instance has of the name and the id of a new one: names and ids are looked up alike. */
  takenOf({ id, name }: Pick<NewWorkflow, "id" | "name">): string | undefined {
    if (this.workflowIdsByName.has(name) || (name !== id && this.workflows.has(name))) return name;
    return this.workflowIdsByName.has(id) ? id : undefined;
  }

  /** Adds an instance that {@link refuseTaken} has let through. */
  addWorkflow(workflow: NewWorkflow): void {
    const { pointers, ...given } = structuredClone(workflow);
    const sequence = pointers.reduce((highest, { seq }) => Math.max(highest, seq), 0);
    const kept: KeptWorkflow = {
      row: { ...given, status: "runnable", revision: 0, controlSeq: 0, inboxSeq: 0, sequence },
      pointers: new Map(),
      open: new Map(),
      subscriptions: new Map(),
      consumed: new Set(),
      errors: [],
      createdArrival: this.#arrival,
    };
    for (const pointer of pointers) this.putPointer(kept, pointer);
    this.workflows.set(given.id, kept);
    this.workflowIdsByName.set(given.name, given.id);
  }

  /** Writes one pointer, new or changed. */
  putPointer(kept: KeptWorkflow, pointer: PointerRow): void {
    kept.pointers.set(pointer.id, pointer);
    if (isOpen(pointer.status)) kept.open.set(pointer.id, pointer);
    else kept.open.delete(pointer.id);
  }

  /** Stores an event, undelivered. @returns Whether it is new: one whose id exists keeps what it has. */
  addEvent(event: EventRow, now: Date): boolean {
    if (this.events.has(event.id)) return false;
    this.#arrival += 1;
    const stored: StoredEvent = { ...structuredClone(event), arrival: this.#arrival, delivered: false, storedAt: new Date(now) };
    const kept: KeptEvent = { event: stored, visibleAt: event.eligibleAt?.getTime() ?? -Infinity, holders: 0 };
    const { events } = this.topic(event);
    events.splice(events.findLastIndex((other) => other.event.time.getTime() <= stored.time.getTime()) + 1, 0, kept);
    this.events.set(event.id, kept);
    this.undelivered.add(kept);
    return true;
  }

  /** Removes an event that no subscription holds. */
  removeEvent(kept: KeptEvent): void {
    const { events } = this.topic(kept.event);
    events.splice(events.indexOf(kept), 1);
    this.events.delete(kept.event.id);
  }

  /** Opens a subscription of an instance; an id that is open already is a mistake of the caller's. */
  addSubscription(owner: KeptWorkflow, subscription: EventSubscription): KeptSubscription {
    const kept: KeptSubscription = { subscription, owner, given: undefined };
    this.subscriptions.set(subscription.id, kept);
    owner.subscriptions.set(subscription.id, kept);
    this.topic(subscription).open.add(kept);
    return kept;
  }

  /** Closes a subscription and releases its event. */
  removeSubscription(kept: KeptSubscription): void {
    const { subscription, owner, given } = kept;
    if (given !== undefined) given.event.holders -= 1;
    this.subscriptions.delete(subscription.id);
    owner.subscriptions.delete(subscription.id);
    this.topic(subscription).open.delete(kept);
  }

  /** Removes an instance with all that belongs to it. */
  removeWorkflow(kept: KeptWorkflow): void {
    for (const subscription of [...kept.subscriptions.values()]) this.removeSubscription(subscription);
    this.workflows.delete(kept.row.id);
    this.workflowIdsByName.delete(kept.row.name);
  }

  /** Reserves so many numbers of a definition. @returns The first. */
  reserve(definitionId: string, count: number): number {
    const first = this.#sequences.get(definitionId) ?? 1;
    this.#sequences.set(definitionId, first + count);
    return first;
  }
}

/** Events given to an instance and not yet used, in order of delivery; what was given together by time, then by arrival. A copy. */
export function deliveriesOf(kept: KeptWorkflow): readonly Delivery[] {
  const given: { readonly inboxSeq: number; readonly event: StoredEvent; readonly delivery: Delivery }[] = [];
  for (const { subscription, given: gift } of kept.subscriptions.values()) {
    if (gift === undefined) continue;
    const { event } = gift.event;
    const { id, data } = event;
    given.push({
      inboxSeq: gift.inboxSeq,
      event,
      delivery: { subscriptionId: subscription.id, pointerId: subscription.pointerId, eventId: id, ...(data === undefined ? {} : { data }) },
    });
  }
  const before = (a: StoredEvent, b: StoredEvent): number => a.time.getTime() - b.time.getTime() || a.arrival - b.arrival;
  return given.sort((a, b) => a.inboxSeq - b.inboxSeq || before(a.event, b.event)).map(({ delivery }) => delivery);
}

/** The open pointers, and the closed ones that these compensate, in order of creation. A copy. */
export function passPointersOf(kept: KeptWorkflow): readonly PointerRow[] {
  const found = new Set(kept.open.values());
  for (const { compensates } of kept.open.values()) {
    const compensated = compensates === undefined ? undefined : kept.pointers.get(compensates);
    if (compensated !== undefined) found.add(compensated);
  }
  return structuredClone([...found].sort((a, b) => a.seq - b.seq));
}

/** An instance with all its pointers in order of creation. A copy. */
export function recordOf(kept: KeptWorkflow): WorkflowRecord {
  return structuredClone({ ...kept.row, pointers: [...kept.pointers.values()].sort((a, b) => a.seq - b.seq) });
}
