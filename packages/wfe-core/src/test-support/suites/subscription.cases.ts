import { assert } from "./assert.ts";
import { instant, sampleEvent, sampleSubscription } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** What is open, and whom an event would reach. */
export const SUBSCRIPTION_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "gives every field of a subscription back, and none that was not given",
    async run(context) {
      const [first, second] = await withW(context);
      const plain = sampleSubscription("s1", { key: "" });
      const full = sampleSubscription("s\ud800", {
        name: "\u0000",
        key: "\udfff",
        pointerId: "7",
        bound: { effectiveDate: instant(5) },
        activity: "ask",
        input: "\ud800",
      });

      await commit(first, "c1", { openSubscriptions: [plain, full] });

      assert.deepEqual(await second.getSubscription("s1"), { ...plain, workflowId: "w" });
      assert.deepEqual(await second.getSubscription("s\ud800"), { ...full, workflowId: "w" });
      assert.equal(await second.getSubscription("s2"), undefined);
    },
  },
  {
    name: "finds open subscriptions by name and key, in order of creation",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "a");
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("z"), sampleSubscription("other key", { key: "2" })] });
      await commit(second, "c2", {
        workflowId: "a",
        openSubscriptions: [sampleSubscription("y"), sampleSubscription("other name", { name: "sent" })],
      });

      assert.deepEqual(
        (await second.getSubscriptions("paid", "1", instant())).map(({ id, workflowId }) => `${id} of ${workflowId}`),
        ["z of w", "y of a"],
      );
      assert.deepEqual(await second.getSubscriptions("paid", "", instant()), []);
    },
  },
  {
    name: "finds those with an effective date that an event of this time would reach, equality included",
    async run(context) {
      const [first, second] = await withW(context);
      const dated = (id: string, ms: number) => sampleSubscription(id, { bound: { effectiveDate: instant(ms) } });
      await commit(first, "c1", { openSubscriptions: [dated("at 5", 5), dated("at 6", 6), sampleSubscription("always")] });
      const found = async (ms: number): Promise<readonly string[]> => (await second.getSubscriptions("paid", "1", instant(ms))).map(({ id }) => id);

      assert.deepEqual(await found(4), ["always"]);
      assert.deepEqual(await found(5), ["at 5", "always"]);
      assert.deepEqual(await found(6), ["at 5", "at 6", "always"]);
    },
  },
  {
    name: "has closed those that a commit closes, and ignores unknown ids",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "other");
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s1"), sampleSubscription("s2")] });
      await commit(first, "c2", { workflowId: "other", openSubscriptions: [sampleSubscription("theirs")] });

      await commit(second, "c3", { closeSubscriptions: ["s1", "nobody", "theirs"] });

      assert.equal(await first.getSubscription("s1"), undefined);
      assert.deepEqual(
        (await first.getSubscriptions("paid", "1", instant())).map(({ id }) => id),
        ["s2", "theirs"],
        "a commit closes those of its own instance alone",
      );
    },
  },
  {
    name: "names the event of one that was delivered, which is open no more",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s", { activity: "ask" })] });
      await first.createEvent(sampleEvent("e"), instant());
      await first.deliverEvents([{ name: "paid", key: "1" }], instant());

      assert.equal((await second.getSubscription("s"))?.eventId, "e");
      assert.deepEqual(await second.getSubscriptions("paid", "1", instant()), []);
      assert.equal(await second.getFirstOpenSubscription("ask", instant()), undefined);
      await commit(first, "c2", { consume: [{ subscriptionId: "s", eventId: "e" }] });
      assert.equal(await second.getSubscription("s"), undefined);
    },
  },
];
