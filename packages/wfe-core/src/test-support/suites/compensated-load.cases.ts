import { assert } from "./assert.ts";
import { samplePointer } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** The pointers that a pass undoes, which it starts from too. */
export const COMPENSATED_LOAD_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "loads with the open pointers the closed ones that they compensate, each once, in order of creation",
    async run(context) {
      const undone = [
        samplePointer({ id: "z", seq: 2, status: "complete", outcome: '"done"', persistenceData: "1", endSeq: 4 }),
        samplePointer({ id: "a", seq: 4, status: "cancelled", attempt: 2 }),
      ];
      const open = [
        samplePointer({ id: "first", seq: 1, compensates: "a" }),
        samplePointer({ id: "b", seq: 3, status: "running", compensates: "z" }),
        samplePointer({ id: "c", seq: 5, status: "sleeping", compensates: "z" }),
        samplePointer({ id: "d", seq: 6, compensates: "b" }),
      ];
      const pointers = [...undone, ...open, samplePointer({ id: "e", seq: 7, status: "complete" })];
      const [, second] = await withW(context, { pointers });

      const bySeq = [...undone, ...open].toSorted((a, b) => a.seq - b.seq);
      assert.deepEqual((await second.loadForPass("w"))?.pointers, bySeq);
      assert.deepEqual(await second.loadForPass("w", { knownRevision: 0 }).then((loaded) => loaded?.pointers), undefined);
    },
  },
  {
    name: "loads of the closed pointers none that another closed one compensates, and none of another instance",
    async run(context) {
      const [first, second] = await withW(context, {
        pointers: [
          samplePointer({ id: "undone", seq: 1, status: "compensated" }),
          samplePointer({ id: "undoing", seq: 2, status: "complete", compensates: "undone" }),
          samplePointer({ id: "again", seq: 3, compensates: "undoing" }),
          samplePointer({ id: "of what is not there", seq: 4, compensates: "theirs" }),
          samplePointer({ id: "of nothing", seq: 5, compensates: "" }),
        ],
      });
      await create(first, "x", {
        pointers: [samplePointer({ id: "theirs", status: "complete" }), samplePointer({ id: "", seq: 2, status: "complete" })],
      });

      assert.deepEqual(
        (await second.loadForPass("w"))?.pointers?.map(({ id }) => id),
        ["undoing", "again", "of what is not there", "of nothing"],
        "what is undone is loaded for one that is open, and not for that one's sake",
      );
    },
  },
  {
    name: "loads a compensated pointer for as long as the one that undoes it is open",
    async run(context) {
      const done = samplePointer({ status: "complete" });
      const undoing = samplePointer({ seq: 2, compensates: "1" });
      const [first, second] = await withW(context, { pointers: [done] });
      const loaded = async (): Promise<unknown> => (await second.loadForPass("w"))?.pointers;
      assert.deepEqual(await loaded(), []);

      await commit(first, "c1", { pointers: [undoing] });
      assert.deepEqual(await loaded(), [done, undoing]);
      const undone = samplePointer({ status: "compensated", error: '"declined"' });
      await commit(first, "c2", { pointers: [undone] });
      assert.deepEqual(await loaded(), [undone, undoing], "as it is by now");
      await commit(first, "c3", { pointers: [{ ...undoing, status: "complete" }] });

      assert.deepEqual(await loaded(), []);
    },
  },
];
