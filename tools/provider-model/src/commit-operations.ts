import fc from "fast-check";
import type {
  CommitResult,
  EventRow,
  ExecutionErrorRow,
  NewSubscription,
  NewWorkflow,
  PersistenceProvider,
  PointerRow,
  ScheduledCommand,
  WorkflowChange,
  WorkflowStatus,
} from "wfe-core";
import { compared, difference, type Operation, type Outcome, shown } from "./call.ts";
import { commit } from "./commit-rules.ts";
import { isEligible, pending, wrongDeliveries } from "./delivery-rules.ts";
import { addInstance, isTaken, type PersistenceState, subscriptionsOf } from "./persistence-state.ts";
import { choice, idOf, instanceTarget, moment, pick, reading, record, SUBSCRIPTION_IDS, type Target, text } from "./values.ts";
import { executionError, newEvent, newSubscription, newWorkflow, pointers, scheduledCommand } from "./workflow-values.ts";

type PersistenceOperation = Operation<PersistenceState, PersistenceProvider>;

/** `createNewWorkflow`. */
export const createNewWorkflow: fc.Arbitrary<PersistenceOperation> = fc.tuple(newWorkflow, reading).map(([workflow, now]) => ({
  kind: "createNewWorkflow",
  plan: () => ({
    text: `createNewWorkflow(${shown(workflow)})`,
    run: (provider) => provider.createNewWorkflow(workflow, now),
    judge: (state, outcome) => {
      const existing = state.instances.get(workflow.id);
      if (existing !== undefined) {
        const { definitionId, version, inputDigest } = existing.row;
        return compared(outcome, { refusal: { code: "WFE_WORKFLOW_ALREADY_EXISTS", existing: { definitionId, version, inputDigest } } });
      }
      if (isTaken(state, workflow)) return compared(outcome, { refusal: { code: "WFE_WORKFLOW_NAME_TAKEN" } });
      addInstance(state, workflow);
      return compared(outcome, { answer: workflow.id });
    },
  }),
}));

/** A commit, before it is known which instance there is and what it has. */
interface CommitInput {
  readonly target: Target;
  readonly expects: "right" | "revision before" | "revision after" | "control before" | "control after";
  readonly inbox?: "right" | "before";
  readonly seen: number;
  readonly commitId: "new" | "again" | "of another";
  readonly status?: WorkflowStatus;
  readonly data?: string;
  readonly sequence: number;
  readonly dueAt?: Date;
  readonly error?: string;
  readonly completedAt?: Date;
  readonly pointers: readonly PointerRow[];
  readonly open: readonly NewSubscription[];
  /** Whether it opens those of others, and one twice. */
  readonly takes: boolean;
  readonly consume: readonly number[];
  readonly consumeUnknown: boolean;
  readonly close: readonly number[];
  readonly closeOther?: string;
  readonly children: readonly NewWorkflow[];
  readonly events: readonly EventRow[];
  readonly commands: readonly ScheduledCommand[];
  readonly errors: readonly Omit<ExecutionErrorRow, "workflowId">[];
  readonly now: Date;
}

/** Mostly nothing. */
function few<T>(arbitrary: fc.Arbitrary<T>, maxLength = 2): fc.Arbitrary<readonly T[]> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<readonly T[]>([]) },
    { weight: 1, arbitrary: fc.array(arbitrary, { minLength: 1, maxLength }) },
  );
}

/** Mostly the first. */
function mostly<T>(first: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 6 * others.length, arbitrary: fc.constant(first) },
    ...others.map((each) => ({ weight: 1, arbitrary: fc.constant(each) })),
  );
}

const commitInput: fc.Arbitrary<CommitInput> = fc
  .record({
    fields: record<CommitInput>(
      {
        target: instanceTarget,
        expects: mostly<CommitInput["expects"]>("right", "revision before", "revision after", "control before", "control after"),
        inbox: mostly<"right" | "before">("right", "before"),
        seen: fc.nat(1),
        commitId: mostly<CommitInput["commitId"]>("new", "again", "of another"),
        status: fc.constantFrom<WorkflowStatus>("runnable", "suspended", "suspended", "complete", "terminated"),
        data: text,
        sequence: fc.nat(9),
        dueAt: moment,
        error: text,
        completedAt: moment,
        pointers: fc.oneof(fc.constant<readonly PointerRow[]>([]), pointers),
        open: fc.array(newSubscription, { maxLength: 3, size: "max" }),
        takes: mostly(false, true),
        consume: few(choice),
        consumeUnknown: mostly(false, true),
        close: few(choice),
        closeOther: fc.constantFrom("s1", "s2", "unknown"),
        children: few(newWorkflow),
        events: few(newEvent),
        commands: few(scheduledCommand),
        errors: few(executionError),
        now: reading,
      },
      [
        "target",
        "expects",
        "seen",
        "commitId",
        "sequence",
        "pointers",
        "open",
        "takes",
        "consume",
        "consumeUnknown",
        "close",
        "children",
        "events",
        "commands",
        "errors",
        "now",
      ],
    ),
    // What is rare, and would leave little of a run if it were not.
    keep: fc.record({ inbox: rarely(2), status: rarely(4), closeOther: rarely(3) }),
  })
  .map(({ fields, keep }) => {
    const input: Record<string, unknown> = { ...fields };
    for (const [name, kept] of Object.entries(keep)) if (!kept) delete input[name];
    return input as unknown as CommitInput; // those fields are optional
  });

function rarely(outOf: number): fc.Arbitrary<boolean> {
  return fc.nat(outOf).map((value) => value === outOf);
}

