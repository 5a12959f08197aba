import { assert } from "./assert.ts";
import type { PointerRow } from "../../models/pointer-row.ts";
import type { NewWorkflow } from "../../models/workflow-row.ts";
import { instant, sampleExecutionError, samplePointer } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, recordOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Texts that a store may be tempted to trim, fold, escape, parse or cut. */
const TEXTS: readonly string[] = [
  "",
  " ",
  "null",
  "\t\r\n",
  'it\'s "quoted" \\ %_ $1 ? :x --;',
  "é e\u0301 \u{1F600} \uFEFF \u2028",
  '{"b":1,"a":2,"b":3,"1":[ 1.0, 1e400, 12345678901234567890 ]}',
  JSON.stringify("\u0000 \ud83d"),
];

/** Texts that the encoding of a store may not have: half of an emoji that was cut, and the null character. */
const RAW_TEXTS: readonly string[] = ["\u0000", "a\u0000b", "\ud83d", "\ude00 \ud83d", "\ufffd"];

/** Ends of what a `Date` can hold, and instants that a store may take for none or round. */
const INSTANTS: readonly number[] = [-8.64e15, Date.UTC(1, 0, 1), -62_135_596_800_001, -1, 0, 1, 1_700_000_000_001, 253_402_300_799_999, 8.64e15];

/** Fields of a pointer that hold payloads or other free text. */
const POINTER_TEXTS = [
  "stepName",
  "predecessorId",
  "item",
  "persistenceData",
  "outcome",
  "eventName",
  "eventKey",
  "eventData",
  "compensates",
  "error",
] as const;

/** That what was stored comes back as it was. */
export const PAYLOAD_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "keeps every field of a pointer, from its creation and from a commit",
    async run(context) {
      const [first, second] = await withW(context, { pointers: [fullPointer(1)] });
      await commit(first, "c1", { pointers: [fullPointer(2)] });

      assert.deepEqual((await recordOf(second)).pointers, [fullPointer(1), fullPointer(2)]);
      assert.deepEqual((await second.loadForPass("w"))?.pointers, [fullPointer(1), fullPointer(2)]);

      const plain = [samplePointer({ id: "pointer 1" }), samplePointer({ id: "pointer 2", seq: 2, index: 0, endSeq: 0 })];
      await commit(second, "c2", { pointers: plain });
      assert.deepEqual((await recordOf(first)).pointers, plain, "what is not given any more is absent, and 0 is not absent");
    },
  },
  {
    name: "keeps texts as they are",
    async run(context) {
      const [first, second] = await context.startTwo();

      await assertKept(first, second, TEXTS);
    },
  },
  {
    name: "keeps null characters and halves of surrogate pairs",
    async run(context) {
      const [first, second] = await context.startTwo();

      await assertKept(first, second, RAW_TEXTS);
    },
  },
  {
    name: "tells an empty text from an absent one",
    async run(context) {
      const [first, second] = await context.startTwo();
      const empty = Object.fromEntries(POINTER_TEXTS.map((field) => [field, ""]));
      await create(first, "w", { reference: "", description: "", rootWorkflowId: "", pointers: [samplePointer(empty), samplePointer({ seq: 2 })] });
      await commit(first, "c1", { data: "", error: "", pointers: [samplePointer({ seq: 3, ...empty }), samplePointer({ seq: 4 })] });

      const { data, error, reference, description, rootWorkflowId, pointers } = await recordOf(second);
      assert.deepEqual(
        { data, error, reference, description, rootWorkflowId },
        { data: "", error: "", reference: "", description: "", rootWorkflowId: "" },
      );
      assert.deepEqual(
        pointers,
        [1, 2, 3, 4].map((seq) => samplePointer({ seq, ...(seq % 2 === 1 ? empty : {}) })),
      );
      assert.deepEqual((await second.listWorkflows({ hasError: true, reference: "" }, {})).items.length, 1);
    },
  },
  {
    name: "finds ids and names that differ in little",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = ["a", "A", "a ", " a", "á", "a\u0301", "a\u0000", "a\ud83d", "a\ude00", "a\ufffd", "1", "01", "1.0"];
      for (const id of ids) await create(first, id, { name: id, data: JSON.stringify(id), pointers: [samplePointer({ item: id })] });

      for (const id of ids) {
        const { data, name, pointers } = await recordOf(second, id);
        assert.deepEqual({ data, name, item: pointers[0]?.item }, { data: JSON.stringify(id), name: id, item: id });
        assert.equal((await second.getWorkflowInstanceByName(id))?.id, id);
      }
      const together = ids.map((id, index) => samplePointer({ id, seq: index + 1 }));
      await create(first, "w", { pointers: together.slice(0, 5) });
      await commit(second, "c1", { pointers: together.slice(5) });
      assert.deepEqual((await recordOf(first)).pointers, together, "so are ids of pointers");
    },
  },
  {
    name: "keeps instants to the millisecond, before 1970 and far away",
    async run(context) {
      const [first, second] = await context.startTwo();

      for (const [index, ms] of INSTANTS.entries()) {
        const at = new Date(ms);
        const pointer = samplePointer({ dueAt: at, startedAt: at, endedAt: at });
        const id = `w${index}`;
        await create(first, id, { createdAt: at, dueAt: at, pointers: [pointer] });
        const created = await recordOf(second, id);
        assert.deepEqual([created.createdAt, created.dueAt, created.pointers], [at, at, [pointer]], `created with ${ms}`);

        await commit(first, "c1", { workflowId: id, dueAt: at, completedAt: at, errors: [sampleExecutionError(id, { at })] });
        const committed = await recordOf(second, id);
        assert.deepEqual([committed.dueAt, committed.completedAt], [at, at], `committed with ${ms}`);
        assert.deepEqual((await second.getErrors(id))[0]?.at, at, `an error at ${ms}`);
      }
    },
  },
  {
    name: "keeps large payloads",
    async run(context) {
      const [first, second] = await context.startTwo();
      const data = JSON.stringify({ text: "a\u{1F600}\n".repeat(262_144) });
      const item = JSON.stringify("x".repeat(1_048_576));
      assert.ok(data.length > 1_048_576, "beyond the default limit of data");

      await create(first, "w", { data, pointers: [samplePointer({ item })] });
      await create(first, "x");
      await commit(first, "c1", { workflowId: "x", data, error: data, pointers: [samplePointer({ persistenceData: item })] });

      const w = await recordOf(second);
      const x = await recordOf(second, "x");
      // Not deepEqual: a difference in a megabyte is no help in a report.
      assert.ok(w.data === data && x.data === data && x.error === data, "data and errors come back as they were");
      assert.ok(w.pointers[0]?.item === item && x.pointers[0]?.persistenceData === item, "so do payloads of pointers");
    },
  },
  {
    name: "keeps many pointers and long scopes",
    async run(context) {
      const scope = Array.from({ length: 50 }, (_, index) => `container ${index}`);
      const pointers = Array.from({ length: 2000 }, (_, index) => samplePointer({ seq: index + 1, scope: scope.slice(0, index % 51), index }));
      const [first, second] = await withW(context, { pointers: [] });

      await commit(first, "c1", { pointers: pointers.toReversed() });

      assert.deepEqual((await recordOf(second)).pointers, pointers);
    },
  },
  {
    name: "keeps large counts",
    async run(context) {
      const [first, second] = await withW(context, { version: 2_147_483_647 });
      const count = 2_000_000_000;
      const pointer = samplePointer({
        seq: count,
        stepId: 1_000_000,
        attempt: count,
        retryCount: count,
        crashCount: count,
        resultCount: count,
        endSeq: count,
        index: count,
      });

      await commit(first, "c1", { sequence: count, pointers: [pointer] });

      const { version, sequence, pointers } = await recordOf(second);
      assert.deepEqual({ version, sequence, pointer: pointers.at(-1) }, { version: 2_147_483_647, sequence: count, pointer });
    },
  },
];

