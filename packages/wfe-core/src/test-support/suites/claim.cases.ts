import { assert } from "./assert.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, sampleSubscription } from "../fixtures.ts";
import { DISTINCT_TEXTS, inboxOf, INSTANTS, open, send, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

const EXPIRY = instant(100);

/** What claims of subscriptions do to each other and to deliveries. */
export const CLAIM_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "clears nothing by the token of a claim that another one has replaced",
    async run(context) {
      const [first, second] = await withS(context);
      await claim(first, "mine");
      await claim(second, "yours", { now: EXPIRY, expiresAt: instant(300) });

      assert.equal(await first.clearSubscriptionToken("s", "mine"), false);
      const { token, workerId, tokenExpiresAt } = (await first.getSubscription("s")) ?? {};
      assert.deepEqual([token, workerId, tokenExpiresAt], ["yours", "worker of yours", instant(300)]);
      assert.equal(await claim(first, "mine", { now: instant(299) }), false, "the end of the new claim counts");
    },
  },
  {
    name: "clears nothing where nothing is claimed any more",
    async run(context) {
      const [first, second] = await withS(context);
      await claim(first, "mine");

      assert.equal(await second.clearSubscriptionToken("s", "mine"), true);
      for (const token of ["mine", ""]) assert.equal(await first.clearSubscriptionToken("s", token), false);
      assert.deepEqual(await second.getSubscription("s"), { ...sampleSubscription("s"), workflowId: "w" });
    },
  },
  {
    name: "keeps the token of the one that claimed when many claim at the same moment",
    async run(context) {
      const providers = await withS(context);
      for (const [round, now] of [instant(), EXPIRY].entries()) {
        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, turn) => claim(turnOf(providers, turn), `${round} ${turn}`, { now, expiresAt: instant(100 * (round + 1)) })),
        );

        const winners = answers.flatMap((won, turn) => (won ? [`${round} ${turn}`] : []));
        assert.deepEqual([(await providers[1].getSubscription("s"))?.token], winners);
      }
    },
  },
  {
    name: "claims one subscription and no other",
    async run(context) {
      const [first, second] = await withS(context);
      await open(first, "t");
      const t = await first.getSubscription("t");

      await claim(first, "same");
      assert.deepEqual(await second.getSubscription("t"), t);
      assert.equal(await second.clearSubscriptionToken("t", "same"), false);
      assert.equal(await claim(second, "same", { id: "t" }), true, "a token of one subscription says nothing about another");
      await second.clearSubscriptionToken("t", "same");

      assert.equal((await first.getSubscription("s"))?.token, "same");
    },
  },
  {
    name: "delivers to claimed subscriptions",
    async run(context) {
      const [first, second] = await withS(context);
      await claim(first, "mine");

      assert.deepEqual(await send(second, "e"), ["w"]);

      assert.deepEqual(await inboxOf(first), ["s: e"]);
    },
  },
  {
    name: "keeps tokens, workers and ends of claims as they are, and compares tokens exactly",
    async run(context) {
      const [first, second] = await withS(context);

      for (const [turn, text] of DISTINCT_TEXTS.entries()) {
        const expiresAt = INSTANTS[turn % INSTANTS.length] ?? EXPIRY;
        assert.equal(await first.setSubscriptionToken("s", text, text, expiresAt, instant()), true);
        const { token, workerId, tokenExpiresAt } = (await second.getSubscription("s")) ?? {};
        assert.deepEqual([token, workerId, tokenExpiresAt], [text, text, expiresAt]);
        for (const other of DISTINCT_TEXTS) if (other !== text) assert.equal(await second.clearSubscriptionToken("s", other), false);
        assert.equal(await second.clearSubscriptionToken("s", text), true);
      }
    },
  },
  {
    name: "ends a claim with its subscription",
    async run(context) {
      const [first, second] = await withS(context);
      await claim(first, "mine");

      await commit(first, "c1", { closeSubscriptions: ["s"], openSubscriptions: [sampleSubscription("s")] });

      assert.deepEqual(await second.getSubscription("s"), { ...sampleSubscription("s"), workflowId: "w" });
      assert.equal(await claim(second, "yours"), true);
    },
  },
];

/** Two instances on a store where `w` has the open subscription `s`. */
async function withS(context: PersistenceContext): Promise<readonly [PersistenceProvider, PersistenceProvider]> {
  const providers = await withW(context);
  await open(providers[0], "s");
  return providers;
}

interface ClaimOptions {
  /** @default `s` */
  readonly id?: string;
  /** @default the first instant */
  readonly now?: Date;
  /** @default {@link EXPIRY} */
  readonly expiresAt?: Date;
}

function claim(provider: PersistenceProvider, token: string, { id = "s", now = instant(), expiresAt = EXPIRY }: ClaimOptions = {}): Promise<boolean> {
  return provider.setSubscriptionToken(id, token, `worker of ${token}`, expiresAt, now);
}
