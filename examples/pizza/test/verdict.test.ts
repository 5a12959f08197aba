import type { ExecutionPointer } from "wfe";
import { describe, expect, it } from "vitest";
import { BAKED, expectedSteps } from "../src/expected-steps.ts";
import type { JournalEntry } from "../src/journal.ts";
import { priceOf, readOrders } from "../src/order.ts";
import { type Evidence, judge, type StoredOrder } from "../src/verdict.ts";

const [order] = readOrders(1);
if (order === undefined) throw new Error("orders.json is empty");
const steps = expectedSteps(order);

/** A faultless run of one order, to be spoiled. */
function faultless() {
  const history: ExecutionPointer[] = steps.map((label, at) => {
    const [stepName = "", number] = label.split(" #");
    return {
      id: `p${at}`,
      stepId: at,
      stepName,
      scope: [],
      attempt: 1,
      retryCount: 0,
      endSeq: at + 1,
      status: "complete",
      ...(number === undefined ? {} : { index: Number(number) - 1 }),
    };
  });
  const stored: StoredOrder = {
    status: "complete",
    data: { ...order!, cents: priceOf(order!), paymentId: "pay_1", degrees: 400, done: [...steps] },
    history,
    attemptsFailed: 0,
  };
  const journal: JournalEntry[] = steps.flatMap((label, at) =>
    label === BAKED ? [] : [{ orderId: order!.id, pointer: `p${at}`, attempt: 1, label, idempotencyKey: `k${at}`, pid: 1 }],
  );
  const evidence: Evidence = { journal, payments: [{ id: "pay_1", key: "k1", orderId: order!.id, cents: priceOf(order!) }] };
  return { stored, evidence };
}

const verdict = (stored: StoredOrder, evidence: Evidence) => judge([order], new Map([[order.id, stored]]), evidence);

describe("the verdict", () => {
  it("finds nothing in a faultless run", () => {
    const { stored, evidence } = faultless();

    expect(verdict(stored, evidence)).toEqual({
      orders: 1,
      stepsCommitted: steps.length,
      attemptsFailed: 0,
      stepsRunAgain: 0,
      lost: [],
      duplicated: [],
    });
  });

  it("counts a step that ran again in its own pointer, but not one whose failure the store knows", () => {
    const { stored, evidence } = faultless();
    const again = evidence.journal.slice(0, 3).map((entry) => ({ ...entry, attempt: 2 }));

    const found = verdict({ ...stored, attemptsFailed: 1 }, { ...evidence, journal: [...evidence.journal, ...again] });

    expect(found).toMatchObject({ attemptsFailed: 1, stepsRunAgain: 2, lost: [], duplicated: [] });
  });

  it("calls an order lost that is not in the store, or not complete", () => {
    const { stored, evidence } = faultless();

    expect(judge([order], new Map(), evidence).lost).toEqual([`${order.id}: not in the store`]);
    expect(verdict({ ...stored, status: "suspended" }, evidence).lost).toEqual([`${order.id}: suspended`]);
  });

  it("calls a step lost that has no result in the history, or left no mark in the data, or never ran", () => {
    const { stored, evidence } = faultless();

    const noPointer = verdict({ ...stored, history: stored.history.slice(1) }, evidence);
    const noMark = verdict({ ...stored, data: { ...stored.data, done: steps.slice(1) } }, evidence);
    const noRun = verdict(stored, { ...evidence, journal: evidence.journal.slice(1) });

    expect(noPointer.lost).toContain(`${order.id}: price is missing in the history`);
    expect(noMark.lost).toEqual([`${order.id}: price is missing in the data`]);
    expect(noRun.lost).toContain(`${order.id}: price is missing in the journal`);
  });

  it("calls a step duplicated that has two results, or whose result was processed twice", () => {
    const { stored, evidence } = faultless();
    const twice = { ...stored.history[2]!, id: "another" };

    const twoResults = verdict({ ...stored, history: [...stored.history, twice] }, evidence);
    const twoMarks = verdict({ ...stored, data: { ...stored.data, done: [...steps, "dough"] } }, evidence);

    expect(twoResults.duplicated).toEqual([`${order.id}: dough is once too often in the history`, `${order.id}: two results have the number 3`]);
    expect(twoMarks.duplicated).toEqual([`${order.id}: dough is once too often in the data`]);
  });

  it("calls work duplicated that was done in another pointer, and steps of another kind of order", () => {
    const { stored, evidence } = faultless();
    const elsewhere = { ...evidence.journal[2]!, pointer: "another" };
    const wrongWay = { ...stored.history[0]!, id: "wrong", stepName: "call the customer", endSeq: 99 };

    expect(verdict(stored, { ...evidence, journal: [...evidence.journal, elsewhere] }).duplicated).toEqual([
      `${order.id}: dough in another is once too often in the journal's pointers`,
    ]);
    expect(verdict({ ...stored, history: [...stored.history, wrongWay] }, evidence).duplicated).toEqual([
      `${order.id}: call the customer is once too often in the history`,
    ]);
  });

  it("calls a second payment duplicated, and a payment lost that was never made", () => {
    const { stored, evidence } = faultless();
    const [paid] = evidence.payments;

    const twice = verdict(stored, { ...evidence, payments: [paid!, { ...paid!, id: "pay_2", key: "other" }] });
    const never = verdict(stored, { ...evidence, payments: [] });

    expect(twice.duplicated).toEqual([`${order.id}: the card was charged again as pay_2`]);
    expect(never.lost).toEqual([`${order.id}: the payment in its data was never made`]);
  });

  it("calls a charge duplicated that ran with two idempotency keys, and an instance that nobody ordered", () => {
    const { stored, evidence } = faultless();
    const [, charge] = evidence.journal;

    const twoKeys = verdict(stored, { ...evidence, journal: [...evidence.journal, { ...charge!, idempotencyKey: "other" }] });
    const stranger = judge(
      [order],
      new Map([
        [order.id, stored],
        ["order-9999", stored],
      ]),
      evidence,
    );

    expect(twoKeys.duplicated).toEqual([`${order.id}: charge ran with 2 idempotency keys`]);
    expect(stranger.duplicated).toEqual(["order-9999: nobody ordered this"]);
  });
});