/** A pointer with every field, each with a value of its own. */
function fullPointer(seq: number): PointerRow {
  return {
    id: `pointer ${seq}`,
    seq,
    stepId: seq + 100,
    stepName: "charge",
    status: "waitingForEvent",
    scope: ["outer", "", "inner, with ]\"'"],
    attempt: 2,
    retryCount: 3,
    crashCount: 4,
    resultCount: 5,
    predecessorId: "predecessor",
    dueAt: instant(6),
    startedAt: instant(7),
    endedAt: instant(8),
    endSeq: 9,
    item: '"item"',
    index: 10,
    persistenceData: '"persistence"',
    outcome: '"outcome"',
    eventName: "paid",
    eventKey: "key",
    eventData: '"event"',
    compensates: "compensated",
    error: '"error"',
  };
}

/** That each of these texts comes back from every place that holds one. */
async function assertKept(
  first: Awaited<ReturnType<PersistenceContext["start"]>>,
  second: Awaited<ReturnType<PersistenceContext["start"]>>,
  texts: readonly string[],
): Promise<void> {
  for (const text of texts) {
    const given: Partial<NewWorkflow> = {
      name: `name ${text}`,
      data: text,
      reference: text,
      description: text,
      parent: { workflowId: `p${text}`, pointerId: text, depth: 1 },
      rootWorkflowId: text,
    };
    const fields = Object.fromEntries(POINTER_TEXTS.map((field) => [field, text]));
    const pointer = samplePointer({ id: `own ${text}`, scope: [text, text], ...fields });
    const id = `id ${text}`;
    const error = sampleExecutionError(id, { message: text, stack: text, data: text, step: text, pointerId: text });
    await create(first, id, { ...given, pointers: [pointer] });
    const added = { ...pointer, id: `added ${text}`, seq: 2 };
    await commit(first, `commit ${text}`, { workflowId: id, error: text, pointers: [added], errors: [error] });

    const record = await recordOf(second, id);
    const shown = JSON.stringify(text);
    assert.deepEqual({ ...record, ...given }, record, `${shown} in an instance`);
    assert.deepEqual([record.error, record.commitId], [text, `commit ${text}`], `${shown} in an error`);
    assert.deepEqual(record.pointers, [pointer, added], `${shown} in pointers`);
    assert.deepEqual(await second.getErrors(id), [error], `${shown} in the error log`);
    await commit(second, "data", { workflowId: id, data: `${text}!` });
    assert.equal((await recordOf(first, id)).data, `${text}!`, `${shown} in changed data`);
  }
}
