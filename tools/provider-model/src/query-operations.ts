import fc from "fast-check";
import {
  isOpen,
  type LoadedWorkflow,
  matchesData,
  type PersistenceProvider,
  type PointerQuery,
  type WorkflowFilter,
  type WorkflowRow,
  WORKFLOW_STATUSES,
} from "wfe-core";
import { instant } from "wfe-core/test-support";
import { compared, difference, type Operation, shown } from "./call.ts";
import { wrongDeliveries } from "./delivery-rules.ts";
import { type ModelInstance, type PersistenceState, pointersOf } from "./persistence-state.ts";
import { ended, hasEnded, idOf, instanceTarget, limit, moment, record, workflowId, workflowName } from "./values.ts";

type PersistenceOperation = Operation<PersistenceState, PersistenceProvider>;

/** `getWorkflowInstance`, `getWorkflowInstanceByName`, `getWorkflowInstances`, `readSignals` and `getErrors`. */
export const getWorkflowInstance: fc.Arbitrary<PersistenceOperation> = fc.oneof(
  instanceTarget.map(
    (target) =>
      ({
        kind: "getWorkflowInstance",
        plan: (planned: PersistenceState) => {
          const id = idOf(target, planned.instances.keys());
          return {
            text: `getWorkflowInstance(${shown(id)})`,
            run: (provider: PersistenceProvider) => provider.getWorkflowInstance(id),
            judge: (state: PersistenceState, outcome) => compared(outcome, { answer: recordOf(state.instances.get(id)) }),
          };
        },
      }) satisfies PersistenceOperation,
  ),
  fc
    .oneof(
      workflowName,
      workflowId.map((id) => `name of ${id}`),
      workflowId,
    )
    .map(
      (name) =>
        ({
          kind: "getWorkflowInstanceByName",
          plan: () => ({
            text: `getWorkflowInstanceByName(${shown(name)})`,
            run: (provider: PersistenceProvider) => provider.getWorkflowInstanceByName(name),
            judge: (state: PersistenceState, outcome) =>
              compared(outcome, { answer: recordOf([...state.instances.values()].find(({ row }) => row.name === name)) }),
          }),
        }) satisfies PersistenceOperation,
    ),
  fc.uniqueArray(workflowId).map(
    (ids) =>
      ({
        kind: "readSignals",
        alone: true,
        plan: () => ({
          text: `readSignals(${shown(ids)}), getWorkflowInstances`,
          run: async (provider: PersistenceProvider) => ({
            signals: (await provider.readSignals(ids)).toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id)),
            records: await provider.getWorkflowInstances(ids),
          }),
          judge: (state: PersistenceState, outcome) => {
            const there = ids.map((id) => state.instances.get(id)).filter((each) => each !== undefined);
            const signals = there.map(({ row: { id, status, revision, controlSeq, inboxSeq } }) => ({ id, status, revision, controlSeq, inboxSeq }));
            return compared(outcome, { answer: { signals, records: there.map(recordOf) } });
          },
        }),
      }) satisfies PersistenceOperation,
  ),
  instanceTarget.map(
    (target) =>
      ({
        kind: "getErrors",
        plan: (planned: PersistenceState) => {
          const id = idOf(target, planned.instances.keys());
          return {
            text: `getErrors(${shown(id)})`,
            run: (provider: PersistenceProvider) => provider.getErrors(id),
            judge: (state: PersistenceState, outcome) => compared(outcome, { answer: state.errors.get(id) ?? [] }),
          };
        },
      }) satisfies PersistenceOperation,
  ),
);

function recordOf(instance: ModelInstance | undefined): unknown {
  return instance === undefined ? undefined : { ...instance.row, pointers: pointersOf(instance) };
}

