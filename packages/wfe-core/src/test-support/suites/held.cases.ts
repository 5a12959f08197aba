import { instant, sampleChange, sampleSubscription } from "../fixtures.ts";
import { assert } from "./assert.ts";
import { deliver, inboxOf, open, publish, send } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, conflictOf, recordOf, settled, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Lets the calls that were made come to where they wait. */
const UNITS = 2;

/** The races that a commit can lose, in their forced order: whoever writes an instance waits for another session that has its row locked. */
export const HELD_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "loses no event that is stored and delivered while the commit which opens its subscription waits for its row (race 1)",
    requires: ["hold"],
    async run(context) {
      const [first, second] = await withW(context);
      const release = await context.hold("w");

      const opening = first.persistWorkflow(sampleChange("w", "c1", { openSubscriptions: [sampleSubscription("s")] }), instant());
      await context.elapse(UNITS);
      const sending = send(second, "e");
      await context.elapse(UNITS);
      await release();
      await Promise.all([opening, sending]);

      assert.deepEqual(await inboxOf(second), ["s: e"]);
      assert.deepEqual([(await recordOf(second)).dueAt, (await signalsOf(second)).inboxSeq], [instant(), 1]);
    },
  },
  {
    name: "keeps an instance due whose commit and whose delivery wait for its row together, whichever comes first (race 2)",
    requires: ["hold"],
    async run(context) {
      const [first, second] = await withW(context);
      for (const [round, order] of (["commit first", "delivery first"] as const).entries()) {
        await open(first, `s${round}`, { key: `${round}` });
        await publish(second, `e${round}`, { key: `${round}` });
        const seen = await signalsOf(first);
        const calls = [
          (): Promise<unknown> => first.persistWorkflow(sampleChange("w", `idle ${round}`, {}, seen), instant(5)),
          (): Promise<unknown> => deliver(second, instant(5), `${round}`),
        ];
        const release = await context.hold("w");

        const waiting: Promise<unknown>[] = [];
        for (const call of order === "commit first" ? calls : calls.toReversed()) {
          waiting.push(call());
          await context.elapse(UNITS);
        }
        await release();
        await Promise.all(waiting);

        assert.deepEqual([(await recordOf(second)).dueAt, (await signalsOf(second)).inboxSeq], [instant(5), round + 1], order);
        await commit(first, `use ${round}`, { consume: [{ subscriptionId: `s${round}`, eventId: `e${round}` }] });
      }
    },
  },
  {
    name: "closes a subscription or delivers to it, when both wait for its row, whichever comes first",
    requires: ["hold"],
    async run(context) {
      const [first, second] = await withW(context);
      for (const [round, order] of (["closing first", "delivery first"] as const).entries()) {
        const [id, key] = [`s${round}`, `${round}`];
        await open(first, id, { key });
        await publish(second, `e${round}`, { key });
        const { revision, controlSeq, inboxSeq } = await signalsOf(first);
        const change = sampleChange("w", `close ${round}`, {
          expected: { revision, controlSeq, inboxSeq },
          seenInboxSeq: inboxSeq,
          closeSubscriptions: [id],
        });
        const calls = [(): Promise<unknown> => first.persistWorkflow(change, instant()), (): Promise<unknown> => deliver(second, instant(), key)];
        const release = await context.hold("w");

        const waiting: Promise<unknown>[] = [];
        for (const call of order === "closing first" ? calls : calls.toReversed()) {
          waiting.push(call());
          await context.elapse(UNITS);
        }
        const ended = Promise.allSettled(waiting);
        await release();
        const { refusals } = settled(await ended);

        for (const error of refusals) await conflictOf("inbox", Promise.reject(error));
        assert.deepEqual(await inboxOf(second), refusals.length === 1 ? [`${id}: e${round}`] : [], order);
        assert.equal((await signalsOf(second)).inboxSeq, inboxSeq + refusals.length, order);
        await commit(first, `release ${round}`, { closeSubscriptions: [id] });
      }
    },
  },
  {
    name: "answers a commit that is sent twice while it waits for its row, and applies it once (race 5)",
    requires: ["hold"],
    async run(context) {
      const [first, second] = await withW(context);
      const change = sampleChange("w", "c1", { data: "2" });
      const release = await context.hold("w");

      const answers = [first.persistWorkflow(change, instant())];
      await context.elapse(UNITS);
      answers.push(second.persistWorkflow(change, instant()));
      await context.elapse(UNITS);
      await release();

      assert.deepEqual(
        (await Promise.all(answers)).map(({ revision }) => revision),
        [1, 1],
      );
    },
  },
  {
    name: "lets neither of a command and a commit that wait for one row undo the other, whichever comes first (race 6)",
    requires: ["hold"],
    async run(context) {
      const [first, second] = await withW(context);
      for (const order of ["commit first", "command first"] as const) {
        const { revision, controlSeq, inboxSeq } = await signalsOf(first);
        const change = sampleChange("w", order, { data: JSON.stringify(order), dueAt: instant(9) }, { revision, controlSeq, inboxSeq });
        const calls = [
          (): Promise<unknown> => first.persistWorkflow(change, instant()),
          (): Promise<unknown> => second.command("w", "suspend", instant()),
        ];
        const release = await context.hold("w");

        const waiting: Promise<unknown>[] = [];
        for (const call of order === "commit first" ? calls : calls.toReversed()) {
          waiting.push(call());
          await context.elapse(UNITS);
        }
        const ended = Promise.allSettled(waiting);
        await release();
        const { refusals } = settled(await ended);

        for (const error of refusals) await conflictOf("control", Promise.reject(error));
        const record = await recordOf(second);
        assert.deepEqual(
          [record.status, record.controlSeq, record.revision, record.dueAt],
          ["suspended", controlSeq + 1, revision + 1 - refusals.length, undefined],
          order,
        );
        await second.command("w", "resume", instant());
      }
    },
  },
];
