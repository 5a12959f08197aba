import fc from "fast-check";
import type { EndedWorkflows, Topic, WorkflowRow } from "wfe-core";
import { instant, SAMPLE_DEFINITION } from "wfe-core/test-support";

// Few of each, so that calls meet; the odd ones last, where shrinking does not go.

/** Texts that no encoding of a store may change, lose or take for another. */
const ODD_TEXTS = ["", "\u0000", "\ud83d", "\udc00x", '\u0001"a"', "%_'\\", "e\u0301", "x".repeat(3000)];

export const WORKFLOW_IDS: readonly string[] = ["w1", "w2", "w3", "w\u0000", "\ud83d"];
export const EVENT_IDS: readonly string[] = ["e1", "e2", "e3", "e4", "e\u0000", "\udc00"];
export const SUBSCRIPTION_IDS: readonly string[] = ["s1", "s2", "s3", "s4", "s\u0000"];
const TOPICS: readonly Topic[] = [
  { name: "paid", key: "1" },
  { name: "paid", key: "" },
  { name: "p\u0000", key: "\ud800" },
];
const ACTIVITIES: readonly string[] = ["pack", "\udc00"];
export const DEFINITIONS: readonly (typeof SAMPLE_DEFINITION)[] = [
  SAMPLE_DEFINITION,
  { ...SAMPLE_DEFINITION, version: 2 },
  { ...SAMPLE_DEFINITION, id: "d\u0000" },
];

export const workflowId: fc.Arbitrary<string> = fc.constantFrom(...WORKFLOW_IDS);
export const workflowName: fc.Arbitrary<string> = fc.constantFrom("n1", "n2", "w2", "w3", "", "n\u0000", "\ud83d");
export const eventId: fc.Arbitrary<string> = fc.constantFrom(...EVENT_IDS);
export const subscriptionId: fc.Arbitrary<string> = fc.constantFrom(...SUBSCRIPTION_IDS);
export const topic: fc.Arbitrary<Topic> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(TOPICS[0] as Topic) },
  { weight: 2, arbitrary: fc.constantFrom(...TOPICS) },
);
export const activity: fc.Arbitrary<string> = fc.constantFrom(...ACTIVITIES);
export const definition: fc.Arbitrary<typeof SAMPLE_DEFINITION> = fc.constantFrom(...DEFINITIONS, SAMPLE_DEFINITION);
/** A payload, or any other text that nobody looks into. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("1", '{"total":1}', '{"total":"1","a":{"b":null}}') },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_TEXTS) },
);
/** Near instants, and now and then one before 1970, far away, or at the end of time. */
export const moment: fc.Arbitrary<Date> = fc
  .oneof(
    { weight: 12, arbitrary: fc.nat(6).map((step) => instant(step * 10).getTime()) },
    { weight: 1, arbitrary: fc.constantFrom(0, -1, -62_135_596_800_000, Date.UTC(9999, 11, 31), 8.64e15, -8.64e15) },
  )
  .map((ms) => new Date(ms));
/** What a clock shows: nothing before 1970, which "past on every clock" stands for. */
export const reading: fc.Arbitrary<Date> = fc
  .oneof(
    { weight: 12, arbitrary: fc.nat(9).map((step) => instant(step * 10).getTime()) },
    { weight: 1, arbitrary: fc.constantFrom(0, Date.UTC(9999, 11, 31), 8.64e15) },
  )
  .map((ms) => new Date(ms));
/** What a purge is about. */
export const ended: fc.Arbitrary<EndedWorkflows> = fc.record({ status: fc.constantFrom("complete", "terminated"), before: moment });
/** Which of several, whatever their number. */
export const choice: fc.Arbitrary<number> = fc.nat(11);
/** A limit; small ones leave some out. */
export const limit: fc.Arbitrary<number> = fc.constantFrom(100, 1, 2, 3);

/** Whether an instance has ended with a status before an instant. */
export function hasEnded({ status, completedAt }: Pick<WorkflowRow, "status" | "completedAt">, { status: wanted, before }: EndedWorkflows): boolean {
  return status === wanted && completedAt !== undefined && completedAt < before;
}

/** An instant strictly after another. */
export function after(asAt: Date, step: number): Date {
  return new Date(Math.min(asAt.getTime() + 5 + step * 10, 8.64e15));
}

/** One of a list. @returns `undefined` when it is empty */
export function pick<T>(list: readonly T[], which: number): T | undefined {
  return list[which % Math.max(1, list.length)];
}

/** Which of those that are there; now and then any. */
export interface Target {
  readonly which: number;
  readonly any: string | undefined;
}

/** Of instances. */
export const instanceTarget: fc.Arbitrary<Target> = fc.record({ which: choice, any: fc.option(workflowId, { nil: undefined, freq: 12 }) }).map(
  // How fast-check counts: one in so many is absent, and it is the others that are to be.
  ({ which, any }) => ({ which, any: which % 4 === 0 ? any : undefined }),
);

/** The id that a target means. */
export function idOf({ which, any }: Target, known: Iterable<string>): string {
  return any ?? pick([...known], which) ?? "w1";
}

/** Fields that are there or not, as fast-check makes them. */
export function record<T extends object>(
  fields: { [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>> },
  required: readonly (keyof T)[],
): fc.Arbitrary<T> {
  // Its own type cannot say that optional keys are those left out.
  return fc.record(fields as never, { requiredKeys: required as never, noNullPrototype: true }) as unknown as fc.Arbitrary<T>;
}
