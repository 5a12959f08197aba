import { assert } from "./assert.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, sampleEvent, sampleSubscription } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Two instances of the provider on a store where `w` waits with the subscriptions `s1` and `s2`. */
async function waiting(context: PersistenceContext): Promise<readonly [PersistenceProvider, PersistenceProvider]> {
  const [first, second] = await withW(context);
  await commit(first, "c1", { openSubscriptions: [sampleSubscription("s1"), sampleSubscription("s2")] });
  return [first, second];
}

/** Claims of subscriptions by outside workers. */
export const TOKEN_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "claims a subscription for one worker until its claim is over",
    async run(context) {
      const [first, second] = await waiting(context);

      assert.equal(await first.setSubscriptionToken("s1", "t1", "worker", instant(10), instant()), true);
      assert.equal(await second.setSubscriptionToken("s1", "t2", "other", instant(20), instant(9)), false, "claimed");
      const claimed = await second.getSubscription("s1");
      assert.deepEqual([claimed?.token, claimed?.workerId, claimed?.tokenExpiresAt], ["t1", "worker", instant(10)]);
      assert.equal(await second.setSubscriptionToken("s1", "t2", "other", instant(20), instant(10)), true, "over at its end");

      assert.equal((await first.getSubscription("s1"))?.token, "t2");
    },
  },
  {
    name: "gives a claim to one of those who want it at the same moment",
    async run(context) {
      const [first, second] = await waiting(context);

      for (let round = 0; round < 10; round += 1) {
        const id = round % 2 === 0 ? "s1" : "s2";
        const now = instant(round * 10);
        const claims = await Promise.all(
          [first, second, first, second].map((provider, turn) =>
            provider.setSubscriptionToken(id, `${round} ${turn}`, "worker", instant(round * 10 + 5), now),
          ),
        );
        assert.equal(claims.filter(Boolean).length, 1);
      }
    },
  },
  {
    name: "ends a claim by its own token alone",
    async run(context) {
      const [first, second] = await waiting(context);
      await first.setSubscriptionToken("s1", "t1", "worker", instant(10), instant());

      assert.equal(await second.clearSubscriptionToken("s1", "wrong"), false);
      assert.equal(await second.clearSubscriptionToken("nobody", "t1"), false);
      assert.equal((await first.getSubscription("s1"))?.token, "t1", "a wrong token changes nothing");
      assert.equal(await second.clearSubscriptionToken("s1", "t1"), true);
      const cleared = await first.getSubscription("s1");

      assert.deepEqual([cleared?.token, cleared?.workerId, cleared?.tokenExpiresAt], [undefined, undefined, undefined]);
      assert.equal(await first.setSubscriptionToken("s1", "t2", "other", instant(20), instant()), true);
    },
  },
  {
    name: "lists claimed subscriptions among the open ones",
    async run(context) {
      const [first, second] = await waiting(context);
      await first.setSubscriptionToken("s1", "t1", "worker", instant(10), instant());

      assert.deepEqual(
        (await second.getSubscriptions("paid", "1", instant())).map(({ id }) => id),
        ["s1", "s2"],
      );
    },
  },
  {
    name: "claims nothing that is not open",
    async run(context) {
      const [first, second] = await waiting(context);
      await commit(first, "c2", { closeSubscriptions: ["s1"] });
      await first.createEvent(sampleEvent("e"), instant());
      await first.deliverEvents([{ name: "paid", key: "1" }], instant());

      for (const id of ["s1", "s2", "nobody"]) {
        assert.equal(await second.setSubscriptionToken(id, "t", "worker", instant(10), instant()), false, id);
      }
    },
  },
];
