import { assert } from "./assert.ts";
import type { PointerRow } from "../../models/pointer-row.ts";
import { isOpen, POINTER_STATUSES } from "../../models/workflow-status.ts";
import { instant, SAMPLE_DEFINITION, sampleEvent, samplePointer, sampleSubscription, sampleWorkflow } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, LATER, recordOf, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** What a pass starts from, and what it asks for on the way. */
export const LOAD_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "loads the row and its open pointers in order of creation",
    async run(context) {
      const statuses = POINTER_STATUSES.toReversed();
      const pointers = statuses.map((status, index) => samplePointer({ seq: statuses.length - index, status }));
      const [first, second] = await withW(context, { pointers });

      const loaded = await second.loadForPass("w");

      const { pointers: all, ...row } = await recordOf(first);
      const open = pointers.filter(({ status }) => isOpen(status)).toReversed();
      assert.deepEqual(loaded, { row, pointers: open, deliveries: [] });
      assert.deepEqual(all, pointers.toReversed(), "the whole instance has the closed ones, too");
    },
  },
  {
    name: "loads a pointer no longer once a commit has closed it, and again once one has opened it",
    async run(context) {
      const [first, second] = await withW(context, { pointers: [samplePointer(), samplePointer({ seq: 2 })] });

      await commit(first, "c1", { pointers: [samplePointer({ status: "complete", endedAt: instant(1) })] });
      const closed = await second.loadForPass("w");
      await commit(second, "c2", { pointers: [samplePointer({ status: "pending" })] });
      const opened = await first.loadForPass("w");

      assert.deepEqual(idsOf(closed?.pointers), ["2"]);
      assert.deepEqual(idsOf(opened?.pointers), ["1", "2"]);
    },
  },
  {
    name: "leaves pointers out when the revision is the one that is known",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1");
      await first.command("w", "suspend", instant());

      const known = await second.loadForPass("w", { knownRevision: 1 });
      const older = await second.loadForPass("w", { knownRevision: 0 });

      const { pointers, ...row } = await recordOf(first);
      assert.deepEqual(known, { row, deliveries: [] }, "the row is there, with what commands have moved");
      assert.deepEqual(older, { row, pointers, deliveries: [] });
    },
  },
  {
    name: "loads the events that were given and not yet used, in order of delivery",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", {
        openSubscriptions: [
          sampleSubscription("a", { key: "a" }),
          sampleSubscription("b", { key: "b", pointerId: "9" }),
          sampleSubscription("c", { key: "c" }),
        ],
      });
      for (const key of ["b", "a"]) {
        const { data: _data, ...event } = sampleEvent(`event ${key}`, { key });
        await second.createEvent(key === "b" ? { ...event, data: '"B"' } : event, instant());
        await second.deliverEvents([event], instant());
      }

      const deliveries = [
        { subscriptionId: "b", pointerId: "9", eventId: "event b", data: '"B"' },
        { subscriptionId: "a", pointerId: "1", eventId: "event a" },
      ];
      assert.deepEqual((await first.loadForPass("w"))?.deliveries, deliveries);
      assert.deepEqual((await first.loadForPass("w", { knownRevision: 1 }))?.deliveries, deliveries, "also when the revision is known");
      await commit(first, "c2", { consume: [{ subscriptionId: "b", eventId: "event b" }] });
      assert.deepEqual((await second.loadForPass("w"))?.deliveries, deliveries.slice(1));
    },
  },
  {
    name: "loads what one commit has picked up in the order of its events, by their time, then by their arrival",
    async run(context) {
      const [first, second] = await withW(context);
      for (const [key, ms] of [
        ["late", 9],
        ["tie", 5],
        ["early", 1],
        ["tied", 5],
      ] as const)
        await first.createEvent(sampleEvent(key, { key, time: instant(ms) }), instant());
      const keys = ["late", "tied", "tie", "early"];

      const answer = await commit(second, "c1", { openSubscriptions: keys.map((key) => sampleSubscription(`s ${key}`, { key })) });

      const order = ["early", "tie", "tied", "late"];
      assert.deepEqual(
        answer.pendingDeliveries.map(({ eventId }) => eventId),
        order,
      );
      assert.deepEqual(
        (await first.loadForPass("w"))?.deliveries.map(({ eventId }) => eventId),
        order,
      );
    },
  },
  {
    name: "reads counters and status of those instances that exist",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      await create(first, "unasked");
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s")] });
      await commit(first, "c2");
      await first.createEvent(sampleEvent("e"), instant());
      await first.deliverEvents([{ name: "paid", key: "1" }], instant());
      await first.command("w", "suspend", instant());
      await first.command("w", "resume", instant());
      await first.command("w", "suspend", instant());

      const signals = await second.readSignals(["w", "missing", "x"]);

      assert.deepEqual(
        signals.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        [
          { id: "w", status: "suspended", revision: 2, controlSeq: 3, inboxSeq: 1 },
          { id: "x", status: "runnable", revision: 0, controlSeq: 0, inboxSeq: 0 },
        ],
      );
      assert.deepEqual(await second.readSignals([]), []);
    },
  },
  {
    name: "keeps a copy of what it is given",
    async run(context) {
      const provider = await context.start();
      const scope = ["a"];
      const dueAt = instant(5);
      const pointer = samplePointer({ scope, dueAt });
      const parent = { workflowId: "p", pointerId: "1", depth: 1 };
      const workflow = sampleWorkflow("w", { parent, dueAt, pointers: [pointer] });
      await provider.createNewWorkflow(workflow, instant());
      await create(provider, "x");
      const change = { workflowId: "x", dueAt, pointers: [pointer, samplePointer({ id: "2", seq: 2, scope, dueAt })] };
      await commit(provider, "c1", change);
      const before = [structuredClone(await recordOf(provider)), structuredClone(await recordOf(provider, "x"))];

      scope.push("b");
      dueAt.setTime(0);
      Object.assign(pointer, { status: "complete" });
      Object.assign(parent, { depth: 9 });
      Object.assign(workflow, { name: "changed" });
      change.pointers.pop();

      assert.deepEqual([await recordOf(provider), await recordOf(provider, "x")], before);
    },
  },
  {
    name: "gives copies of what it keeps",
    async run(context) {
      const provider = await context.start();
      await create(provider, "w", {
        parent: { workflowId: "p", pointerId: "1", depth: 1 },
        pointers: [samplePointer({ scope: ["a"], dueAt: instant(5) })],
      });
      await commit(provider, "c1", { dueAt: instant(7) });
      const before = structuredClone(await recordOf(provider));

      spoil(await provider.getWorkflowInstance("w"));
      spoil(await provider.getWorkflowInstanceByName("name of w"));
      spoil(await provider.getWorkflowInstances(["w"]));
      spoil(await provider.loadForPass("w"));
      spoil(await provider.getPointers("w", { limit: 10 }));
      spoil(await provider.readSignals(["w"]));
      spoil(await provider.listWorkflows({}, {}));

      assert.deepEqual(await recordOf(provider), before);
      assert.deepEqual((await provider.loadForPass("w"))?.pointers, before.pointers);
      assert.equal((await signalsOf(provider)).revision, 1);
    },
  },
  {
    name: "keeps copies of the instants that it is given",
    async run(context) {
      const provider = await context.start();
      await create(provider, "claimed");
      await create(provider, "ended", { dueAt: LATER });
      await create(provider, "w", { dueAt: LATER });
      await commit(provider, "c1", { openSubscriptions: [sampleSubscription("s"), sampleSubscription("t", { key: "2" })] });
      const [claimUntil, expiresAt, deliveredAt, endedAt] = [instant(100), instant(200), instant(3), instant(4)];
      const options = { definitions: [SAMPLE_DEFINITION], limit: 10, claimUntil };

      assert.deepEqual(await provider.claimDueInstances(instant(), options), ["claimed"]);
      await provider.setSubscriptionToken("s", "token", "worker", expiresAt, instant());
      await provider.createEvent(sampleEvent("e", { key: "2" }), deliveredAt);
      await provider.deliverEvents([{ name: "paid", key: "2" }], deliveredAt);
      await provider.command("ended", "terminate", endedAt);
      for (const at of [claimUntil, expiresAt, deliveredAt, endedAt]) at.setTime(0);

      const ended = await recordOf(provider, "ended");
      assert.deepEqual((await recordOf(provider, "claimed")).dueAt, instant(100));
      assert.deepEqual((await provider.getSubscription("s"))?.tokenExpiresAt, instant(200));
      assert.deepEqual([(await provider.getEvent("e"))?.storedAt, (await recordOf(provider)).dueAt], [instant(3), instant(3)]);
      assert.deepEqual([ended.completedAt, ended.pointers[0]?.endedAt], [instant(4), instant(4)]);
    },
  },
];

function idsOf(pointers: readonly PointerRow[] | undefined): readonly string[] | undefined {
  return pointers?.map((pointer) => pointer.id);
}

/** Changes all that can be changed of a value, to the bottom. */
function spoil(value: unknown): void {
  if (value instanceof Date) value.setTime(0);
  if (typeof value !== "object" || value === null || value instanceof Date || Object.isFrozen(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    spoil(inner);
    if (typeof inner !== "object") Reflect.set(value, key, typeof inner === "number" ? 99 : "spoiled");
  }
  if (Array.isArray(value)) value.length = 0;
}
