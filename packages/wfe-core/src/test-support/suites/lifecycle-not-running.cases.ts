import type { LifecyclePublisher } from "../../traits/lifecycle-publisher.ts";
import { sampleLifecycleEvent } from "../fixtures.ts";
import { assert } from "./assert.ts";
import { heardBy, hears, type LifecycleContext, versions } from "./lifecycle.cases.ts";
import { isNotRunning } from "./not-running.ts";
import type { SuiteCase } from "./suite-case.ts";

async function refuses(publisher: LifecyclePublisher): Promise<void> {
  await assert.rejects(publisher.publish(sampleLifecycleEvent("w")), isNotRunning);
  await assert.rejects(
    publisher.subscribe(() => {}),
    isNotRunning,
  );
}

/** Publishes an event, and hears it. */
async function works(context: LifecycleContext, publisher: LifecyclePublisher): Promise<void> {
  const heard = await heardBy(publisher);
  await publisher.publish(sampleLifecycleEvent("w", 7));
  await hears(context, heard, 1);
  assert.deepEqual(versions(heard), [7]);
}

/** Start and stop of a publisher. */
export const LIFECYCLE_NOT_RUNNING_CASES: readonly SuiteCase<LifecycleContext>[] = [
  {
    name: "refuses calls before its start",
    async run(context) {
      await refuses(await context.open());
    },
  },
  {
    name: "refuses calls after its stop",
    async run(context) {
      const publisher = await context.start();
      await works(context, publisher);

      await publisher.stop();

      await refuses(publisher);
    },
  },
  {
    name: "sends what was published before its stop",
    async run(context) {
      const [first, second] = await context.startTwo();
      const heard = await heardBy(second);

      for (let version = 1; version <= 20; version += 1) first.publish(sampleLifecycleEvent("w", version)).catch(() => {});
      await context.soon("the stop", first.stop());
      await hears(context, heard, 20);

      assert.deepEqual(
        versions(heard),
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
    },
  },
  {
    name: "ends its subscriptions when it stops",
    async run(context) {
      const [first, second] = await context.startTwo();
      const before = await heardBy(first);

      await first.stop();
      await first.start();
      const after = await heardBy(first);
      await second.publish(sampleLifecycleEvent("w"));
      await hears(context, after, 1);

      assert.deepEqual(before, []);
    },
  },
  {
    name: "starts and stops twice without harm",
    async run(context) {
      const publisher = await context.open();

      await publisher.stop();
      await publisher.start();
      await publisher.start();
      await works(context, publisher);
      await publisher.stop();
      await publisher.stop();
      await publisher.stop();

      await refuses(publisher);
    },
  },
  {
    name: "runs until it was stopped as often as started",
    async run(context) {
      const publisher = await context.start();
      await publisher.start();
      const heard = await heardBy(publisher);

      await publisher.stop();

      await publisher.publish(sampleLifecycleEvent("w", 1));
      await hears(context, heard, 1);
      await publisher.stop();
      await refuses(publisher);
    },
  },
  {
    name: "starts again after its stop, on the same store",
    async run(context) {
      const [first, second] = await context.startTwo();
      await works(context, first);

      await first.stop();
      await first.start();
      const heard = await heardBy(first);
      await second.publish(sampleLifecycleEvent("w", 2));
      await hears(context, heard, 1);

      assert.deepEqual(versions(heard), [2], "both see one store");
    },
  },
  {
    name: "counts starts at the same moment",
    async run(context) {
      const publisher = await context.open();

      await Promise.all([publisher.start(), publisher.start()]);
      await publisher.stop();

      await works(context, publisher);
      await publisher.stop();
      await refuses(publisher);
    },
  },
  {
    name: "comes up on an empty store with many others at the same moment",
    async run(context) {
      const all = await Promise.all(Array.from({ length: 5 }, () => context.open()));

      await Promise.all(all.map((publisher) => publisher.start()));
      const heard = await Promise.all(all.map(heardBy));
      for (const [index, publisher] of all.entries()) await publisher.publish(sampleLifecycleEvent("w", index));

      for (const each of heard) {
        await hears(context, each, all.length);
        assert.deepEqual(
          versions(each).toSorted((a, b) => a - b),
          [0, 1, 2, 3, 4],
          "all see one store",
        );
      }
    },
  },
];