function changeOf(state: PersistenceState, input: CommitInput, fresh: () => number): WorkflowChange {
  const id = idOf(input.target, state.instances.keys());
  const row = state.instances.get(id)?.row;
  const { revision = 0, controlSeq = 0, inboxSeq = 0, status = "runnable", commitId } = row ?? {};
  const given = pending(state, id);
  const own = subscriptionsOf(state, id);
  const otherCommit = [...state.instances.values()].find((each) => each.row.id !== id && each.row.commitId !== undefined)?.row.commitId;
  const known = input.commitId === "again" ? commitId : input.commitId === "of another" ? otherCommit : undefined;
  const closed = input.close.map((which) => pick(own, which)?.id).filter((each) => each !== undefined);
  const used = new Set(input.consume.map((which) => pick(given, which)).filter((each) => each !== undefined));
  const expected = {
    revision: revision + (input.expects === "revision before" ? -1 : input.expects === "revision after" ? 1 : 0),
    controlSeq: controlSeq + (input.expects === "control before" ? -1 : input.expects === "control after" ? 1 : 0),
    ...(input.inbox === undefined ? {} : { inboxSeq: inboxSeq - (input.inbox === "before" ? 1 : 0) }),
  };
  const { data, dueAt, error, completedAt } = input;
  return {
    workflowId: id,
    commitId: known ?? `commit ${fresh()}`,
    expected,
    seenInboxSeq: Math.max(0, inboxSeq - input.seen),
    status: input.status ?? status,
    sequence: input.sequence,
    ...(data === undefined ? {} : { data }),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(error === undefined ? {} : { error }),
    ...(completedAt === undefined ? {} : { completedAt }),
    pointers: input.pointers,
    openSubscriptions: input.takes ? input.open : unmet(state, input.open, closed),
    consume: [
      ...[...used].map((each) => ({ subscriptionId: each.id, eventId: each.eventId as string })), // they were given one
      ...(input.consumeUnknown ? [{ subscriptionId: "unknown", eventId: "unknown" }] : []),
    ],
    closeSubscriptions: [
      ...closed.filter((each) => ![...used].some((one) => one.id === each)),
      ...(input.closeOther === undefined || own.some((each) => each.id === input.closeOther) ? [] : [input.closeOther]),
    ],
    children: input.children.map(({ parent, ...child }) => (parent === undefined ? child : { ...child, parent: { ...parent, workflowId: id } })),
    events: input.events,
    commands: input.commands,
    errors: input.errors.map((failure) => ({ ...failure, workflowId: id })),
  };
}

/** Under ids that are free, as long as there are any. */
function unmet(state: PersistenceState, opened: readonly NewSubscription[], closed: readonly string[]): readonly NewSubscription[] {
  const free = SUBSCRIPTION_IDS.filter((id) => !state.subscriptions.has(id) || closed.includes(id));
  const wanted = opened.map(({ id }) => id).filter((id) => free.includes(id));
  const ids = [...new Set([...wanted, ...free])];
  return opened.slice(0, ids.length).map((subscription, index) => ({ ...subscription, id: ids[index] as string })); // no more than there are ids
}

/** `persistWorkflow`. */
export const persistWorkflow: fc.Arbitrary<PersistenceOperation> = commitInput.map((input) => ({
  kind: "persistWorkflow",
  arrives: input.events.length > 0,
  plan: (planned, { fresh }) => {
    const change = changeOf(planned, input, fresh);
    return {
      text: `persistWorkflow(${shown(change)}, ${input.now.toISOString()})`,
      run: (provider) => provider.persistWorkflow(change, input.now),
      judge: (state, outcome) => judgeCommit(state, change, input.now, outcome),
    };
  },
}));

function judgeCommit(state: PersistenceState, change: WorkflowChange, now: Date, outcome: Outcome): string | undefined {
  const ruling = commit(state, change, now);
  if ("refusals" in ruling) return compared(outcome, ...ruling.refusals);
  if ("error" in outcome) return compared(outcome, { answer: ruling.counters });
  const answer = outcome.answer as CommitResult; // of persistWorkflow
  const { delivered = [], ...others } = answer;
  const { pendingDeliveries, ...counters } = others;
  const instance = state.instances.get(change.workflowId);
  // What was true then, or what is true now.
  if (ruling.repeated && instance?.lastAnswer !== undefined && difference(others, instance.lastAnswer) === undefined) return undefined;
  const fault = difference(counters, ruling.counters) ?? wrongDeliveries(state, change.workflowId, pendingDeliveries);
  if (fault !== undefined) return fault;
  if (ruling.repeated) return delivered.length === 0 ? undefined : `${shown(delivered)} are delivered, by a commit that was made before`;
  if (instance !== undefined) instance.lastAnswer = others;
  return markDelivered(state, change, delivered, now);
}

/** Takes events of a commit for delivered, as it was answered. @returns What is wrong with that. */
function markDelivered(state: PersistenceState, change: WorkflowChange, delivered: readonly string[], now: Date): string | undefined {
  for (const id of delivered) {
    const event = state.events.get(id);
    if (event === undefined || !change.events.some((sent) => sent.id === id)) return `${shown(id)} is delivered, which the commit has not sent`;
    if (!isEligible(event, now)) return `${shown(id)} is delivered before its time`;
    const waits = [...state.subscriptions.values()].some((each) => each.eventId === undefined && each.name === event.name && each.key === event.key);
    if (waits) return `${shown(id)} is delivered by a commit, and somebody waits for it`;
    state.events.set(id, { ...event, delivered: true });
  }
  return undefined;
}
