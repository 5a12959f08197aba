import { assert } from "./assert.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, sampleChange, sampleEvent, sampleWorkflow } from "../fixtures.ts";
import { publication } from "./event-steps.ts";
import { isNotRunning } from "./not-running.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { create, fullChange, LATER, recordOf } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

const CLAIM = { limit: 1, claimUntil: LATER };

/** A call of every method that needs a running provider, by its name; `ensureStoreExists` may come before the start. */
export const PERSISTENCE_CALLS: {
  readonly [M in Exclude<keyof PersistenceProvider, "start" | "stop" | "ensureStoreExists" | "recordMetrics">]: (
    provider: PersistenceProvider,
  ) => Promise<unknown>;
} = {
  createNewWorkflow: (provider) => provider.createNewWorkflow(sampleWorkflow("w"), instant()),
  persistWorkflow: (provider) => provider.persistWorkflow(sampleChange("w", "c1"), instant()),
  loadForPass: (provider) => provider.loadForPass("w"),
  getPointers: (provider) => provider.getPointers("w", { limit: 1 }),
  getWorkflowInstance: (provider) => provider.getWorkflowInstance("w"),
  getWorkflowInstanceByName: (provider) => provider.getWorkflowInstanceByName("w"),
  getWorkflowInstances: (provider) => provider.getWorkflowInstances(["w"]),
  claimDueInstances: (provider) => provider.claimDueInstances(instant(), { definitions: [], ...CLAIM }),
  command: (provider) => provider.command("w", "suspend", instant()),
  readSignals: (provider) => provider.readSignals(["w"]),
  nextDefinitionSequence: (provider) => provider.nextDefinitionSequence("sample", 1),
  listWorkflows: (provider) => provider.listWorkflows({}, {}),
  countWorkflows: (provider) => provider.countWorkflows({}),
  getEndedWorkflows: (provider) => provider.getEndedWorkflows({ status: "complete", before: instant() }, 1),
  deleteWorkflows: (provider) => provider.deleteWorkflows(["w"]),
  createEvent: (provider) => provider.createEvent(sampleEvent("e"), instant()),
  publishEvent: (provider) => publication(provider, "e"),
  getEvent: (provider) => provider.getEvent("e"),
  isEventConsumed: (provider) => provider.isEventConsumed("e"),
  getEvents: (provider) => provider.getEvents("paid", "1", instant()),
  getRunnableEvents: (provider) => provider.getRunnableEvents(instant(), CLAIM),
  deliverEvents: (provider) => provider.deliverEvents([{ name: "paid", key: "1" }], instant()),
  deleteDeliveredEvents: (provider) => provider.deleteDeliveredEvents(instant(), 1),
  getSubscription: (provider) => provider.getSubscription("s"),
  getSubscriptions: (provider) => provider.getSubscriptions("paid", "1", instant()),
  getFirstOpenSubscription: (provider) => provider.getFirstOpenSubscription("ask", instant()),
  setSubscriptionToken: (provider) => provider.setSubscriptionToken("s", "t", "worker", LATER, instant()),
  extendSubscriptionToken: (provider) => provider.extendSubscriptionToken("s", "t", LATER, instant()),
  clearSubscriptionToken: (provider) => provider.clearSubscriptionToken("s", "t"),
  scheduleCommand: (provider) => provider.scheduleCommand({ name: "terminateWorkflow", data: "w", executeAt: instant() }),
  processCommands: (provider) => provider.processCommands(instant(), CLAIM, async () => {}),
  getErrors: (provider) => provider.getErrors("w"),
  inspectWorkflow: (provider) => provider.inspectWorkflow("w", { pointerIds: ["1"], workflowIds: ["w"] }),
};

