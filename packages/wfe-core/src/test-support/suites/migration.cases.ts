import type { DefinitionKey } from "../../models/workflow-definition.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, SAMPLE_DEFINITION, sampleChange, samplePointer } from "../fixtures.ts";
import { assert } from "./assert.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, conflictOf, create, recordOf, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Another version of the definition that the samples belong to. */
const NEXT: DefinitionKey = { ...SAMPLE_DEFINITION, version: 2, fingerprint: "e".repeat(64) };
/** What a commit says that goes there. */
const TO_NEXT = { version: NEXT.version, fingerprint: NEXT.fingerprint };

/** Commits that take an instance to another version of its definition. */
export const MIGRATION_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "takes an instance to another version of its definition, with the rest of the commit",
    async run(context) {
      const [first, second] = await withW(context, { pointers: [samplePointer({ stepId: 1, stepName: "old" })] });
      const before = await recordOf(first);
      const pointer = samplePointer({ stepId: 4, stepName: "new" });

      const answer = await first.persistWorkflow(
        sampleChange("w", "c1", { definition: TO_NEXT, data: '"migrated"', dueAt: instant(), pointers: [pointer] }),
        instant(),
      );

      assert.equal(answer.revision, 1);
      assert.deepEqual(await recordOf(second), {
        ...before,
        ...TO_NEXT,
        data: '"migrated"',
        dueAt: instant(),
        revision: 1,
        commitId: "c1",
        pointers: [pointer],
      });
      const loaded = await second.loadForPass("w", { knownRevision: 0 });
      assert.deepEqual(loaded?.pointers, [pointer], "who knows the revision before is given the pointers");
      assert.deepEqual(await second.countWorkflows({ definitionId: NEXT.id, version: NEXT.version }), 1);
    },
  },
  {
    name: "claims an instance for the version that it was taken to, and for that alone",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      await commit(first, "c1", { definition: TO_NEXT, dueAt: new Date(0) });
      await commit(second, "c2", { dueAt: new Date(0) });

      assert.deepEqual(await claimed(second, SAMPLE_DEFINITION), ["x"]);
      assert.deepEqual(await claimed(first, { ...SAMPLE_DEFINITION, fingerprint: NEXT.fingerprint }), []);
      assert.deepEqual(await claimed(first, NEXT), ["w"]);
    },
  },
  {
    name: "takes only those to another version whose commits say so, of many at the same moment, and each to its own",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = Array.from({ length: 9 }, (_, index) => `w${index}`);
      await Promise.all(ids.map((id) => create(first, id)));
      const other = { version: 3, fingerprint: "0".repeat(64) };
      const targets = [undefined, TO_NEXT, other];

      await Promise.all(
        ids.map((id, index) => {
          const definition = targets[index % 3];
          return first.persistWorkflow(sampleChange(id, `c ${id}`, definition === undefined ? {} : { definition }), instant());
        }),
      );

      const records = await Promise.all(ids.map((id) => recordOf(second, id)));
      const { version, fingerprint } = SAMPLE_DEFINITION;
      const expected = [{ version, fingerprint }, TO_NEXT, other];
      assert.deepEqual(
        records.map((record) => ({ version: record.version, fingerprint: record.fingerprint })),
        ids.map((_, index) => expected[index % 3]),
      );
    },
  },
  {
    name: "takes an instance to another graph of the same version, and back to one that it had",
    async run(context) {
      const [first, second] = await withW(context);
      const { version, fingerprint } = SAMPLE_DEFINITION;

      await commit(first, "c1", { definition: { version, fingerprint: NEXT.fingerprint } });
      const there = await recordOf(second);
      await commit(second, "c2");
      const kept = await recordOf(first);
      await commit(second, "c3", { definition: { version, fingerprint } });
      const back = await recordOf(first);

      assert.deepEqual([there.version, there.fingerprint], [version, NEXT.fingerprint]);
      assert.deepEqual([kept.version, kept.fingerprint], [version, NEXT.fingerprint]);
      assert.deepEqual([back.version, back.fingerprint], [version, fingerprint]);
    },
  },
  {
    name: "leaves the version as it is when the commit that says another is refused",
    async run(context) {
      const [first, second] = await withW(context);
      const stale = await signalsOf(first);
      await commit(first, "c1");
      const moved = await signalsOf(first);
      await second.command("w", "suspend", instant());
      const before = await recordOf(second);

      await conflictOf("revision", first.persistWorkflow(sampleChange("w", "m1", { definition: TO_NEXT }, stale), instant()));
      await conflictOf("control", second.persistWorkflow(sampleChange("w", "m2", { definition: TO_NEXT }, moved), instant()));

      assert.deepEqual(await recordOf(first), before);
    },
  },
];

async function claimed(provider: PersistenceProvider, definition: DefinitionKey): Promise<readonly string[]> {
  return await provider.claimDueInstances(instant(), { definitions: [definition], limit: 10, claimUntil: instant() });
}
