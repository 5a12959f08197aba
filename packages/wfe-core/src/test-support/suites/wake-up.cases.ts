import assert from "node:assert/strict";
import { WORKFLOW_COMPLETED_EVENT } from "../../models/event.ts";
import type { WorkflowChange } from "../../models/workflow-change.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, SAMPLE_DEFINITION, sampleChange, sampleEvent, sampleSubscription, sampleWorkflow } from "../fixtures.ts";
import { idsOfLook, inboxOf, insist, open, publish, send, sweep, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, conflictOf, create, recordOf, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

type Providers = readonly [PersistenceProvider, PersistenceProvider];

const ORDERS: readonly string[] = ["SPD", "SDP", "PSD", "PDS", "DSP", "DPS"];

/** That no wake-up is lost, whatever interleaves. */
export const WAKE_UP_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "wakes a wait once, in every order of subscription, publish, delivery and sweep, and from either instance",
    async run(context) {
      const providers = await withW(context);
      for (const order of ORDERS) {
        for (let by = 0; by < 8; by += 1) {
          const key = `${order} ${by}`;
          const steps: Record<string, (provider: PersistenceProvider) => Promise<unknown>> = {
            S: (provider) => open(provider, key, { key }),
            P: (provider) => publish(provider, key, { key }),
            D: (provider) => provider.deliverEvents([{ name: "paid", key }], instant()),
          };
          const { inboxSeq } = await signalsOf(providers[0]);

          for (const [place, step] of [...order].entries()) await steps[step]?.(turnOf(providers, by >> place));
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
    name: "wakes every instance that subscribes while an event is published and delivered",
    async run(context) {
      const providers = await context.startTwo();
      const ids = Array.from({ length: 40 }, (_, turn) => `w${turn}`);
      for (const id of ids) await create(providers[0], id);

      await Promise.all(
        ids.map((id, turn) => (turn === 20 ? send(providers[1], "e") : open(turnOf(providers, turn), `s of ${id}`, { workflowId: id }))),
      );
      await open(providers[0], "s of w20", { workflowId: "w20" });

      for (const id of ids) assert.deepEqual([await inboxOf(providers[0], id), (await signalsOf(providers[1], id)).inboxSeq], [[`s of ${id}: e`], 1]);
    },
  },
  {
    name: "wakes a wait that commands hold up while its event is published and delivered (race 1)",
    async run(context) {
      const providers = await withW(context);
      for (let round = 0; round < 25; round += 1) {
        const key = String(round);
        const { inboxSeq } = await signalsOf(providers[0]);

        await Promise.all([
          providers[1].command("w", "suspend", instant()),
          insist(providers[0], key, { openSubscriptions: [sampleSubscription(key, { key })] }),
          send(providers[1], key, { key }),
          providers[0].command("w", "resume", instant()),
        ]);
        if ((await signalsOf(providers[0])).status === "suspended") await providers[0].command("w", "resume", instant());

        await assertWoken(providers, key, inboxSeq);
      }
    },
  },
  {
    name: "lets either the closing of a wait or the delivery to it win, and releases the event or refuses the closing",
    async run(context) {
      const providers = await withW(context);
      for (let round = 0; round < 40; round += 1) {
        const key = String(round);
        await open(providers[0], key, { key });
        await publish(providers[0], key, { key });
        const seen = await signalsOf(providers[0]);
        const close = closing(seen, key);
        const runs = [
          (): Promise<unknown> =>
            turnOf(providers, round)
              .persistWorkflow(close, instant())
              .then(() => "closed"),
          (): Promise<unknown> => providers[1].deliverEvents([{ name: "paid", key }], instant()),
        ];

        const outcomes = await Promise.allSettled((round % 4 < 2 ? runs : runs.toReversed()).map((run) => run()));

        if (outcomes.some((outcome) => outcome.status === "fulfilled" && outcome.value === "closed")) {
          assert.deepEqual([await inboxOf(providers[0]), (await signalsOf(providers[1])).inboxSeq], [[], seen.inboxSeq], "it was never given");
          await open(providers[0], `again ${key}`, { key });
          assert.deepEqual(await inboxOf(providers[1]), [`again ${key}: ${key}`], "a later wait finds the event");
          await commit(providers[1], `use ${key}`, { consume: [{ subscriptionId: `again ${key}`, eventId: key }] });
        } else {
          await conflictOf("inbox", providers[0].persistWorkflow(close, instant()));
          await assertWoken(providers, key, seen.inboxSeq);
        }
      }
    },
  },
  {
    name: "lets an event beat the timeout of its wait that has not looked",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      const seen = await signalsOf(first);
      await send(second, "e");

      const { current } = await conflictOf("inbox", first.persistWorkflow(closing(seen, "s"), instant()));
      const { row, deliveries } = (await first.loadForPass("w")) ?? {};
      assert.deepEqual([row?.inboxSeq, deliveries?.map(({ eventId }) => eventId)], [current?.inboxSeq, ["e"]]);
      const answer = await commit(first, "decided anew", { consume: [{ subscriptionId: "s", eventId: "e" }] });

      assert.deepEqual(answer.pendingDeliveries, []);
      assert.ok(!("dueAt" in (await recordOf(second))), "nothing is left to look at");
    },
  },
  {
    name: "wakes a parent by a child that ends before, while or after its parent waits, suspended or not",
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
    name: "keeps nothing for an instance whose end a delivery meets, and leaves the event to others",
    async run(context) {
      const providers = await context.startTwo();
      for (let round = 0; round < 20; round += 1) {
        const id = `w${round}`;
        const key = String(round);
        await create(providers[0], id);
        await open(providers[0], `s${key}`, { workflowId: id, key });
        await publish(providers[0], key, { key });

        const runs = [
          (): Promise<unknown> => turnOf(providers, round).command(id, "terminate", instant()),
          (): Promise<unknown> => providers[1].deliverEvents([{ name: "paid", key }], instant()),
        ];
        await Promise.all((round % 4 < 2 ? runs : runs.toReversed()).map((run) => run()));

        assert.deepEqual([await inboxOf(providers[1], id), await providers[0].getSubscription(`s${key}`)], [[], undefined]);
        assert.deepEqual((await recordOf(providers[0], id)).dueAt, undefined, "it is not to be looked at");
        assert.equal(await providers[0].deleteDeliveredEvents(instant(1), 10), 1, "nobody holds the event");
      }
    },
  },
  {
    name: "gives a loop of waits each of the events that two instances publish meanwhile, once",
    async run(context) {
      const providers = await withW(context);
      const ids = Array.from({ length: 24 }, (_, turn) => `e${turn}`);
      await open(providers[0], "wait 0");

      const publishing = Promise.all(
        [0, 1].map((which) =>
          inTurn(
            ids.filter((_, turn) => turn % 2 === which),
            (id) => send(turnOf(providers, which), id),
          ),
        ),
      );
      const used: string[] = [];
      let published = false;
      while (used.length < ids.length) {
        const [delivery] = (await providers[0].loadForPass("w"))?.deliveries ?? [];
        if (delivery === undefined) {
          assert.ok(!published, `all was published, but after ${used.length} events the next wait has none`);
          await publishing;
          published = true;
        } else {
          const { subscriptionId, eventId } = delivery;
          used.push(eventId);
          const openSubscriptions = [sampleSubscription(`wait ${used.length}`)];
          await insist(providers[0], `use ${eventId}`, { consume: [{ subscriptionId, eventId }], openSubscriptions });
        }
      }

      assert.deepEqual(used.toSorted(), ids.toSorted());
      assert.deepEqual([await inboxOf(providers[1]), await idsOfLook(providers[1])], [[], []]);
      assert.equal((await signalsOf(providers[1])).inboxSeq, ids.length);
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

/** What a pass that has seen this much commits when a wait is over without an event. */
function closing({ revision, controlSeq, inboxSeq }: WorkflowChange["expected"], id: string): WorkflowChange {
  const change = sampleChange("w", `close ${id}`, { closeSubscriptions: [id] }, { revision, controlSeq, inboxSeq: inboxSeq ?? 0 });
  return { ...change, expected: { revision, controlSeq, inboxSeq: inboxSeq ?? 0 } };
}

async function inTurn<T>(all: readonly T[], run: (each: T) => Promise<unknown>): Promise<void> {
  for (const each of all) await run(each);
}
