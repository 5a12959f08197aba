import { assert } from "./assert.ts";
import type { PointerQuery, PointerRow } from "../../models/pointer-row.ts";
import { POINTER_STATUSES } from "../../models/workflow-status.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, samplePointer } from "../fixtures.ts";
import { DISTINCT_TEXTS } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

const ALL = 1000;

/** Looking through the pointers of an instance, part by part. */
export const POINTER_QUERY_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "gives the pointers of an instance, of every status, in order of creation",
    async run(context) {
      const pointers = POINTER_STATUSES.map((status, index) =>
        samplePointer({ id: `p${(index * 7) % 10}`, seq: index + 1, status, attempt: index, endSeq: 90 - index, endedAt: instant(index) }),
      );
      const [first, second] = await withW(context, { pointers: pointers.slice(0, 4).toReversed() });
      await create(first, "x", { pointers: [samplePointer({ id: "theirs" })] });
      await commit(first, "c1", { pointers: pointers.slice(4).toReversed() });

      assert.deepEqual(await second.getPointers("w", { limit: ALL }), pointers);
    },
  },
  {
    name: "gives no pointers of an instance that does not exist or has none",
    async run(context) {
      const [first, second] = await withW(context, { pointers: [] });
      await create(first, "x");

      for (const query of [{ limit: 1 }, { limit: 1, scope: "c" }, { limit: 1, compensable: { stepIds: [0] } }] satisfies PointerQuery[]) {
        assert.deepEqual([await second.getPointers("missing", query), await second.getPointers("w", query)], [[], []]);
      }
    },
  },
  {
    name: "gives no more pointers than asked for, and goes on behind one",
    async run(context) {
      const pointers = [2, 3, 5, 9, 12].map((seq) => samplePointer({ id: `p${20 - seq}`, seq }));
      const [, second] = await withW(context, { pointers });
      const found = async (query: PointerQuery): Promise<readonly number[]> => (await second.getPointers("w", query)).map(({ seq }) => seq);

      assert.deepEqual(await found({ limit: 2 }), [2, 3]);
      assert.deepEqual(await found({ limit: 2, after: 3 }), [5, 9], "the one itself is not among them");
      assert.deepEqual(await found({ limit: 2, after: 4 }), [5, 9], "it need not exist");
      assert.deepEqual(await found({ limit: 2, after: 9 }), [12]);
      assert.deepEqual(await found({ limit: 2, after: 12 }), []);
      assert.deepEqual(await found({ limit: 5, after: 0 }), [2, 3, 5, 9, 12]);
    },
  },
  {
    name: "refuses a limit of pointers that is no whole number of 1 or more",
    async run(context) {
      const [, second] = await withW(context);

      for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        for (const id of ["w", "missing"]) {
          await assert.rejects(second.getPointers(id, { limit }), RangeError, String(limit));
          await assert.rejects(second.getPointers(id, { limit, compensable: { stepIds: [0] } }), RangeError, String(limit));
        }
      }
    },
  },
  {
    name: "finds the pointers inside a container, at any depth, and not the container itself",
    async run(context) {
      const pointers = [
        samplePointer({ id: "outer", seq: 1 }),
        samplePointer({ id: "inner", seq: 2, scope: ["outer"] }),
        samplePointer({ id: "deep", seq: 3, scope: ["outer", "inner"], status: "complete" }),
        samplePointer({ id: "deeper", seq: 4, scope: ["outer", "inner", "deep"] }),
        samplePointer({ id: "beside", seq: 5, scope: ["other"] }),
      ];
      const [first, second] = await withW(context, { pointers });
      await create(first, "x", { pointers: [samplePointer({ id: "theirs", scope: ["outer", "inner"] })] });

      assert.deepEqual(await insideOf(second, "outer"), ["inner", "deep", "deeper"]);
      assert.deepEqual(await insideOf(second, "inner"), ["deep", "deeper"]);
      assert.deepEqual(await insideOf(second, "deeper"), []);
      assert.deepEqual(await insideOf(second, "missing"), []);
      assert.deepEqual(await insideOf(second, "outer", { limit: 1, after: 2 }), ["deep"]);
    },
  },
  {
    name: "compares the ids of containers exactly, whatever is in them",
    async run(context) {
      const ids = [...DISTINCT_TEXTS, ",", '","', 'a","b', '["a"', "[]", "\\", '\\"', "é%_", "%a%", "aa"];
      // Each alone, and two of which the end and the beginning look like one of the others.
      const scopes = [...ids.map((id) => [id]), ["a,", ",b"], ["b", "a"], ['a"', '"b'], ["[", "]"]];
      const pointers = scopes.map((scope, index) => samplePointer({ seq: index + 1, scope }));
      const [, second] = await withW(context, { pointers });

      for (const id of ids) {
        const inside = pointers.filter(({ scope }) => scope.includes(id));
        assert.deepEqual(await second.getPointers("w", { scope: id, limit: ALL }), inside, JSON.stringify(id));
      }
    },
  },
  {
    name: "gives pointers as the last commit has left them",
    async run(context) {
      const done = undoable(1, { endSeq: 5 });
      const [first, second] = await withW(context, { pointers: [done] });
      const steps = async (): Promise<readonly PointerRow[]> => await second.getPointers("w", { compensable: { stepIds: [0] }, limit: ALL });
      assert.deepEqual(await steps(), [done]);

      await commit(first, "c1", { pointers: [{ ...done, status: "running" }] });
      assert.deepEqual(await steps(), []);
      const later = undoable(1, { endSeq: 9, stepName: "again" });
      await commit(first, "c2", { pointers: [later, undoable(2, { endSeq: 7 })] });
      assert.deepEqual(await steps(), [later, undoable(2, { endSeq: 7 })]);
      await commit(first, "c3", { pointers: [undoable(1, { endSeq: 9, stepId: 3, scope: ["c"] })] });

      assert.deepEqual(await steps(), [undoable(2, { endSeq: 7 })]);
      assert.deepEqual(await insideOf(second, "c"), ["1"]);
    },
  },
];

