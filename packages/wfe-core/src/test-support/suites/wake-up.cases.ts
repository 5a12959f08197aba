import { assert } from "./assert.ts";
import { WORKFLOW_COMPLETED_EVENT } from "../../models/event.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, SAMPLE_DEFINITION, sampleEvent, sampleSubscription, sampleWorkflow } from "../fixtures.ts";
import { inboxOf, insist, open, publish, send, sweep, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, recordOf, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

type Providers = readonly [PersistenceProvider, PersistenceProvider];

/** Orders of subscription, publish and delivery. */
const ORDERS: readonly (readonly string[])[] = [
  ["S", "P", "D"],
  ["S", "D", "P"],
  ["P", "S", "D"],
  ["P", "D", "S"],
  ["D", "S", "P"],
  ["D", "P", "S"],
];

/** That no wake-up is lost, whatever interleaves. */
export const WAKE_UP_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "wakes a wait once, in every order of subscription, publish, delivery and sweep, and from either instance",
    async run(context) {
      const providers = await withW(context);
      for (const order of ORDERS) {
        for (let by = 0; by < 8; by += 1) {
          const key = `${order.join("")} ${by}`;
          const steps: Record<string, (provider: PersistenceProvider) => Promise<unknown>> = {
            S: (provider) => open(provider, key, { key }),
            P: (provider) => publish(provider, key, { key }),
            D: (provider) => provider.deliverEvents([{ name: "paid", key }], instant()),
          };
          const { inboxSeq } = await signalsOf(providers[0]);

          for (const [place, step] of order.entries()) await steps[step]?.(turnOf(providers, by >> place));
          await sweep(turnOf(providers, by));

          await assertWoken(providers, key, inboxSeq);
        }
      }
    },
  },
  {
    name: "wakes a wait once whose subscription, publish and delivery happen at the same moment",
    async run(context) {
      const providers = await withW(context);
      for (let round = 0; round < 40; round += 1) {
        const key = String(round);
        const subscribe = (): Promise<unknown> => insist(turnOf(providers, round), key, { openSubscriptions: [sampleSubscription(key, { key })] });
        const tell = (): Promise<unknown> => send(turnOf(providers, round >> 1), key, { key });
        const sweepToo = (): Promise<unknown> => sweep(turnOf(providers, round >> 2));
        const { inboxSeq } = await signalsOf(providers[0]);

        await Promise.all([...[subscribe, tell, sweepToo].slice(round % 3), ...[subscribe, tell, sweepToo].slice(0, round % 3)].map((run) => run()));
        await sweep(providers[0]);

        await assertWoken(providers, key, inboxSeq);
      }
    },
  },
  {
    name: "wakes a parent by a child that ends after its parent waits, before, or while its parent is suspended",
    async run(context) {
      const providers = await context.startTwo();
      for (const [turn, order] of ["start in the same commit", "child exists and has ended", "parent is suspended"].entries()) {
        const parent = `parent ${turn}`;
        const child = `child ${turn}`;
        const topic = { name: WORKFLOW_COMPLETED_EVENT, key: child };
        await create(providers[0], parent);
        const end = async (): Promise<void> => {
          const events = [sampleEvent(`end of ${child}`, topic)];
          await commit(providers[1], "end", { workflowId: child, status: "complete", completedAt: instant(), events });
        };
        if (order === "child exists and has ended") {
          await create(providers[1], child);
          await end();
          await sweep(providers[1]);
        }

        const opened = { workflowId: parent, children: [sampleWorkflow(child)], openSubscriptions: [sampleSubscription(`of ${parent}`, topic)] };
        await commit(providers[0], "wait", opened);
        if (order === "parent is suspended") await providers[0].command(parent, "suspend", instant());
        if (order !== "child exists and has ended") await end();
        await sweep(providers[1]);
        if (order === "parent is suspended") await providers[1].command(parent, "resume", instant());

        assert.deepEqual(await inboxOf(providers[0], parent), [`of ${parent}: end of ${child}`], order);
        assert.deepEqual((await recordOf(providers[0], parent)).dueAt, instant(), order);
      }
    },
  },
  {
    name: "keeps an instance to be found by the sweep until a commit has seen what was delivered, though nobody was told",
    async run(context) {
      const [first, second] = await withW(context);
      const claim = (ms: number): Promise<readonly string[]> =>
        second.claimDueInstances(instant(ms), { definitions: [SAMPLE_DEFINITION], limit: 10, claimUntil: instant(ms + 100) });
      await open(first, "s");
      await send(second, "e");

      assert.deepEqual([await claim(0), await claim(99), await claim(100)], [["w"], [], ["w"]], "whoever claimed it may have died");
      await commit(first, "unseen", { seenInboxSeq: 0 }, instant(150));
      assert.deepEqual(await claim(150), ["w"]);
      await commit(first, "seen", { consume: [{ subscriptionId: "s", eventId: "e" }] }, instant(160));

      assert.deepEqual(await claim(1e9), []);
    },
  },
  {
    name: "takes deliveries, commits and commands that touch the same topics and instances in different orders",
    async run(context) {
      const providers = await context.startTwo();
      const ids = Array.from({ length: 8 }, (_, turn) => `w${turn}`);
      const keys = ["a", "b", "c", "d"];
      for (const id of ids) await create(providers[0], id);
      for (const key of keys) await publish(providers[0], key, { key, time: instant(-1) });
      const rotated = <T>(all: readonly T[], by: number): T[] => [...all.slice(by % all.length), ...all.slice(0, by % all.length)];

      await Promise.all([
        ...ids.map((workflowId, turn) => {
          const openSubscriptions = rotated(keys, turn).map((key) => sampleSubscription(`${workflowId} ${key}`, { key }));
          return insist(turnOf(providers, turn), "wait", { workflowId, openSubscriptions });
        }),
        ...keys.map((_, turn) => {
          const topics = rotated(keys, turn).map((key) => ({ name: "paid", key }));
          return turnOf(providers, turn).deliverEvents(turn % 2 === 0 ? topics : topics.toReversed(), instant());
        }),
        ...rotated(ids, 3).map((id, turn) => turnOf(providers, turn).command(id, "suspend", instant())),
      ]);

      for (const id of ids)
        assert.deepEqual(
          await inboxOf(providers[1], id),
          keys.map((key) => `${id} ${key}: ${key}`),
        );
    },
  },
];

/** That the subscription `key` of `w` was given the event `key`, as one delivery, and that `w` is due; uses the event. */
async function assertWoken(providers: Providers, key: string, inboxSeqBefore: number): Promise<void> {
  assert.deepEqual(await inboxOf(providers[1]), [`${key}: ${key}`], "the event is there");
  assert.equal((await signalsOf(providers[0])).inboxSeq, inboxSeqBefore + 1, "it is one delivery");
  assert.deepEqual((await recordOf(providers[1])).dueAt, instant(), "its instance is due now");
  await commit(providers[0], `use ${key}`, { consume: [{ subscriptionId: key, eventId: key }] });
}
