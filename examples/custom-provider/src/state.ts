import {
  type EventSubscription,
  type ExecutionErrorRow,
  type NewWorkflow,
  type PointerRow,
  type StoredEvent,
  type Topic,
  type WorkflowRow,
  WorkflowNameTakenError,
} from "wfe-core";

/** An instance with all that belongs to it, but for its subscriptions. */
export interface KeptWorkflow {
  row: WorkflowRow;
  readonly pointers: Map<string, PointerRow>;
  readonly errors: ExecutionErrorRow[];
  /** Arrival numbers of the events it has used. */
  readonly consumed: number[];
  /** The last arrival number when it was created: later events were stored after it. */
  readonly createdArrival: number;
}

/** A subscription, and the inbox counter of its instance when it was given its event. */
export interface KeptSubscription {
  subscription: EventSubscription;
  inboxSeq?: number;
}

/** An event, and until when it is hidden from those who look for undelivered ones. */
export interface KeptEvent {
  event: StoredEvent;
  visibleAt?: Date;
}

/** A command that is owed. */
export interface KeptCommand {
  readonly name: string;
  readonly data: string;
  /** When it is handed over next: its time, later the end of a claim. */
  at: Date;
  /** Number of the claim under which it is being handled. */
  claim?: number;
  /** Scheduled again while it is being handled. */
  againAt?: Date;
}

/** All that is stored. Maps keep the order in which their entries were made. */
export interface State {
  readonly workflows: Map<string, KeptWorkflow>;
  readonly subscriptions: Map<string, KeptSubscription>;
  readonly events: Map<string, KeptEvent>;
  readonly commands: Map<string, KeptCommand>;
  /** The next number of each definition. */
  readonly sequences: Map<string, number>;
  /** The last arrival number of an event. */
  arrival: number;
  /** The last number of a claim of commands. */
  claim: number;
}

/** What an empty file means. */
export function emptyState(): State {
  return { workflows: new Map(), subscriptions: new Map(), events: new Map(), commands: new Map(), sequences: new Map(), arrival: 0, claim: 0 };
}

/** Ids of all instances by their names. */
export function idsByName(state: State): Map<string, string> {
  return new Map([...state.workflows.values()].map(({ row }) => [row.name, row.id]));
}

/**
 * A name is usable wherever an id is, so neither may be taken as the other.
 *
 * @throws WorkflowNameTakenError when another instance has the name or the id of a new one.
 */
export function refuseTakenName(state: State, names: ReadonlyMap<string, string>, { id, name }: NewWorkflow): void {
  if (names.has(name) || (name !== id && state.workflows.has(name))) throw new WorkflowNameTakenError(name);
  if (names.has(id)) throw new WorkflowNameTakenError(id);
}

/** Adds an instance whose id and name are free. */
export function addWorkflow(state: State, { pointers, ...given }: NewWorkflow): void {
  const sequence = Math.max(0, ...pointers.map(({ seq }) => seq));
  state.workflows.set(given.id, {
    row: { ...given, status: "runnable", revision: 0, controlSeq: 0, inboxSeq: 0, sequence },
    pointers: new Map(pointers.map((pointer) => [pointer.id, pointer])),
    errors: [],
    consumed: [],
    createdArrival: state.arrival,
  });
}

/** Subscriptions of an instance, in order of creation. */
export function subscriptionsOf(state: State, workflowId: string): readonly KeptSubscription[] {
  return [...state.subscriptions.values()].filter(({ subscription }) => subscription.workflowId === workflowId);
}

/** Events of a topic, by time, then arrival. */
export function eventsOf(state: State, { name, key }: Topic): readonly KeptEvent[] {
  return [...state.events.values()].filter(({ event }) => event.name === name && event.key === key).sort(byTime);
}

/** The order of events: by time, then arrival. */
export function byTime({ event: a }: KeptEvent, { event: b }: KeptEvent): number {
  return a.time.getTime() - b.time.getTime() || a.arrival - b.arrival;
}

/** Pointers in order of creation. */
export function inOrder(pointers: Iterable<PointerRow>): readonly PointerRow[] {
  return [...pointers].sort((a, b) => a.seq - b.seq);
}