/** Start and stop of a persistence provider. */
export const PERSISTENCE_NOT_RUNNING_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "refuses calls before its start",
    async run(context) {
      const provider = await context.open();

      await assertRefuses(provider);
    },
  },
  {
    name: "refuses calls after its stop",
    async run(context) {
      const provider = await context.start();

      await provider.stop();

      await assertRefuses(provider);
    },
  },
  {
    name: "starts and stops twice without harm",
    async run(context) {
      const provider = await context.open();

      await provider.stop();
      await provider.start();
      await provider.start();
      await create(provider, "w");
      await provider.stop();
      await provider.stop();
      await provider.stop();

      await assert.rejects(provider.getWorkflowInstance("w"), isNotRunning);
    },
  },
  {
    name: "runs until it was stopped as often as started",
    async run(context) {
      const provider = await context.start();
      await provider.start();
      await create(provider, "w");

      await provider.stop();

      assert.equal((await recordOf(provider)).id, "w", "one user is left");
      await provider.stop();
      await assert.rejects(provider.getWorkflowInstance("w"), isNotRunning);
    },
  },
  {
    name: "starts again after its stop, on the same store",
    async run(context) {
      const [first, second] = await context.startTwo();
      await create(first, "w");

      await first.stop();
      await first.start();

      assert.equal((await first.persistWorkflow(fullChange("m"), instant())).revision, 1);
      assert.equal((await recordOf(second)).revision, 1, "both see one store");
    },
  },
  {
    name: "keeps what is stored when every instance has stopped",
    async run(context) {
      const [first, second] = await context.startTwo();
      await create(first, "w");
      const { delivered = [] } = await second.persistWorkflow(fullChange("m"), instant());
      const before = await recordOf(first);
      await first.stop();
      await second.stop();

      const third = await context.start();

      assert.deepEqual(await recordOf(third), before);
      assert.equal((await recordOf(third, "child m")).revision, 0);
      assert.equal((await third.getSubscription("subscription m"))?.workflowId, "w");
      assert.equal((await third.getEvent("event m"))?.delivered, delivered.includes("event m"));
      assert.equal((await third.getErrors("w")).length, 1);
      assert.equal(await third.nextDefinitionSequence("sample", 1), 1);
    },
  },
  {
    name: "answers calls that were made before its stop",
    async run(context) {
      const [first, second] = await context.startTwo();
      await create(first, "w");

      const calls = Array.from({ length: 10 }, (_, index) => first.createNewWorkflow(sampleWorkflow(`w${index}`), instant()));
      const committing = first.persistWorkflow(fullChange("m"), instant());
      // Heard from before the stop is over: a store may refuse at once what it has not begun.
      const settling = Promise.allSettled([...calls, committing]);
      await first.stop();

      const outcomes = await settling;
      // A creation adds one, and so does the commit, with its child.
      const stored = await second.countWorkflows({});

      assert.equal(stored, 1 + outcomes.filter(({ status }) => status === "fulfilled").length, "what was answered is stored, and nothing else");
      for (const outcome of outcomes) if (outcome.status === "rejected") isNotRunning(outcome.reason);
    },
  },
  {
    name: "makes its store as often as it is told to, and keeps what is in it",
    async run(context) {
      const [first, second] = await context.startTwo();
      await create(first, "w");
      const before = await recordOf(first);

      await first.ensureStoreExists();
      await Promise.all(Array.from({ length: 6 }, (_, turn) => (turn % 2 === 0 ? first : second).ensureStoreExists()));

      assert.deepEqual(await recordOf(second), before);
    },
  },
  {
    name: "makes its store when told to before its start and after its stop, without being started by that",
    async run(context) {
      const [first, second] = [await context.open(), await context.open()];

      await first.ensureStoreExists();
      await assert.rejects(first.getWorkflowInstance("w"), isNotRunning);
      await second.start();
      await create(second, "w");
      await second.stop();
      await Promise.all([first.ensureStoreExists(), second.ensureStoreExists()]);
      await assert.rejects(second.getWorkflowInstance("w"), isNotRunning);
      await first.start();

      assert.equal((await recordOf(first)).id, "w");
    },
  },
  {
    name: "comes up on an empty store with many others at the same moment",
    async run(context) {
      const providers = await Promise.all(Array.from({ length: 5 }, () => context.open()));

      await Promise.all(providers.map((provider) => provider.start()));
      for (const [index, provider] of providers.entries()) await create(provider, `w${index}`);

      for (const provider of providers) assert.equal(await provider.countWorkflows({}), providers.length);
    },
  },
  {
    name: "counts starts at the same moment",
    async run(context) {
      const provider = await context.open();

      await Promise.all([provider.start(), provider.start()]);
      await provider.stop();

      await create(provider, "w");
      await provider.stop();
      await assert.rejects(provider.getWorkflowInstance("w"), isNotRunning);
    },
  },
];

/** That every method says that the provider is not running. */
async function assertRefuses(provider: PersistenceProvider): Promise<void> {
  for (const [method, call] of Object.entries(PERSISTENCE_CALLS)) {
    await assert.rejects(call(provider), isNotRunning, method);
  }
}