/** `loadForPass`. */
export const loadForPass: fc.Arbitrary<PersistenceOperation> = fc
  .tuple(instanceTarget, fc.constantFrom(undefined, 0, 1, -1))
  .map(([target, known]) => ({
    kind: "loadForPass",
    plan: (planned) => {
      const id = idOf(target, planned.instances.keys());
      const knownRevision = known === undefined ? undefined : (planned.instances.get(id)?.row.revision ?? 0) + known;
      return {
        text: `loadForPass(${shown(id)}, ${knownRevision})`,
        run: (provider) => provider.loadForPass(id, knownRevision === undefined ? {} : { knownRevision }),
        judge: (state, outcome) => {
          const instance = state.instances.get(id);
          if (instance === undefined || !("answer" in outcome)) return compared(outcome, { answer: undefined });
          const loaded = outcome.answer as LoadedWorkflow | undefined;
          const all = pointersOf(instance);
          const undone = new Set(all.filter(({ status }) => isOpen(status)).map(({ compensates }) => compensates));
          const pointers = all.filter(({ id: pointerId, status }) => isOpen(status) || undone.has(pointerId));
          const expected = { row: instance.row, ...(knownRevision === instance.row.revision ? {} : { pointers }) };
          return (
            difference(loaded === undefined ? undefined : { row: loaded.row, pointers: loaded.pointers }, expected) ??
            wrongDeliveries(state, id, loaded?.deliveries ?? [])
          );
        },
      };
    },
  }));

const pointerQuery = record<PointerQuery>(
  {
    scope: fc.constantFrom("p4", "p5", "\ud83d", "", "none"),
    compensable: fc.constantFrom([0, 1, 2], [0, 1], [2], []).map((stepIds) => ({ stepIds })),
    after: fc.constantFrom(0, 1, 2, 3, 12, 14, 18),
    limit: fc.oneof({ weight: 9, arbitrary: limit }, { weight: 1, arbitrary: fc.constantFrom(0, 1.5, -1) }),
  },
  ["limit"],
);

/** `getPointers`. */
export const getPointers: fc.Arbitrary<PersistenceOperation> = fc.tuple(instanceTarget, pointerQuery).map(([target, query]) => ({
  kind: "getPointers",
  plan: (planned) => {
    const id = idOf(target, planned.instances.keys());
    return {
      text: `getPointers(${shown(id)}, ${shown(query)})`,
      run: (provider) => provider.getPointers(id, query),
      judge: (state, outcome) => {
        if (!Number.isInteger(query.limit) || query.limit < 1) return compared(outcome, { refusal: { type: "RangeError" } });
        const instance = state.instances.get(id);
        return compared(outcome, { answer: instance === undefined ? [] : found(instance, query) });
      },
    };
  },
}));

function found(instance: ModelInstance, { scope, compensable, after, limit: most }: PointerQuery): readonly unknown[] {
  const inside = pointersOf(instance).filter((pointer) => scope === undefined || pointer.scope.includes(scope));
  if (compensable === undefined) return inside.filter(({ seq }) => after === undefined || seq > after).slice(0, most);
  return inside
    .filter(
      (pointer) =>
        pointer.attempt >= 1 &&
        ["complete", "cancelled", "compensated"].includes(pointer.status) &&
        pointer.endSeq !== undefined &&
        pointer.compensates === undefined &&
        compensable.stepIds.includes(pointer.stepId) &&
        (after === undefined || pointer.endSeq < after),
    )
    .toSorted((a, b) => (b.endSeq ?? 0) - (a.endSeq ?? 0))
    .slice(0, most);
}

const filter: fc.Arbitrary<WorkflowFilter> = fc
  .tuple(
    record<WorkflowFilter>(
      {
        status: fc.oneof(fc.constantFrom(...WORKFLOW_STATUSES), fc.subarray([...WORKFLOW_STATUSES])),
        definitionId: fc.constantFrom("sample", "d\u0000", "other"),
        version: fc.constantFrom(1, 2),
        name: fc.oneof(
          workflowName,
          workflowId.map((id) => `name of ${id}`),
        ),
        reference: fc.constantFrom("r1", "r2", "r\u0000", "R1"),
        createdAfter: fc.nat(3).map(instant),
        createdBefore: fc.nat(3).map(instant),
        completedBefore: moment,
        hasError: fc.boolean(),
        data: fc.constantFrom({ total: 1 }, { total: "1" }, { "a.b": null }, { "a.c": null }, {}, { total: "1", "a.b": null }),
      },
      [],
    ),
    fc.subarray(["status", "definitionId", "version", "name", "reference", "createdAfter", "createdBefore", "completedBefore", "hasError", "data"], {
      maxLength: 3,
    }),
  )
  // More fields than a few leave nothing.
  .map(([fields, kept]) => Object.fromEntries(Object.entries(fields).filter(([key]) => kept.includes(key))));

