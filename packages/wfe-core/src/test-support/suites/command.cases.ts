import { assert } from "./assert.ts";
import { isOpen, POINTER_STATUSES, type WorkflowStatus } from "../../models/workflow-status.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import type { ControlCommand } from "../../traits/workflow-repository.ts";
import { instant, SAMPLE_DEFINITION, sampleChange, sampleEvent, samplePointer, sampleSubscription } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, conflictOf, create, LATER, recordOf, settled, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

const COMPLETED_EVENT = { id: "ended", name: "wfe.workflow.completed", key: "w", data: '{"status":"terminated"}' };

/** Suspend, resume and terminate from outside. */
export const COMMAND_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "suspends a runnable instance, which is then not due",
    async run(context) {
      const [first, second] = await withError(context);
      const { dueAt: _dueAt, ...before } = await recordOf(first);

      assert.equal(await first.command("w", "suspend", instant(5)), true);

      assert.deepEqual(await recordOf(second), { ...before, status: "suspended", controlSeq: 1 });
      assert.deepEqual(await due(second, LATER), []);
    },
  },
  {
    name: "resumes a suspended instance, which is then due now and without its error",
    async run(context) {
      const [first, second] = await withError(context);
      await first.command("w", "suspend", instant(5));
      const { error: _error, ...before } = await recordOf(first);

      assert.equal(await second.command("w", "resume", instant(9)), true);

      assert.deepEqual(await recordOf(first), { ...before, status: "runnable", controlSeq: 2, dueAt: instant(9) });
      assert.deepEqual(await due(first, instant(8)), []);
      assert.deepEqual(await due(first, instant(9)), ["w"]);
    },
  },
  {
    name: "resumes an instance that a commit has suspended",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { status: "suspended", error: '"broken"' });

      assert.equal(await second.command("w", "resume", instant(9)), true);

      const { status, error, dueAt, controlSeq } = await recordOf(first);
      assert.deepEqual({ status, error, dueAt, controlSeq }, { status: "runnable", error: undefined, dueAt: instant(9), controlSeq: 1 });
    },
  },
  {
    name: "terminates a runnable instance, with its open pointers",
    async run(context) {
      const pointers = POINTER_STATUSES.map((status, index) =>
        samplePointer({ seq: index + 1, status, item: "1", ...(isOpen(status) ? { dueAt: instant(3) } : { endedAt: instant(1) }) }),
      );
      const [first, second] = await withError(context, pointers);
      const { dueAt: _dueAt, ...before } = await recordOf(first);

      assert.equal(await second.command("w", "terminate", instant(5)), true);

      const record = await recordOf(first);
      assert.deepEqual(
        { ...record, pointers: record.pointers.map(({ dueAt: _pointerDueAt, ...pointer }) => pointer) },
        {
          ...before,
          status: "terminated",
          controlSeq: 1,
          completedAt: instant(5),
          pointers: pointers.map(({ dueAt: _pointerDueAt, ...pointer }) =>
            isOpen(pointer.status) ? { ...pointer, status: "cancelled", endedAt: instant(5) } : pointer,
          ),
        },
      );
      assert.deepEqual((await first.loadForPass("w"))?.pointers, []);
      assert.deepEqual(await due(second, LATER), []);
    },
  },
  {
    name: "terminates a suspended instance",
    async run(context) {
      const [first, second] = await withError(context);
      await first.command("w", "suspend", instant(5));
      const before = await recordOf(first);

      assert.equal(await second.command("w", "terminate", instant(9)), true);

      const pointers = [samplePointer({ status: "cancelled", endedAt: instant(9) })];
      assert.deepEqual(await recordOf(first), { ...before, status: "terminated", controlSeq: 2, completedAt: instant(9), pointers });
    },
  },
  {
    name: "answers false where the status does not allow a command, and changes nothing",
    async run(context) {
      const [first, second] = await context.startTwo();
      const refused: Readonly<Record<WorkflowStatus, readonly ControlCommand[]>> = {
        runnable: ["resume"],
        suspended: ["suspend"],
        complete: ["suspend", "resume", "terminate"],
        terminated: ["suspend", "resume", "terminate"],
      };

      for (const [status, commands] of Object.entries(refused) as [WorkflowStatus, readonly ControlCommand[]][]) {
        await create(first, status);
        await commit(first, "c1", { workflowId: status, status, dueAt: instant(70), error: '"e"', openSubscriptions: [sampleSubscription(status)] });
        const before = await recordOf(first, status);
        for (const command of commands) {
          assert.equal(await second.command(status, command, instant(5), { completedEvent: COMPLETED_EVENT }), false, `${command} when ${status}`);
        }
        assert.deepEqual(await recordOf(first, status), before, `${status} is left as it is`);
        assert.ok((await first.getSubscription(status)) !== undefined, "so is its subscription");
      }
      assert.equal(await first.getEvent("ended"), undefined, "nobody is told of an end that was not");
    },
  },
  {
    name: "answers undefined to a command for an instance that does not exist",
    async run(context) {
      const [first, second] = await withW(context);

      for (const command of ["suspend", "resume", "terminate"] as const) {
        assert.equal(await first.command("missing", command, instant(), { completedEvent: COMPLETED_EVENT }), undefined);
      }

      assert.equal(await second.getEvent("ended"), undefined);
      assert.deepEqual(await signalsOf(second), { id: "w", status: "runnable", revision: 0, controlSeq: 0, inboxSeq: 0 });
    },
  },
  {
    name: "moves the control counter alone, by one with each command that is done",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1");

      for (const command of ["suspend", "suspend", "resume", "resume", "suspend", "terminate", "resume"] as const) {
        await second.command("w", command, instant());
      }

      assert.deepEqual(await signalsOf(first), { id: "w", status: "terminated", revision: 1, controlSeq: 4, inboxSeq: 0 });
    },
  },
  {
    name: "does one of many equal commands at the same moment",
    async run(context) {
      const providers = await withW(context);

      for (const [round, command] of (["suspend", "resume", "terminate"] as const).entries()) {
        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, turn) => (providers[turn % 2] ?? providers[0]).command("w", command, instant())),
        );

        assert.equal(answers.filter((done) => done).length, 1, `one ${command} is done`);
        assert.equal((await signalsOf(providers[0])).controlSeq, round + 1);
      }
    },
  },
  {
    name: "commands one instance and no other",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      await commit(first, "c1", { workflowId: "x", openSubscriptions: [sampleSubscription("of x")] });
      const before = await recordOf(first, "x");

      await second.command("w", "terminate", instant(5));

      assert.deepEqual(await recordOf(first, "x"), before);
      assert.ok((await first.getSubscription("of x")) !== undefined);
    },
  },
  {
    name: "closes the subscriptions of an instance that it terminates, and releases their events",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("open"), sampleSubscription("given", { key: "2" })] });
      await first.createEvent(sampleEvent("e", { key: "2" }), instant());
      await first.deliverEvents([{ name: "paid", key: "2" }], instant());

      await second.command("w", "terminate", instant(5));

      assert.equal(await first.getSubscription("open"), undefined);
      assert.equal(await first.getSubscription("given"), undefined);
      assert.deepEqual(await first.getSubscriptions("paid", "1", LATER), []);
      assert.deepEqual((await first.loadForPass("w"))?.deliveries, []);
      await first.createEvent(sampleEvent("e2"), instant());
      assert.deepEqual(await first.deliverEvents([{ name: "paid", key: "1" }], instant()), [], "nothing reaches it any more");
    },
  },
  {
    name: "stores the event of the end with a terminate, undelivered",
    async run(context) {
      const [first, second] = await withW(context);

      await first.command("w", "terminate", instant(5), { completedEvent: COMPLETED_EVENT });

      const { arrival: _arrival, ...event } = (await second.getEvent("ended")) ?? assert.fail("the event is stored");
      assert.deepEqual(event, { ...COMPLETED_EVENT, time: instant(5), delivered: false, storedAt: instant(5) });
      assert.deepEqual(await second.getRunnableEvents(instant(5), { limit: 10, claimUntil: LATER }), [
        { id: "ended", name: COMPLETED_EVENT.name, key: "w" },
      ]);
    },
  },
  {
    name: "wakes a parent by the event of the end of its child",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "parent");
      const topic = { name: COMPLETED_EVENT.name, key: "w" };
      await commit(first, "c1", { workflowId: "parent", openSubscriptions: [sampleSubscription("s", topic)] });

      await second.command("w", "terminate", instant(5), { completedEvent: COMPLETED_EVENT });
      const reached = await first.deliverEvents([topic], instant(5));

      assert.deepEqual(reached, ["parent"]);
      assert.deepEqual((await second.loadForPass("parent"))?.deliveries, [
        { subscriptionId: "s", pointerId: "1", eventId: "ended", data: COMPLETED_EVENT.data },
      ]);
    },
  },
  {
    name: "stores no event of an end where none is given",
    async run(context) {
      const [first, second] = await withW(context);

      await first.command("w", "suspend", instant(), { completedEvent: COMPLETED_EVENT });
      await first.command("w", "resume", instant(), { completedEvent: COMPLETED_EVENT });
      assert.equal(await second.getEvent("ended"), undefined, "suspend and resume end nothing");
      await first.command("w", "terminate", instant());

      assert.deepEqual(await second.getRunnableEvents(LATER, { limit: 10, claimUntil: LATER }), []);
    },
  },
  {
    name: "keeps what is delivered to a suspended instance for its resume",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s")] });
      await first.command("w", "suspend", instant());
      await second.createEvent(sampleEvent("e"), instant());

      assert.deepEqual(await second.deliverEvents([{ name: "paid", key: "1" }], instant(3)), ["w"]);
      assert.deepEqual(await due(first, LATER), [], "it is not due while it is suspended");
      await first.command("w", "resume", instant(5));

      assert.deepEqual(await due(second, instant(5)), ["w"]);
      assert.equal((await second.loadForPass("w"))?.deliveries.length, 1);
    },
  },
  {
    name: "orders a command and a commit that meet, so that neither undoes the other",
    async run(context) {
      const [first, second] = await withW(context);

      for (let round = 0; round < 25; round += 1) {
        const { revision, controlSeq, status } = await signalsOf(first);
        const command = status === "runnable" ? "suspend" : "resume";
        const change = sampleChange("w", `c${round}`, { status, dueAt: instant(50) }, { revision, controlSeq, inboxSeq: 0 });
        const [done, outcome] = await Promise.all([
          second.command("w", command, instant(5)),
          Promise.allSettled([first.persistWorkflow(change, instant(5))]),
        ]);

        assert.equal(done, true);
        const { refusals } = settled(outcome);
        for (const error of refusals) await conflictOf("control", Promise.reject(error));
        const record = await recordOf(second);
        assert.deepEqual(
          { status: record.status, controlSeq: record.controlSeq, revision: record.revision, dueAt: record.dueAt },
          {
            status: command === "suspend" ? "suspended" : "runnable",
            controlSeq: controlSeq + 1,
            revision: revision + 1 - refusals.length,
            dueAt: command === "suspend" ? undefined : instant(5),
          },
        );
      }
    },
  },
];

/** Ids of what is due; claims it. */
function due(provider: PersistenceProvider, asAt: Date): Promise<readonly string[]> {
  return provider.claimDueInstances(asAt, { definitions: [SAMPLE_DEFINITION], limit: 10, claimUntil: new Date(LATER.getTime() + 1) });
}

/** Two instances on a store where `w` has a data, an error and a due time. */
async function withError(context: PersistenceContext, pointers = [samplePointer()]): Promise<readonly [PersistenceProvider, PersistenceProvider]> {
  const [first, second] = await withW(context, { pointers });
  await commit(first, "c1", { data: '"d"', error: '"e"', dueAt: instant(40), sequence: 9 });
  return [first, second];
}
