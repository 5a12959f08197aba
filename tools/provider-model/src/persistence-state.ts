import type {
  CommitResult,
  EventRow,
  EventSubscription,
  ExecutionErrorRow,
  NewWorkflow,
  PointerRow,
  ScheduledCommand,
  StoredEvent,
  WorkflowRow,
} from "wfe-core";

/** An instance in the model. */
export interface ModelInstance {
  row: WorkflowRow;
  /** By id. */
  readonly pointers: Map<string, PointerRow>;
  /** Arrivals of events before its creation. */
  readonly bornAt: number;
  /** Ids of the events it has used. */
  readonly used: Set<string>;
  /** What its last commit was answered. */
  lastAnswer: CommitResult | undefined;
}

/** An event in the model; `arrival` counts from 1. */
export interface ModelEvent extends StoredEvent {
  /** Hidden from sweeps until then. */
  readonly claimedUntil?: Date;
  /** It came at one moment with a delivery, which may have given it to some and yet left it to the next delivery. */
  readonly mayBeUndelivered?: true;
}

/** A subscription in the model. */
export interface ModelSubscription extends EventSubscription {
  /** Order of creation. */
  readonly opened: number;
  /** When it was given its event: deliveries that this says nothing about are in no order. */
  readonly place?: { readonly delivery: number; readonly timeMs: number; readonly arrival: number };
}

/** A command in the model. */
export interface ModelCommand extends ScheduledCommand {
  /** Of a handling that failed. */
  readonly claimedUntil?: Date;
}

/** All that a store holds: nothing but what the traits tell of it. Plain data, copied by `structuredClone`. */
export interface PersistenceState {
  readonly instances: Map<string, ModelInstance>;
  readonly events: Map<string, ModelEvent>;
  readonly subscriptions: Map<string, ModelSubscription>;
  readonly commands: Map<string, ModelCommand>;
  readonly errors: Map<string, readonly ExecutionErrorRow[]>;
  readonly numbers: Map<string, number>;
  arrivals: number;
  /** Of these events it is known that they were there before the calls of this moment. */
  settledArrivals: number;
  openings: number;
  deliveries: number;
}

/** An empty store. */
export function emptyState(): PersistenceState {
  return {
    instances: new Map(),
    events: new Map(),
    subscriptions: new Map(),
    commands: new Map(),
    errors: new Map(),
    numbers: new Map(),
    arrivals: 0,
    settledArrivals: 0,
    openings: 0,
    deliveries: 0,
  };
}

/** Pointers of an instance, in order of creation. */
export function pointersOf(instance: ModelInstance): readonly PointerRow[] {
  return [...instance.pointers.values()].toSorted((a, b) => a.seq - b.seq);
}

/** Subscriptions of an instance, in order of creation. */
export function subscriptionsOf(state: PersistenceState, workflowId: string): readonly ModelSubscription[] {
  return [...state.subscriptions.values()].filter((subscription) => subscription.workflowId === workflowId);
}

/** A subscription as a provider shows it. */
export function shownSubscription({ opened: _opened, place: _place, ...subscription }: ModelSubscription): EventSubscription {
  return subscription;
}

/** Whether a name or an id cannot be given to a new instance: one is usable wherever the other is. */
export function isTaken(state: PersistenceState, { id, name }: NewWorkflow): boolean {
  return [...state.instances.values()].some(({ row }) => row.id !== id && (row.name === name || row.id === name || row.name === id));
}

/** Stores an instance that may be. */
export function addInstance(state: PersistenceState, { pointers, ...workflow }: NewWorkflow): void {
  state.instances.set(workflow.id, {
    row: {
      ...workflow,
      status: "runnable",
      revision: 0,
      controlSeq: 0,
      inboxSeq: 0,
      sequence: Math.max(0, ...pointers.map(({ seq }) => seq)),
    },
    pointers: new Map(pointers.map((pointer) => [pointer.id, pointer])),
    bornAt: state.arrivals,
    used: new Set(),
    lastAnswer: undefined,
  });
}

/** Stores an event; one whose id is there stays as it is. */
export function addEvent(state: PersistenceState, event: EventRow, now: Date): void {
  if (state.events.has(event.id)) return;
  state.arrivals += 1;
  state.events.set(event.id, { ...event, arrival: state.arrivals, delivered: false, storedAt: now });
}

/** Stores a command; one that waits gets the earlier time. */
export function addCommand(state: PersistenceState, command: ScheduledCommand): void {
  const key = JSON.stringify([command.name, command.data]);
  const waiting = state.commands.get(key);
  const executeAt = waiting === undefined ? command.executeAt : earlier(waiting.executeAt, command.executeAt);
  state.commands.set(key, { ...waiting, ...command, executeAt });
}

export function earlier(a: Date, b: Date): Date {
  return a.getTime() <= b.getTime() ? a : b;
}
