import type { NewWorkflow, PersistenceProvider, PointerRow, WorkflowChange, WorkflowStatus } from "wfe";

const FINGERPRINT = "f".repeat(64);
const AT_ONCE = 500;
/** The first is as old as that. */
const AGE_MS = 40 * 86_400_000;

/** Customers in the data, each with as many instances. */
const CUSTOMERS = 1_000;
const DEFINITIONS = ["order", "invoice", "refund", "shipment", "audit"] as const;

/** Of 20 instances 12 are complete, 3 terminated, 4 wait, and 1 is suspended by a failure. */
function statusOf(index: number): WorkflowStatus {
  const turn = index % 20;
  if (turn < 12) return "complete";
  if (turn < 15) return "terminated";
  return turn < 19 ? "runnable" : "suspended";
}

/** Fills a store with instances of several definitions and statuses, `w-0` and so on, evenly over 40 days; each fifth has three pointers, the others none. */
export async function fill(persistence: PersistenceProvider, count: number): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, offset) => one(persistence, from + offset, count)));
  }
}

async function one(persistence: PersistenceProvider, index: number, count: number): Promise<void> {
  const createdAt = new Date(Date.now() - AGE_MS + Math.floor((index * (AGE_MS - 86_400_000)) / count));
  const status = statusOf(index);
  const definition = Math.floor(index / 20) % DEFINITIONS.length;
  const id = `w-${index}`;
  const workflow: NewWorkflow = {
    id,
    name: `name-${index}`,
    definitionId: DEFINITIONS[definition] ?? "order",
    version: 1 + (Math.floor(index / 100) % 2),
    fingerprint: FINGERPRINT,
    data: JSON.stringify({ customer: { id: index % CUSTOMERS }, total: index, note: "x".repeat(150) }),
    inputDigest: "d".repeat(64),
    createdAt,
    pointers: [],
    ...(index % 10 === 0 ? { reference: `r-${index}` } : {}),
  };
  await persistence.createNewWorkflow(workflow, createdAt);
  const endedAt = new Date(createdAt.getTime() + 60_000);
  const pointer = (seq: number): PointerRow => ({
    id: String(seq),
    seq,
    stepId: seq,
    status: "complete",
    scope: [],
    attempt: 1,
    retryCount: 0,
    crashCount: 0,
    resultCount: 1,
    startedAt: createdAt,
    endedAt,
    endSeq: seq,
  });
  const change: WorkflowChange = {
    workflowId: id,
    commitId: `c-${index}`,
    expected: { revision: 0, controlSeq: 0 },
    seenInboxSeq: 0,
    status,
    sequence: 3,
    pointers: index % 5 === 0 ? [pointer(1), pointer(2), pointer(3)] : [],
    openSubscriptions: [],
    consume: [],
    closeSubscriptions: [],
    children: [],
    events: [],
    commands: [],
    errors:
      status === "suspended"
        ? [{ workflowId: id, pointerId: "1", step: "charge", attempt: 1, at: endedAt, code: "WFE_STEP_FAILED", message: "card declined" }]
        : [],
    ...(status === "suspended" ? { error: '{"code":"WFE_STEP_FAILED","message":"card declined"}' } : {}),
    ...(status === "complete" || status === "terminated" ? { completedAt: endedAt } : {}),
  };
  await persistence.persistWorkflow(change, endedAt);
}
