import { assert } from "./assert.ts";
import type { ConflictError, ConflictReason } from "../../errors/store-errors.ts";
import { isWfeError } from "../../errors/wfe-error.ts";
import type { ScheduledCommand } from "../../models/scheduled-command.ts";
import type { CommitResult, WorkflowChange } from "../../models/workflow-change.ts";
import type { Counters, NewWorkflow, WorkflowRecord } from "../../models/workflow-row.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import type { WorkflowSignals } from "../../traits/workflow-repository.ts";
import { instant, sampleChange, sampleEvent, sampleExecutionError, samplePointer, sampleSubscription, sampleWorkflow } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";

/** After every instant of the samples. */
export const LATER: Date = instant(3_600_000);

/** Stores a sample instance. @param changes - Fields that differ. */
export async function create(provider: PersistenceProvider, id: string, changes: Partial<NewWorkflow> = {}): Promise<void> {
  await provider.createNewWorkflow(sampleWorkflow(id, changes), instant());
}

/** Two instances of the provider on a store that holds the sample instance `w`. */
export async function withW(
  context: PersistenceContext,
  changes: Partial<NewWorkflow> = {},
): Promise<readonly [PersistenceProvider, PersistenceProvider]> {
  const [first, second] = await context.startTwo();
  await create(first, "w", changes);
  return [first, second];
}

/** An instance that has to exist, whole. */
export async function recordOf(provider: PersistenceProvider, id = "w"): Promise<WorkflowRecord> {
  const record = await provider.getWorkflowInstance(id);
  assert.ok(record !== undefined, `the instance ${id} is stored`);
  return record;
}

/** Counters and status of an instance that has to exist. */
export async function signalsOf(provider: PersistenceProvider, id = "w"): Promise<WorkflowSignals> {
  const [signals] = await provider.readSignals([id]);
  assert.ok(signals !== undefined, `the instance ${id} is stored`);
  return signals;
}

/** Commits a change of `w` that expects what is stored, has seen the whole inbox, and keeps the status. */
export async function commit(
  provider: PersistenceProvider,
  commitId: string,
  changes: Partial<WorkflowChange> = {},
  now: Date = instant(),
): Promise<CommitResult> {
  const id = changes.workflowId ?? "w";
  const signals = await signalsOf(provider, id);
  return await provider.persistWorkflow(sampleChange(id, commitId, { status: signals.status, ...changes }, signals), now);
}

/** What every store answers to a commit in the same way: which of its events need no delivery is not told by all, nor once more. */
export function withoutDelivered({ delivered: _delivered, ...answer }: CommitResult): Omit<CommitResult, "delivered"> {
  return answer;
}

/** A change of `w` with something in every part; `mark` keeps its new ids apart from those of others. */
export function fullChange(mark: string, changes: Partial<WorkflowChange> = {}, counters?: Counters): WorkflowChange {
  const id = changes.workflowId ?? "w";
  return sampleChange(
    id,
    `commit ${mark}`,
    {
      data: JSON.stringify({ by: mark }),
      sequence: 7,
      dueAt: instant(50),
      error: JSON.stringify({ code: "WFE_STEP_FAILED", message: mark }),
      pointers: [samplePointer({ status: "running", attempt: 1, stepName: mark }), samplePointer({ seq: 7, id: `pointer ${mark}`, stepId: 3 })],
      openSubscriptions: [sampleSubscription(`subscription ${mark}`, { key: mark })],
      children: [sampleWorkflow(`child ${mark}`, { parent: { workflowId: id, pointerId: "1", depth: 1 }, rootWorkflowId: id })],
      events: [sampleEvent(`event ${mark}`, { name: "sent", key: mark })],
      commands: [{ name: "terminateWorkflow", data: `target ${mark}`, executeAt: instant() }],
      errors: [sampleExecutionError(id, { message: mark })],
      ...changes,
    },
    counters,
  );
}

/** That of all that {@link fullChange} would have written, nothing is there. Takes what commands there are. */
export async function assertNothingOf(provider: PersistenceProvider, mark: string, before: WorkflowRecord | undefined): Promise<void> {
  const id = before?.id ?? "w";
  assert.deepEqual(await provider.getWorkflowInstance(id), before, "the instance and its pointers are as they were");
  assert.equal(await provider.getWorkflowInstance(`child ${mark}`), undefined, "no child is stored");
  assert.equal(await provider.getSubscription(`subscription ${mark}`), undefined, "no subscription is opened");
  assert.equal(await provider.getEvent(`event ${mark}`), undefined, "no event is stored");
  assert.deepEqual(
    (await provider.getErrors(id)).filter((error) => error.message === mark),
    [],
    "no error is recorded",
  );
  assert.deepEqual(
    (await takeCommands(provider)).filter((command) => command.data === `target ${mark}`),
    [],
    "no command is stored",
  );
}

/** Hands over the commands that are stored, and so removes them. */
export async function takeCommands(provider: PersistenceProvider): Promise<readonly ScheduledCommand[]> {
  const taken: ScheduledCommand[] = [];
  await provider.processCommands(LATER, { limit: 100, claimUntil: LATER }, async (command) => {
    taken.push(command);
  });
  return taken;
}

/** The conflict that a commit is refused with, which has to have this reason. */
export async function conflictOf(reason: ConflictReason, commit: Promise<unknown>): Promise<ConflictError> {
  const error = await refusalOf(commit);
  if (!isWfeError(error, "WFE_COMMIT_CONFLICT")) throw error;
  const conflict = error as ConflictError; // its code says so, also from another copy of the package
  assert.equal(conflict.reason, reason, "the reason of the conflict");
  return conflict;
}

/** What a call rejects with, which it has to. */
export async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    return error;
  }
  assert.fail(`the call is refused; it answered ${JSON.stringify(answer)}`);
}

/** Splits what came of concurrent calls. */
export function settled<T>(outcomes: readonly PromiseSettledResult<T>[]): { readonly answers: readonly T[]; readonly refusals: readonly unknown[] } {
  const answers: T[] = [];
  const refusals: unknown[] = [];
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") answers.push(outcome.value);
    else refusals.push(outcome.reason);
  }
  return { answers, refusals };
}
