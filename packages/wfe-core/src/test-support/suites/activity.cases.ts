import { assert } from "./assert.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, samplePointer, sampleSubscription } from "../fixtures.ts";
import { DISTINCT_TEXTS, open, send, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, LATER, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

const ASK = { activity: "ask" };

/** What is offered to outside workers. */
export const ACTIVITY_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "finds the first open subscription that nobody has claimed, or whose claim is over",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s1", ASK);
      await open(first, "s2", ASK);

      assert.equal(await offered(second), "s1");
      await first.setSubscriptionToken("s1", "t1", "worker", instant(10), instant());
      assert.equal(await offered(second, instant(9)), "s2");
      await first.setSubscriptionToken("s2", "t2", "worker", instant(20), instant());
      assert.equal(await offered(second, instant(9)), undefined);
      assert.equal(await offered(second, instant(10)), "s1", "over at its end");
    },
  },
  {
    name: "offers the earliest of the unclaimed subscriptions, whichever of them are claimed",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "a");
      for (const [id, workflowId] of [
        ["s", "w"],
        ["c", "a"],
        ["b", "w"],
        ["a", "a"],
      ] as const)
        await open(first, id, { ...ASK, workflowId });

      await claim(second, "b");
      assert.equal(await offered(first), "s");
      await claim(first, "s");
      assert.equal(await offered(second), "c");
      await claim(second, "c");
      assert.equal(await offered(first), "a");

      await second.clearSubscriptionToken("b", "t");
      assert.equal(await offered(first), "b");
    },
  },
  {
    name: "offers a subscription of an activity by its exact name, and none that is no activity",
    async run(context) {
      const [first, second] = await withW(context);
      for (const activity of DISTINCT_TEXTS) {
        await open(first, `wait ${activity}`, { name: activity, key: activity });
        assert.equal(await offered(second, instant(), activity), undefined, JSON.stringify(activity));
      }

      for (const activity of DISTINCT_TEXTS) await open(first, `offer ${activity}`, { activity });
      for (const activity of DISTINCT_TEXTS) assert.equal(await offered(second, instant(), activity), `offer ${activity}`);
    },
  },
  {
    name: "offers an activity whatever topic and bound its subscription has",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "from later on", { ...ASK, key: "9", bound: { effectiveDate: LATER } });
      await open(first, "any", ASK);

      assert.equal(await offered(second), "from later on");
      await claim(first, "from later on");
      assert.equal(await offered(second), "any");
    },
  },
  {
    name: "offers what a runnable instance waits for, and nothing of one that is suspended or over",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "complete");
      await create(first, "last");
      for (const workflowId of ["w", "complete", "last"]) await open(first, `of ${workflowId}`, { ...ASK, workflowId });
      // Its subscription is open still, as a commit may leave it.
      await commit(first, "end", { workflowId: "complete", status: "complete", completedAt: instant() });
      assert.ok((await second.getSubscription("of complete")) !== undefined);

      await first.command("w", "suspend", instant());
      assert.equal(await offered(second), "of last");
      await first.command("w", "resume", instant());
      assert.equal(await offered(second), "of w");
      await first.command("w", "terminate", instant());
      assert.equal(await offered(second), "of last");
      await commit(first, "hold", { workflowId: "last", status: "suspended" });

      assert.equal(await offered(second), undefined);
    },
  },
  {
    name: "offers nothing that was given an event, or is closed",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "given", ASK);
      await open(first, "closed", { ...ASK, key: "2" });
      await send(first, "e");
      await commit(first, "c1", { closeSubscriptions: ["closed"] });

      assert.equal(await offered(second), undefined);
      await open(first, "closed", { ...ASK, key: "2" });
      assert.equal(await offered(second), "closed", "opened again");
    },
  },
  {
    name: "offers a subscription whole, with the input of its activity as it was given",
    async run(context) {
      const [first, second] = await withW(context);
      const inputs = ["", "null", '{"b":1,"a":"\\u0000"}', "\u0000 \ud83d", "x".repeat(100_000)];
      for (const [index, input] of inputs.entries()) {
        const subscription = sampleSubscription(`s${index}`, {
          ...ASK,
          key: `${index}`,
          input,
          pointerId: "p",
          bound: { effectiveDate: instant(7) },
        });
        await commit(first, `c${index}`, { pointers: [samplePointer({ seq: 2 })], openSubscriptions: [subscription] });
        const whole = { ...subscription, workflowId: "w" };

        assert.deepEqual(await second.getFirstOpenSubscription("ask", instant()), whole);
        assert.deepEqual(await second.getSubscription(`s${index}`), whole);
        assert.deepEqual(await second.getSubscriptions("paid", `${index}`, LATER), [whole]);
        await commit(first, `close ${index}`, { closeSubscriptions: [`s${index}`] });
      }
      await open(first, "none", ASK);
      assert.deepEqual(await second.getFirstOpenSubscription("ask", instant()), { ...sampleSubscription("none", ASK), workflowId: "w" });
    },
  },
  {
    name: "moves the end of a claim by its token, also to an earlier instant",
    async run(context) {
      const [first, second] = await withClaim(context);

      assert.equal(await second.extendSubscriptionToken("s", "t", instant(200), instant(50)), true);
      assert.deepEqual(await claimOf(first), ["t", "worker", instant(200)]);
      assert.deepEqual([await offered(first, instant(199)), await offered(first, instant(200))], [undefined, "s"]);
      assert.equal(await first.extendSubscriptionToken("s", "t", instant(60), instant(199)), true);

      assert.deepEqual(await claimOf(second), ["t", "worker", instant(60)]);
      assert.equal(await offered(second, instant(60)), "s");
    },
  },
  {
    name: "moves the end of no claim that is over, at its end it is",
    async run(context) {
      const [first, second] = await withClaim(context);

      for (const now of [instant(100), instant(101), LATER]) {
        assert.equal(await second.extendSubscriptionToken("s", "t", new Date(LATER.getTime() + 1), now), false);
      }
      assert.deepEqual(await claimOf(first), ["t", "worker", instant(100)], "nothing changes");
      assert.equal(await second.extendSubscriptionToken("s", "t", instant(300), instant(99)), true, "it is not over before");
    },
  },
  {
    name: "moves the end of no claim of another token or subscription, and of none that was cleared",
    async run(context) {
      const [first, second] = await withClaim(context);
      await open(first, "other", ASK);
      await first.setSubscriptionToken("other", "u", "worker", instant(100), instant());

      for (const [id, token] of [
        ["s", "u"],
        ["s", ""],
        ["s", "T"],
        ["other", "t"],
        ["missing", "t"],
      ] as const) {
        assert.equal(await second.extendSubscriptionToken(id, token, instant(300), instant(50)), false, `${id}, ${token}`);
      }
      assert.deepEqual(
        [await claimOf(first), await claimOf(first, "other")],
        [
          ["t", "worker", instant(100)],
          ["u", "worker", instant(100)],
        ],
      );
      await first.clearSubscriptionToken("s", "t");
      for (const token of ["t", ""]) assert.equal(await second.extendSubscriptionToken("s", token, instant(300), instant(50)), false);
      assert.deepEqual(await claimOf(first), [undefined, undefined, undefined]);
    },
  },
  {
    name: "moves the end of no claim of a subscription that was given an event or closed",
    async run(context) {
      const [first, second] = await withClaim(context);
      await open(first, "closed", ASK);
      await first.setSubscriptionToken("closed", "t", "worker", instant(100), instant());
      await commit(first, "c1", { closeSubscriptions: ["closed"] });
      await send(first, "e");

      for (const id of ["s", "closed"]) assert.equal(await second.extendSubscriptionToken(id, "t", instant(300), instant(50)), false, id);
      assert.deepEqual((await first.getSubscription("s"))?.tokenExpiresAt, instant(100), "nothing changes");
    },
  },
  {
    name: "moves the end of a claim or gives the subscription to another one, when both meet",
    async run(context) {
      const providers = await withClaim(context);
      for (let round = 0; round < 20; round += 1) {
        const [owner, other] = [turnOf(providers, round), turnOf(providers, round + 1)];
        const [id, now] = [`s${round}`, instant(100)];
        await open(owner, id, ASK);
        await owner.setSubscriptionToken(id, "mine", "worker", now, instant());
        // The clock of the one is a little behind: for it the claim is not over.
        const extend = (): Promise<boolean> => owner.extendSubscriptionToken(id, "mine", instant(300), instant(99));
        const take = (): Promise<boolean> => other.setSubscriptionToken(id, "yours", "worker", instant(400), now);

        const won = round % 4 < 2 ? await Promise.all([extend(), take()]) : (await Promise.all([take(), extend()])).toReversed();

        assert.deepEqual(await claimOf(other, id), won[0] === true ? ["mine", "worker", instant(300)] : ["yours", "worker", instant(400)]);
        assert.equal(won.filter(Boolean).length, 1, `one of them has it: round ${round}`);
      }
    },
  },
];

/** Two instances on a store where `w` offers `s`, claimed by `t` until 100. */
async function withClaim(context: PersistenceContext): Promise<readonly [PersistenceProvider, PersistenceProvider]> {
  const providers = await withW(context);
  await open(providers[0], "s", ASK);
  assert.equal(await providers[0].setSubscriptionToken("s", "t", "worker", instant(100), instant()), true);
  return providers;
}

/** Token, worker and end of the claim of a subscription. */
async function claimOf(provider: PersistenceProvider, id = "s"): Promise<readonly unknown[]> {
  const { token, workerId, tokenExpiresAt } = (await provider.getSubscription(id)) ?? {};
  return [token, workerId, tokenExpiresAt];
}

function claim(provider: PersistenceProvider, id: string): Promise<boolean> {
  return provider.setSubscriptionToken(id, "t", "worker", LATER, instant());
}

async function offered(provider: PersistenceProvider, now: Date = instant(), activity = "ask"): Promise<string | undefined> {
  return (await provider.getFirstOpenSubscription(activity, now))?.id;
}