/** What compensation looks for. */
export const COMPENSABLE_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "finds what compensation may have to undo, of every status, the last result first",
    async run(context) {
      const pointers = POINTER_STATUSES.map((status, index) => undoable(index + 1, { status, endSeq: 50 + ((index * 4) % 9) }));
      const [first, second] = await withW(context, { pointers });
      await create(first, "x", { pointers: [undoable(1, { endSeq: 99 })] });

      const closed = pointers.filter(({ status }) => status === "complete" || status === "cancelled" || status === "compensated");
      assert.deepEqual(
        await second.getPointers("w", { compensable: { stepIds: [0] }, limit: ALL }),
        closed.toSorted((a, b) => (b.endSeq ?? 0) - (a.endSeq ?? 0)),
      );
    },
  },
  {
    name: "does not find for compensation what was never started, undoes something itself, or was closed without a result",
    async run(context) {
      const { endSeq: _endSeq, ...closedByCommand } = undoable(4, { status: "cancelled" });
      const pointers = [undoable(1, { attempt: 0 }), undoable(2, { compensates: "1" }), undoable(3, { compensates: "" }), closedByCommand];
      const [, second] = await withW(context, { pointers: [...pointers, undoable(5), undoable(6, { attempt: 7 })] });

      assert.deepEqual(await undoableOf(second, { compensable: { stepIds: [0] }, limit: ALL }), ["6", "5"]);
    },
  },
  {
    name: "finds for compensation pointers of the steps that are asked for",
    async run(context) {
      const pointers = [3, 0, 12, 3, 1, 2, 123].map((stepId, index) => undoable(index + 1, { stepId }));
      const [, second] = await withW(context, { pointers });
      const found = (...stepIds: readonly number[]): Promise<readonly string[]> => undoableOf(second, { compensable: { stepIds }, limit: ALL });

      assert.deepEqual(await found(3), ["4", "1"]);
      assert.deepEqual(await found(12, 0, 3, 3, 77), ["4", "3", "2", "1"]);
      assert.deepEqual(await found(), []);
      assert.deepEqual(await found(...Array.from({ length: 2000 }, (_, index) => index + 100)), ["7"]);
    },
  },
  {
    name: "gives what compensation may have to undo part by part, going on below an end",
    async run(context) {
      const pointers = Array.from({ length: 60 }, (_, index) => undoable(index + 1, { endSeq: 2 * (60 - index), stepId: index % 3 }));
      const [, second] = await withW(context, { pointers });
      const compensable = { stepIds: [0, 2] };
      const expected = pointers.filter(({ stepId }) => stepId !== 1).map(({ id }) => id);

      const met: string[] = [];
      for (let after: number | undefined; ; ) {
        const part = await second.getPointers("w", { compensable, limit: 7, ...(after === undefined ? {} : { after }) });
        met.push(...part.map(({ id }) => id));
        if (part.length < 7) break;
        after = part.at(-1)?.endSeq;
      }

      assert.deepEqual(met, expected);
      assert.deepEqual(await undoableOf(second, { compensable, limit: 2, after: 120 }), ["3", "4"], "the one at the end itself is not among them");
      assert.deepEqual(await undoableOf(second, { compensable, limit: 1, after: 121 }), ["1"]);
      assert.deepEqual(await undoableOf(second, { compensable, limit: 1, after: 2 }), []);
    },
  },
  {
    name: "finds inside a container what compensation may have to undo, as many as asked for",
    async run(context) {
      const inside = { scope: ["outer", "saga"] };
      const pointers = [
        undoable(1, inside),
        undoable(2),
        undoable(3, { ...inside, stepId: 4 }),
        undoable(4, { scope: ["saga", "deep"] }),
        undoable(5, { scope: ["outer"] }),
        undoable(6, { ...inside, status: "running" }),
      ];
      const [, second] = await withW(context, { pointers });
      const query = { scope: "saga", compensable: { stepIds: [0] } };

      assert.deepEqual(await undoableOf(second, { ...query, limit: ALL }), ["4", "1"]);
      assert.deepEqual(await undoableOf(second, { ...query, limit: 1 }), ["4"], "the limit counts what matches");
      assert.deepEqual(await undoableOf(second, { ...query, limit: 1, after: 104 }), ["1"]);
    },
  },
];

/** A complete pointer of step 0 that has been started, and whose `endSeq` is 100 more than its `seq`. */
function undoable(seq: number, changes: Partial<PointerRow> = {}): PointerRow {
  return samplePointer({ seq, status: "complete", attempt: 1, endSeq: 100 + seq, ...changes });
}

async function undoableOf(provider: PersistenceProvider, query: PointerQuery): Promise<readonly string[]> {
  return (await provider.getPointers("w", query)).map(({ id }) => id);
}

function insideOf(provider: PersistenceProvider, scope: string, query: Partial<PointerQuery> = {}): Promise<readonly string[]> {
  return undoableOf(provider, { limit: ALL, ...query, scope });
}