/** `getEndedWorkflows`; of those that ended at one instant, the order is open. */
export const getEndedWorkflows: fc.Arbitrary<PersistenceOperation> = fc.tuple(ended, limit).map(([wanted, most]) => ({
  kind: "getEndedWorkflows",
  plan: () => ({
    text: `getEndedWorkflows(${shown(wanted)}, ${most})`,
    run: (provider) => provider.getEndedWorkflows(wanted, most),
    judge: (state, outcome) => {
      const rows = [...state.instances.values()].map(({ row }) => row).filter((row) => hasEnded(row, wanted));
      const ends = (ids: readonly string[]): unknown => ids.map((id) => rows.find((row) => row.id === id)?.completedAt?.getTime());
      const ids = "answer" in outcome ? (outcome.answer as readonly string[]) : [];
      const expected = rows.map(({ completedAt }) => completedAt?.getTime() ?? 0).sort((a, b) => a - b);
      return compared("answer" in outcome ? { answer: [new Set(ids).size, ends(ids)] } : outcome, {
        answer: [Math.min(rows.length, most), expected.slice(0, most)],
      });
    },
  }),
}));

/** `listWorkflows`, page for page, and `countWorkflows`. */
export const listWorkflows: fc.Arbitrary<PersistenceOperation> = fc.tuple(filter, fc.constantFrom(undefined, 1, 2, 1000)).map(([wanted, most]) => ({
  kind: "listWorkflows",
  alone: true,
  plan: () => ({
    text: `listWorkflows(${shown(wanted)}, ${most})`,
    run: async (provider) => {
      const items: WorkflowRow[] = [];
      const sizes: number[] = [];
      for (let cursor: string | undefined, more = true; more; ) {
        const page = await provider.listWorkflows(wanted, {
          ...(most === undefined ? {} : { limit: most }),
          ...(cursor === undefined ? {} : { cursor }),
        });
        items.push(...page.items);
        sizes.push(page.items.length);
        cursor = page.cursor;
        more = cursor !== undefined && sizes.length < 20;
      }
      return { items, sizes, count: await provider.countWorkflows(wanted) };
    },
    judge: (state, outcome) => {
      const expected = [...state.instances.values()].map(({ row }) => row).filter((row) => matches(row, wanted));
      if (!("answer" in outcome)) return compared(outcome, { answer: expected.length });
      const { items, sizes, count } = outcome.answer as { items: readonly WorkflowRow[]; sizes: readonly number[]; count: number }; // of run, above
      const order = items.map(({ id }) => id);
      const fault = difference(
        { count, items, full: sizes.slice(0, -1).every((size) => size === most) },
        // The order of odd ids is open.
        { count: expected.length, items: expected.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id)), full: true },
      );
      if (fault !== undefined) return fault;
      const disordered = items.some((row, index) => index > 0 && !mayFollow(items[index - 1] as WorkflowRow, row)); // there is one before
      return disordered ? `not the newest first, then by id: ${shown(order)}` : undefined;
    },
  }),
}));

function mayFollow(before: WorkflowRow, row: WorkflowRow): boolean {
  const difference = before.createdAt.getTime() - row.createdAt.getTime();
  if (difference !== 0) return difference > 0;
  return !/^\w+$/.test(before.id) || !/^\w+$/.test(row.id) || before.id > row.id;
}

function matches(row: WorkflowRow, wanted: WorkflowFilter): boolean {
  const statuses = wanted.status === undefined || typeof wanted.status !== "string" ? wanted.status : [wanted.status];
  return (
    (statuses?.includes(row.status) ?? true) &&
    (wanted.definitionId === undefined || row.definitionId === wanted.definitionId) &&
    (wanted.version === undefined || row.version === wanted.version) &&
    (wanted.name === undefined || row.name === wanted.name) &&
    (wanted.reference === undefined || row.reference === wanted.reference) &&
    (wanted.createdAfter === undefined || row.createdAt.getTime() >= wanted.createdAfter.getTime()) &&
    (wanted.createdBefore === undefined || row.createdAt.getTime() < wanted.createdBefore.getTime()) &&
    (wanted.completedBefore === undefined || (row.completedAt !== undefined && row.completedAt.getTime() < wanted.completedBefore.getTime())) &&
    (wanted.hasError === undefined || (row.error !== undefined) === wanted.hasError) &&
    (wanted.data === undefined || matchesData(row.data, wanted.data))
  );
}
