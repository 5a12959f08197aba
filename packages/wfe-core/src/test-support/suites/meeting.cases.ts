import { assert } from "./assert.ts";
import type { ScheduledCommand } from "../../models/scheduled-command.ts";
import { instant, sampleSubscription } from "../fixtures.ts";
import { deliver, inboxOf, later, open, publish, send, sweep, turnOf } from "./event-steps.ts";
import { isNotRunning } from "./not-running.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, LATER, takeCommands, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** More than a store may want to serve in one go. */
const MANY = 1_100;

/** What comes of two that meet half-way: a delivery to many, a removal, commands, and what happens meanwhile. */
export const MEETING_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "loses no event that is stored while a delivery to many is under way",
    async run(context) {
      const [first, second] = await withW(context);
      for (let round = 0; round < 6; round += 1) {
        const key = String(round);
        const ids = Array.from({ length: MANY }, (_, turn) => `${key} ${turn}`);
        const bound = { effectiveDate: instant(10) };
        await commit(first, `open ${key}`, { openSubscriptions: ids.map((id) => sampleSubscription(id, { key, bound })) });
        await publish(first, `for none of them ${key}`, { key, time: instant(9) });

        const delivering = deliver(second, instant(), key);
        await later(first, round >> 1);
        await publish(round % 2 === 0 ? second : first, `e${key}`, { key, time: instant(10) }); // whose publisher dies before its delivery
        await delivering;
        await sweep(first);

        assert.equal((await inboxOf(second)).length, MANY, `round ${round}: it is delivered to all, by whomever`);
        await commit(first, `close ${key}`, { closeSubscriptions: ids });
      }
    },
  },
  {
    name: "marks an event delivered when all who wait have it, not before",
    async run(context) {
      const [first, second] = await withW(context);
      const ids = Array.from({ length: MANY }, (_, turn) => `s${turn}`);
      await commit(first, "c1", { openSubscriptions: ids.map((id) => sampleSubscription(id)) });
      await publish(first, "e");
      let isDone = false;

      const delivering = deliver(first).finally(() => {
        isDone = true;
      });
      for (let look = 0; !isDone && look < 1000; look += 1) {
        const event = await second.getEvent("e");
        // Whoever delivers may die at any moment; what is marked is swept no more.
        if (event?.delivered === true) assert.equal((await inboxOf(second)).length, MANY, "what is marked delivered has reached all");
        await context.elapse(0);
      }
      await delivering;

      assert.deepEqual([(await second.getEvent("e"))?.delivered, (await inboxOf(second)).length], [true, MANY]);
    },
  },
  {
    name: "reaches all who wait when the one who delivers stops half-way",
    async run(context) {
      const [first, second] = await withW(context);
      const ids = Array.from({ length: MANY }, (_, turn) => `s${turn}`);
      await commit(first, "c1", { openSubscriptions: ids.map((id) => sampleSubscription(id)) });
      await publish(first, "e");

      const delivering = Promise.allSettled([deliver(first)]);
      await first.stop();
      for (const outcome of await delivering) if (outcome.status === "rejected") isNotRunning(outcome.reason);
      await sweep(second);

      assert.deepEqual(await inboxOf(second), ids.map((id) => `${id}: e`).toSorted());
      assert.equal((await second.getEvent("e"))?.delivered, true);
    },
  },
  {
    name: "either gives an old event to a wait or removes it, when both meet",
    async run(context) {
      const providers = await context.startTwo();
      for (let round = 0; round < 40; round += 1) {
        const [owner, other] = [turnOf(providers, round >> 1), turnOf(providers, (round >> 1) + 1)];
        const [id, key] = [`w${round}`, String(round)];
        await create(owner, id);
        await send(other, `old ${key}`, { key });
        const wait = (): Promise<unknown> => open(owner, `s${round}`, { workflowId: id, key });
        const remove = (): Promise<unknown> => other.deleteDeliveredEvents(LATER, 1000);

        await Promise.all(round % 2 === 0 ? [wait(), remove()] : [remove(), wait()]);

        const event = (await other.getEvent(`old ${key}`)) === undefined ? `new ${key}` : `old ${key}`;
        await send(other, `new ${key}`, { key });
        assert.deepEqual(
          await inboxOf(owner, id),
          [`s${round}: ${event}`],
          `round ${round}: what is removed is given to nobody, and the wait goes on`,
        );
        assert.ok((await owner.getEvent(event)) !== undefined, `round ${round}: what is given is there`);
      }
    },
  },
  {
    name: "keeps one of equal commands of one commit, and of many commits at the same moment, with the earliest time",
    async run(context) {
      const providers = await context.startTwo();
      const ids = Array.from({ length: 8 }, (_, turn) => `w${turn}`);
      for (const id of ids) await create(providers[0], id);
      const command = (data: string, ms: number): ScheduledCommand => ({ name: "terminateWorkflow", data, executeAt: instant(ms) });

      await Promise.all(
        ids.map((workflowId, turn) =>
          commit(turnOf(providers, turn), "c1", {
            workflowId,
            commands: [command("a", 20 + turn), command("b", turn), command("a", 10 + ((turn + 3) % 8))],
          }),
        ),
      );

      assert.deepEqual(await takeCommands(providers[1]), [command("b", 0), command("a", 10)]);
    },
  },
  {
    name: "begins to handle a command though the handling of another one takes long",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const [ms, data] of ["slow", "quick"].entries()) await first.scheduleCommand({ name: "terminateWorkflow", data, executeAt: instant(ms) });
      let begin: () => void = () => {};
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });

      const handling = second.processCommands(LATER, { limit: 10, claimUntil: LATER }, async ({ data }) => {
        if (data === "quick") begin();
        else await begun;
      });

      assert.equal(await context.soon("the handling of the second command", handling), 2);
    },
  },
];
