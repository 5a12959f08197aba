import { assert } from "./assert.ts";
import type { WorkflowAlreadyExistsError, WorkflowNameTakenError } from "../../errors/workflow-errors.ts";
import { isWfeError } from "../../errors/wfe-error.ts";
import type { NewWorkflow } from "../../models/workflow-row.ts";
import { instant, samplePointer, sampleWorkflow } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, recordOf, refusalOf, settled, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Creation of instances, and how they are found. */
export const WORKFLOW_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "stores a new instance whole and answers its id",
    async run(context) {
      const [first, second] = await context.startTwo();
      const workflow = sampleWorkflow("w", {
        definitionId: "other",
        version: 7,
        fingerprint: "0".repeat(64),
        inputDigest: "e".repeat(64),
        createdAt: instant(-3),
        reference: "order 7",
        description: "an order",
        parent: { workflowId: "p", pointerId: "4", depth: 2 },
        rootWorkflowId: "root",
        dueAt: instant(5),
        pointers: [samplePointer({ seq: 2, status: "running", attempt: 1, startedAt: instant() }), samplePointer({ seq: 1 })],
      });

      const id = await first.createNewWorkflow(workflow, instant());

      assert.equal(id, "w");
      assert.deepEqual(await second.getWorkflowInstance("w"), {
        ...workflow,
        pointers: workflow.pointers.toReversed(),
        status: "runnable",
        revision: 0,
        controlSeq: 0,
        inboxSeq: 0,
        sequence: 2,
      });
    },
  },
  {
    name: "stores nothing where nothing was given",
    async run(context) {
      const [first, second] = await context.startTwo();
      const { dueAt: _dueAt, ...workflow } = sampleWorkflow("w", { pointers: [] });

      await first.createNewWorkflow(workflow, instant());

      assert.deepEqual(await second.getWorkflowInstance("w"), {
        ...workflow,
        status: "runnable",
        revision: 0,
        controlSeq: 0,
        inboxSeq: 0,
        sequence: 0,
      });
    },
  },
  {
    name: "keeps reference, description, parent and root over commits",
    async run(context) {
      const given: Partial<NewWorkflow> = {
        reference: "order 7",
        description: "an order",
        parent: { workflowId: "p", pointerId: "4", depth: 1 },
        rootWorkflowId: "p",
      };
      const [first, second] = await withW(context, given);

      await commit(first, "c1", { data: "2" });
      await commit(second, "c2", { status: "suspended" });

      const { reference, description, parent, rootWorkflowId, status } = await recordOf(first);
      assert.deepEqual({ reference, description, parent, rootWorkflowId, status }, { ...given, status: "suspended" });
    },
  },
  {
    name: "refuses an id that exists, tells what is stored under it, and leaves it as it is",
    async run(context) {
      const stored = { definitionId: "stored", version: 4, inputDigest: "e".repeat(64) };
      const [first, second] = await withW(context, stored);
      await commit(first, "c1", { data: '{"total":2}' });
      const before = await recordOf(first);
      const other = sampleWorkflow("w", { name: "other", definitionId: "other", version: 9, inputDigest: "0".repeat(64), data: "3" });

      const error = await refusalOf(second.createNewWorkflow(other, instant(1)));

      if (!isWfeError(error, "WFE_WORKFLOW_ALREADY_EXISTS")) throw error;
      const { workflowId, existing } = error as WorkflowAlreadyExistsError; // its code says so
      assert.deepEqual({ workflowId, existing }, { workflowId: "w", existing: stored });
      assert.deepEqual(await recordOf(first), before);
      assert.equal(await second.getWorkflowInstanceByName("other"), undefined);
    },
  },
  {
    name: "refuses a name that is taken, and stores nothing",
    async run(context) {
      const [first, second] = await withW(context, { name: "taken" });

      const error = await refusalOf(second.createNewWorkflow(sampleWorkflow("x", { name: "taken" }), instant()));

      if (!isWfeError(error, "WFE_WORKFLOW_NAME_TAKEN")) throw error;
      assert.equal((error as WorkflowNameTakenError).workflowName, "taken"); // its code says so
      assert.equal(await first.getWorkflowInstance("x"), undefined);
      assert.equal((await first.getWorkflowInstanceByName("taken"))?.id, "w");
      await create(first, "x", { name: "free", pointers: [samplePointer({ id: "own" })] });
      assert.deepEqual(
        (await recordOf(second, "x")).pointers.map((pointer) => pointer.id),
        ["own"],
        "the id is free, and has no pointers of the creation that was refused",
      );
    },
  },
  {
    name: "refuses a name that another instance has as its id, and an id that another has as its name",
    async run(context) {
      const [first, second] = await withW(context, { name: "free" });

      for (const [id, name, taken] of [
        ["x", "w", "w"],
        ["free", "y", "free"],
      ] as const) {
        const error = await refusalOf(second.createNewWorkflow(sampleWorkflow(id, { name }), instant()));
        if (!isWfeError(error, "WFE_WORKFLOW_NAME_TAKEN")) throw error;
        assert.equal((error as WorkflowNameTakenError).workflowName, taken); // its code says so
        assert.equal(await first.getWorkflowInstance(id), undefined);
      }
      await create(first, "own", { name: "own" });
      assert.equal((await second.getWorkflowInstanceByName("own"))?.id, "own", "an instance may have its id as its name");
    },
  },
  {
    name: "tells of a taken id before it tells of a taken name",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");

      for (const name of ["name of w", "name of x"]) {
        const error = await refusalOf(second.createNewWorkflow(sampleWorkflow("w", { name }), instant()));
        if (!isWfeError(error, "WFE_WORKFLOW_ALREADY_EXISTS")) throw error;
      }
    },
  },
  {
    name: "lets one of many creations of one id at the same moment through",
    async run(context) {
      const providers = await context.startTwo();

      const calls = Array.from({ length: 20 }, (_, turn) =>
        (providers[turn % 2] ?? providers[0]).createNewWorkflow(
          sampleWorkflow("w", { name: `name ${turn}`, data: String(turn), pointers: [samplePointer({ id: `of ${turn}` })] }),
          instant(),
        ),
      );
      const { answers, refusals } = settled(await Promise.allSettled(calls));

      assert.deepEqual(answers, ["w"]);
      for (const error of refusals) if (!isWfeError(error, "WFE_WORKFLOW_ALREADY_EXISTS")) throw error;
      const { data, name, pointers } = await recordOf(providers[0]);
      assert.deepEqual({ name, pointers: pointers.map(({ id }) => id) }, { name: `name ${data}`, pointers: [`of ${data}`] }, "it is of one piece");
    },
  },
  {
    name: "lets one of many creations with one name at the same moment through",
    async run(context) {
      const providers = await context.startTwo();

      const calls = Array.from({ length: 20 }, (_, turn) =>
        (providers[turn % 2] ?? providers[0]).createNewWorkflow(sampleWorkflow(`w${turn}`, { name: "one" }), instant()),
      );
      const { answers, refusals } = settled(await Promise.allSettled(calls));

      assert.equal(answers.length, 1);
      for (const error of refusals) if (!isWfeError(error, "WFE_WORKFLOW_NAME_TAKEN")) throw error;
      assert.equal((await providers[0].getWorkflowInstanceByName("one"))?.id, answers[0]);
      assert.equal(await providers[1].countWorkflows({}), 1);
    },
  },
  {
    name: "stores 30 instances that are created at the same moment",
    async run(context) {
      const providers = await context.startTwo();
      const ids = Array.from({ length: 30 }, (_, turn) => `w${turn}`);

      const created = await Promise.all(
        ids.map((id, turn) => (providers[turn % 2] ?? providers[0]).createNewWorkflow(sampleWorkflow(id, { data: JSON.stringify(id) }), instant())),
      );

      assert.deepEqual(created, ids);
      const records = await providers[0].getWorkflowInstances(ids);
      assert.deepEqual(
        records.map(({ id, data, pointers }) => [id, data, pointers.length]),
        ids.map((id) => [id, JSON.stringify(id), 1]),
      );
    },
  },
  {
    name: "answers undefined for an instance that does not exist",
    async run(context) {
      const [provider] = await withW(context);

      assert.equal(await provider.getWorkflowInstance("name of w"), undefined);
      assert.equal(await provider.getWorkflowInstance(""), undefined);
      assert.equal(await provider.getWorkflowInstanceByName("w"), undefined);
      assert.equal(await provider.loadForPass("W"), undefined);
    },
  },
  {
    name: "finds an instance by its name, compared exactly",
    async run(context) {
      const [first, second] = await context.startTwo();
      const names = ["order", "Order", "order ", "ordér", "orde\u0301r", "a", "%"];
      for (const [index, name] of names.entries()) await create(first, `w${index}`, { name });

      for (const [index, name] of names.entries()) {
        assert.deepEqual(
          await second.getWorkflowInstanceByName(name),
          await recordOf(first, `w${index}`),
          `the instance named ${JSON.stringify(name)}`,
        );
      }
      assert.equal(await second.getWorkflowInstanceByName("ORDER"), undefined);
    },
  },
  {
    name: "gives several instances in the order asked for, without those that are missing",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const id of ["a", "b", "c"]) await create(first, id, { pointers: [samplePointer({ id: `of ${id}` })] });

      const records = await second.getWorkflowInstances(["c", "missing", "a", "b"]);

      assert.deepEqual(records, [await recordOf(first, "c"), await recordOf(first, "a"), await recordOf(first, "b")]);
      assert.deepEqual(await second.getWorkflowInstances([]), []);
    },
  },
  {
    name: "numbers each definition from 1 on",
    async run(context) {
      const [first, second] = await context.startTwo();

      const numbers: number[] = [];
      for (const provider of [first, first, second]) numbers.push(await provider.nextDefinitionSequence("A", 1));
      for (const provider of [second, first]) numbers.push(await provider.nextDefinitionSequence("B", 1));
      numbers.push(await first.nextDefinitionSequence("A", 1));

      assert.deepEqual(numbers, [1, 2, 3, 1, 2, 4]);
      for (const id of ["a", "A ", " A", "\u00c1", "A\u0301", "A\u0000", "A\ud83d"])
        assert.equal(await second.nextDefinitionSequence(id, 1), 1, JSON.stringify(id));
    },
  },
  {
    name: "reserves as many numbers as asked for",
    async run(context) {
      const [first, second] = await context.startTwo();

      assert.equal(await first.nextDefinitionSequence("A", 10), 1);
      assert.equal(await second.nextDefinitionSequence("A", 1), 11);
      assert.equal(await first.nextDefinitionSequence("A", 100), 12);
      assert.equal(await second.nextDefinitionSequence("A", 1), 112);
    },
  },
  {
    name: "reserves nothing but whole numbers, 1 or more",
    async run(context) {
      const provider = await context.start();

      for (const count of [0, -1, 1.5, Number.NaN])
        await assert.rejects(provider.nextDefinitionSequence("A", count), RangeError, `${count} is refused`);

      assert.equal(await provider.nextDefinitionSequence("A", 1), 1, "what was refused takes no number");
    },
  },
  {
    name: "gives each number once, whoever asks at the same moment",
    async run(context) {
      const providers = await context.startTwo();
      const counts = Array.from({ length: 40 }, (_, turn) => 1 + (turn % 3));

      const firsts = await Promise.all(counts.map((count, turn) => (providers[turn % 2] ?? providers[0]).nextDefinitionSequence("A", count)));

      const numbers = firsts.flatMap((first, turn) => Array.from({ length: counts[turn] ?? 0 }, (_, offset) => first + offset));
      assert.deepEqual(
        numbers.toSorted((a, b) => a - b),
        Array.from({ length: numbers.length }, (_, index) => index + 1),
        "no number twice, none left out",
      );
    },
  },
];
