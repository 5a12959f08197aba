import { sampleLifecycleEvent } from "../fixtures.ts";
import { assert } from "./assert.ts";
import { heardBy, hears, type LifecycleContext, versions } from "./lifecycle.cases.ts";
import type { SuiteCase } from "./suite-case.ts";

/** From when to when a subscriber hears. */
export const LIFECYCLE_SUBSCRIPTION_CASES: readonly SuiteCase<LifecycleContext>[] = [
  {
    name: "brings what is published as soon as the subscription has resolved",
    async run(context) {
      const [first, second] = await context.startTwo();

      const heard = await heardBy(second);
      await first.publish(sampleLifecycleEvent("w", 1));
      await hears(context, heard, 1);

      assert.deepEqual(versions(heard), [1]);
    },
  },
  {
    name: "brings nothing from before the subscription",
    async run(context) {
      const [first, second] = await context.startTwo();
      const before = await heardBy(first);
      await first.publish(sampleLifecycleEvent("w", 1));
      await hears(context, before, 1);

      const heard = await heardBy(second);
      await first.publish(sampleLifecycleEvent("w", 2));
      await hears(context, heard, 1);

      assert.deepEqual(versions(heard), [2]);
    },
  },
  {
    name: "brings nothing after the end of a subscription, which may be ended twice",
    async run(context) {
      const [first, second] = await context.startTwo();
      const left: number[] = [];
      const leave = await second.subscribe(({ version }) => void left.push(version));
      const heard = await heardBy(second);
      await first.publish(sampleLifecycleEvent("w", 1));
      await hears(context, heard, 1);

      leave();
      leave();
      await first.publish(sampleLifecycleEvent("w", 2));
      await hears(context, heard, 2);

      assert.deepEqual(left, [1]);
    },
  },
  {
    name: "goes on for the others when one leaves, and begins again after all have left",
    async run(context) {
      const [first, second] = await context.startTwo();
      const heard: number[] = [];
      const leaveFirst = await second.subscribe(() => {});
      const leaveSecond = await second.subscribe(({ version }) => void heard.push(version));

      leaveFirst();
      await first.publish(sampleLifecycleEvent("w", 1));
      await hears(context, heard, 1);
      leaveSecond();
      await first.publish(sampleLifecycleEvent("w", 2));
      const again = await heardBy(second);
      await first.publish(sampleLifecycleEvent("w", 3));
      await hears(context, again, 1);

      assert.deepEqual([heard, versions(again)], [[1], [3]]);
    },
  },
  {
    name: "brings nothing more to who leaves when it hears an event",
    async run(context) {
      const [first, second] = await context.startTwo();
      const left: number[] = [];
      const leave = await second.subscribe(({ version }) => {
        left.push(version);
        leave();
      });
      const heard = await heardBy(second);

      void first.publish(sampleLifecycleEvent("w", 1));
      void first.publish(sampleLifecycleEvent("w", 2));
      await first.publish(sampleLifecycleEvent("w", 3));
      await hears(context, heard, 3);

      assert.deepEqual([left, versions(heard)], [[1], [1, 2, 3]]);
    },
  },
  {
    name: "goes on for the others, and for itself, when a listener throws",
    async run(context) {
      const [first, second] = await context.startTwo();
      const thrown: number[] = [];
      await second.subscribe(({ version }) => {
        thrown.push(version);
        throw new Error("a listener that cannot take it");
      });
      const heard = await heardBy(second);

      await first.publish(sampleLifecycleEvent("w", 1));
      await first.publish(sampleLifecycleEvent("w", 2));
      await hears(context, heard, 2);

      assert.deepEqual(
        [thrown, versions(heard)],
        [
          [1, 2],
          [1, 2],
        ],
      );
    },
  },
];
