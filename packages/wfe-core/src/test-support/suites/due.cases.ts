import { assert } from "./assert.ts";
import type { DefinitionKey } from "../../models/workflow-definition.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, SAMPLE_DEFINITION, sampleEvent, sampleSubscription, sampleWorkflow } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, recordOf, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

interface ClaimOptions {
  readonly definitions?: readonly DefinitionKey[];
  readonly limit?: number;
  readonly claimUntil?: Date;
}

/** What is due at an instant, by default all of it and of the sample definition; claimed for a second. */
function claim(provider: PersistenceProvider, asAt: Date = instant(), options: ClaimOptions = {}): Promise<readonly string[]> {
  return provider.claimDueInstances(asAt, {
    definitions: [SAMPLE_DEFINITION],
    limit: 1000,
    claimUntil: new Date(asAt.getTime() + 1000),
    ...options,
  });
}

/** When instances are due, and who gets them. */
export const DUE_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "claims instances due at or before the instant, and no later ones",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const [id, ms] of [
        ["before", -1],
        ["at", 0],
        ["after", 1],
        ["far", 1e12],
      ] as const)
        await create(first, id, { dueAt: instant(ms) });

      assert.deepEqual(await claim(second), ["before", "at"]);
    },
  },
  {
    name: "claims the earliest first, however they were stored",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const ms of [-3, -1, -20, -1000, -2]) await create(first, `at ${ms}`, { dueAt: instant(ms) });
      await create(first, "at once", { dueAt: new Date(0) });

      assert.deepEqual(await claim(second), ["at once", "at -1000", "at -20", "at -3", "at -2", "at -1"]);
    },
  },
  {
    name: "claims no more than the limit, and the next ones with the next look",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (let index = 0; index < 5; index += 1) await create(first, `w${index}`, { dueAt: instant(index - 5) });

      const looks: (readonly string[])[] = [];
      for (const provider of [first, second, first, second]) looks.push(await claim(provider, instant(), { limit: 2 }));

      assert.deepEqual(looks, [["w0", "w1"], ["w2", "w3"], ["w4"], []]);
    },
  },
  {
    name: "claims instances of those definitions only, by id, version and fingerprint",
    async run(context) {
      const [first, second] = await context.startTwo();
      const { id, version, fingerprint } = SAMPLE_DEFINITION;
      await create(first, "same");
      await create(first, "other id", { definitionId: "other" });
      await create(first, "other version", { version: 2 });
      await create(first, "other fingerprint", { fingerprint: "0".repeat(64) });
      await create(first, "other in little", { fingerprint: fingerprint.toUpperCase() });
      await create(first, "mixed", { definitionId: "other", version: 2 });

      assert.deepEqual(await claim(second, instant(), { definitions: [] }), []);
      assert.deepEqual(await claim(second, instant(), { definitions: [{ id: "unknown", version, fingerprint }] }), []);
      assert.deepEqual(await claim(second), ["same"]);
      const definitions = [
        { id: "other", version, fingerprint },
        { id, version: 2, fingerprint },
        { id: "other", version, fingerprint },
      ];
      assert.deepEqual((await claim(first, instant(), { definitions })).toSorted(), ["other id", "other version"], "each once");
    },
  },
  {
    name: "claims the earliest first over all definitions",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (let index = 0; index < 6; index += 1) await create(first, `w${index}`, { definitionId: `d${index % 2}`, dueAt: instant(-index) });
      const definitions = ["d0", "d1"].map((id) => ({ ...SAMPLE_DEFINITION, id }));

      assert.deepEqual(await claim(second, instant(), { definitions, limit: 3 }), ["w5", "w4", "w3"]);
      assert.deepEqual(await claim(second, instant(), { definitions, limit: 3 }), ["w2", "w1", "w0"]);
    },
  },
  {
    name: "hides what was claimed until the claim ends, and then gives it again",
    async run(context) {
      const [first, second] = await withW(context);

      assert.deepEqual(await claim(first, instant(), { claimUntil: instant(100) }), ["w"]);

      assert.deepEqual((await recordOf(second)).dueAt, instant(100));
      assert.deepEqual(await claim(second, instant(99), { claimUntil: instant(500) }), []);
      assert.deepEqual(await claim(second, instant(100), { claimUntil: instant(500) }), ["w"]);
      assert.deepEqual(await claim(first, instant(499)), []);
    },
  },
  {
    name: "gives each instance to one of those who claim at the same moment",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = Array.from({ length: 60 }, (_, index) => `w${index}`);
      await Promise.all(ids.map((id) => create(first, id)));

      const claims = await Promise.all(Array.from({ length: 16 }, (_, turn) => claim(turn % 2 === 0 ? first : second, instant(), { limit: 5 })));
      // A claim may pass over what another one holds in its hands at that moment.
      const rest = await claim(first);

      assert.deepEqual([...claims.flat(), ...rest].toSorted(), ids.toSorted(), "each once, and none forgotten");
      for (const claimed of claims) assert.ok(claimed.length <= 5, "none beyond the limit");
    },
  },
  {
    name: "claims nothing that is suspended or over, or has no due time",
    async run(context) {
      const [first, second] = await context.startTwo();
      const { dueAt: _dueAt, ...never } = sampleWorkflow("never");
      await first.createNewWorkflow(never, instant());
      for (const id of ["suspended", "complete", "terminated", "idle"]) await create(first, id);
      for (const status of ["suspended", "complete", "terminated"] as const) {
        await commit(first, "c1", { workflowId: status, status, dueAt: instant(-1) });
      }
      await commit(first, "c1", { workflowId: "idle" });
      await create(first, "due");

      assert.deepEqual(await claim(second), ["due"]);
    },
  },
  {
    name: "lets the due time of a commit replace that of a claim",
    async run(context) {
      const [first, second] = await withW(context);
      const before = await signalsOf(first);
      await claim(first, instant(), { claimUntil: instant(100) });

      assert.deepEqual(await signalsOf(second), before, "a claim moves no counter");
      await commit(second, "c1", { dueAt: instant(10) });
      assert.deepEqual(await claim(first, instant(10)), ["w"]);
      await commit(second, "c2");

      assert.deepEqual(await claim(first, instant(1e9)), []);
    },
  },
  {
    name: "keeps an instance due now when its commit has not seen a delivery",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s")] });
      await second.createEvent(sampleEvent("e"), instant(3));
      await second.deliverEvents([{ name: "paid", key: "1" }], instant(3));

      const unseen = await commit(first, "c2", { seenInboxSeq: 0 }, instant(7));

      assert.equal(unseen.inboxSeq, 1);
      assert.deepEqual((await recordOf(second)).dueAt, instant(7), "not idle, as the commit asked for");
      await commit(first, "c3", { seenInboxSeq: 0, dueAt: instant(1e9) }, instant(8));
      assert.deepEqual((await recordOf(second)).dueAt, instant(8), "nor later");
      await commit(first, "c4", { seenInboxSeq: 1 }, instant(9));
      assert.ok(!("dueAt" in (await recordOf(second))), "idle once the delivery was seen");
    },
  },
  {
    name: "keeps an instance due when a delivery and a commit meet",
    async run(context) {
      const [first, second] = await withW(context);

      for (let round = 0; round < 25; round += 1) {
        const key = String(round);
        await commit(first, `open ${key}`, { seenInboxSeq: round, openSubscriptions: [sampleSubscription(key, { key })] });
        await second.createEvent(sampleEvent(key, { key }), instant());
        await Promise.all([
          second.deliverEvents([{ name: "paid", key }], instant(5)),
          commit(first, `idle ${key}`, { seenInboxSeq: round }, instant(5)),
        ]);

        assert.deepEqual((await recordOf(first)).dueAt, instant(5), "whichever came last");
        await commit(first, `use ${key}`, { seenInboxSeq: round + 1, consume: [{ subscriptionId: key, eventId: key }] });
        assert.ok(!("dueAt" in (await recordOf(second))), "idle when all was seen");
      }
    },
  },
  {
    name: "makes a claimed instance due now when something is delivered to it",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { dueAt: instant(), openSubscriptions: [sampleSubscription("s")] });
      await claim(first, instant(), { claimUntil: instant(1000) });

      await second.createEvent(sampleEvent("e"), instant(10));
      await second.deliverEvents([{ name: "paid", key: "1" }], instant(10));

      assert.deepEqual(await claim(second, instant(10)), ["w"]);
    },
  },
];
