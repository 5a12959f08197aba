import type { ExecutionPointer, StandaloneClient, WorkflowId } from "wfe";
import type { Payment } from "./card-payments.ts";
import { BAKED, expectedSteps, WORK } from "./expected-steps.ts";
import { type JournalEntry, labelOf } from "./journal.ts";
import { type Order, priceOf } from "./order.ts";
import type { PizzaOrder } from "./pizza-order.ts";

/** What was found; every figure is counted, none is assumed. */
export interface Verdict {
  readonly orders: number;
  /** Results that the store holds as committed. */
  readonly stepsCommitted: number;
  /** Failed attempts that the store has recorded. */
  readonly attemptsFailed: number;
  /** Starts of step bodies in the journal beyond one per committed step and one per recorded failure: work done again. */
  readonly stepsRunAgain: number;
  /** Each a sentence: an order that is not complete, a step without a result, a result without a run. */
  readonly lost: readonly string[];
  /** Each a sentence: a step with two results, a result that was processed twice, a card that was charged twice. */
  readonly duplicated: readonly string[];
}

/** What the shop's own files say. */
export interface Evidence {
  readonly journal: readonly JournalEntry[];
  readonly payments: readonly Payment[];
}

/** One order as the store has it. */
export interface StoredOrder {
  readonly status: string;
  readonly data: Readonly<PizzaOrder>;
  readonly history: readonly ExecutionPointer[];
  readonly attemptsFailed: number;
}

/** Reads all orders out of the store and compares them with what had to happen, with the journal and with the payments. */
export async function verify(client: StandaloneClient, orders: readonly Order[], evidence: Evidence): Promise<Verdict> {
  const stored = new Map<string, StoredOrder>();
  const found = await instancesOf(client);
  for (const { id, status } of found) {
    const instance = await client.getWorkflow<PizzaOrder>(id as WorkflowId<PizzaOrder>); // the demo starts no other workflow
    stored.set(id, { status, data: instance.data, history: await client.getHistory(id), attemptsFailed: (await client.getErrors(id)).length });
  }
  return judge(orders, stored, evidence);
}

/** {@link verify}, without the reading. */
export function judge(orders: readonly Order[], stored: ReadonlyMap<string, StoredOrder>, { journal, payments }: Evidence): Verdict {
  const lost: string[] = [];
  const duplicated: string[] = [];
  let stepsCommitted = 0;
  let attemptsFailed = 0;
  let stepsRunAgain = 0;
  const runsOf = groupBy(journal, (entry) => entry.orderId);
  const paymentsOf = groupBy(payments, (payment) => payment.orderId);

  for (const order of orders) {
    const found = stored.get(order.id);
    if (found === undefined) {
      lost.push(`${order.id}: not in the store`);
      continue;
    }
    if (found.status !== "complete") lost.push(`${order.id}: ${found.status}`);
    const expected = expectedSteps(order);
    const runs = runsOf.get(order.id) ?? [];
    const finds = (where: string, labels: readonly string[], wanted: readonly string[]): void => {
      const { missing, surplus } = compare(labels, wanted);
      lost.push(...missing.map((label) => `${order.id}: ${label} is missing in ${where}`));
      duplicated.push(...surplus.map((label) => `${order.id}: ${label} is once too often in ${where}`));
    };

    // Two independent traces of a commit: the pointer that it closed, and the mark that its output mapping left in the data.
    const closed = found.history.filter((pointer) => pointer.status === "complete" && WORK.has(pointer.stepName ?? ""));
    finds("the history", closed.map(labelOfPointer), expected);
    finds("the data", found.data.done, expected);
    // Numbers are given to results one by one: two results that were committed over each other would share one.
    duplicated.push(...repeated(found.history.flatMap(({ endSeq }) => endSeq ?? [])).map((n) => `${order.id}: two results have the number ${n}`));
    finds(
      "the journal",
      [...new Set(runs.map((run) => run.label))],
      expected.filter((label) => label !== BAKED),
    );
    // A step that runs again does so in the same pointer; another pointer with the same label would be other work.
    finds(
      "the journal's pointers",
      [...new Set(runs.map((run) => `${run.label} in ${run.pointer}`))],
      closed.filter((p) => labelOfPointer(p) !== BAKED).map((p) => `${labelOfPointer(p)} in ${p.id}`),
    );

    const paid = paymentsOf.get(order.id) ?? [];
    if (!paid.some(({ id, cents }) => id === found.data.paymentId && cents === priceOf(order)))
      lost.push(`${order.id}: the payment in its data was never made`);
    duplicated.push(...paid.slice(1).map(({ id }) => `${order.id}: the card was charged again as ${id}`));
    const keys = new Set(runs.filter((run) => run.label === "charge").map((run) => run.idempotencyKey));
    if (keys.size > 1) duplicated.push(`${order.id}: charge ran with ${keys.size} idempotency keys`);

    stepsCommitted += closed.length;
    attemptsFailed += found.attemptsFailed;
    stepsRunAgain += runs.length - closed.filter((p) => labelOfPointer(p) !== BAKED).length - found.attemptsFailed;
  }
  const known = new Set(orders.map((order) => order.id));
  duplicated.push(...[...stored.keys()].filter((id) => !known.has(id)).map((id) => `${id}: nobody ordered this`));
  return { orders: orders.length, stepsCommitted, attemptsFailed, stepsRunAgain, lost, duplicated };
}

/** Ids and statuses of all instances in the store. */
async function instancesOf(client: StandaloneClient): Promise<readonly { readonly id: string; readonly status: string }[]> {
  const all: { readonly id: string; readonly status: string }[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listWorkflows({}, cursor === undefined ? {} : { cursor });
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

function labelOfPointer({ stepName, index }: ExecutionPointer): string {
  return labelOf(stepName ?? "", index);
}

/** How one list differs from another, counting repetitions. */
function compare(found: readonly string[], wanted: readonly string[]): { readonly missing: readonly string[]; readonly surplus: readonly string[] } {
  const missing = [...wanted];
  const surplus: string[] = [];
  for (const label of found) {
    const at = missing.indexOf(label);
    if (at === -1) surplus.push(label);
    else missing.splice(at, 1);
  }
  return { missing, surplus };
}

function repeated<T>(values: readonly T[]): readonly T[] {
  return values.filter((value, at) => values.indexOf(value) !== at);
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value)) ?? [];
    group.push(value);
    groups.set(keyOf(value), group);
  }
  return groups;
}
