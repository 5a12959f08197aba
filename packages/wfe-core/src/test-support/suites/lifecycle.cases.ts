import type { LifecycleEvent } from "../../models/lifecycle-event.ts";
import type { LifecyclePublisher } from "../../traits/lifecycle-publisher.ts";
import { sampleLifecycleEvent, sampleLifecycleEvents } from "../fixtures.ts";
import { assert } from "./assert.ts";
import type { SuiteCase } from "./suite-case.ts";
import type { SuiteContext } from "./suite-context.ts";

/** What a case of the lifecycle suite works with. */
export type LifecycleContext = SuiteContext<LifecyclePublisher>;

/** What a subscriber of this publisher hears from now on. */
export async function heardBy(publisher: LifecyclePublisher): Promise<LifecycleEvent[]> {
  const heard: LifecycleEvent[] = [];
  await publisher.subscribe((event) => void heard.push(event));
  return heard;
}

/** Resolves when so many were heard. */
export async function hears(context: LifecycleContext, heard: readonly unknown[], count: number): Promise<void> {
  await context.until(`hearing ${count} events`, () => Promise.resolve(heard.length >= count || undefined));
}

/** What tells events of one instance apart. */
export function versions(heard: readonly LifecycleEvent[]): readonly number[] {
  return heard.map(({ version }) => version);
}

/** Publishes as a host does: the next without waiting for the one before. Resolves when all are published. */
async function publishAll(publisher: LifecyclePublisher, events: readonly LifecycleEvent[]): Promise<void> {
  await Promise.all(events.map((event) => publisher.publish(event)));
}

function numbered(workflowId: string, count: number): readonly LifecycleEvent[] {
  return Array.from({ length: count }, (_, index) => sampleLifecycleEvent(workflowId, index + 1));
}

function errorOf(message: string): LifecycleEvent {
  return { ...sampleLifecycleEvent("w"), type: "error", error: { code: "WFE_STEP_FAILED", message } };
}

/** What a publisher carries. */
export const LIFECYCLE_CASES: readonly SuiteCase<LifecycleContext>[] = [
  {
    name: "brings events of every type as they were",
    async run(context) {
      const [first, second] = await context.startTwo();
      const heard = await heardBy(second);
      const events = sampleLifecycleEvents("w");

      await publishAll(first, events);
      await hears(context, heard, events.length);

      assert.deepEqual(heard, events);
    },
  },
  {
    name: "brings each event once to every subscriber, also to those of the instance that publishes",
    async run(context) {
      const [first, second] = await context.startTwo();
      const all = [await heardBy(first), await heardBy(first), await heardBy(second)];

      await first.publish(sampleLifecycleEvent("w", 1));
      for (const heard of all) await hears(context, heard, 1);
      await second.publish(sampleLifecycleEvent("w", 2));
      for (const heard of all) await hears(context, heard, 2);
      await context.elapse(1);

      assert.deepEqual(all.map(versions), [
        [1, 2],
        [1, 2],
        [1, 2],
      ]);
    },
  },
  {
    name: "keeps the order in which the events of an instance were given, though nobody waits for them",
    async run(context) {
      const [first, second] = await context.startTwo();
      const heard = await heardBy(second);

      for (const event of numbered("w", 100)) void first.publish(event);
      await context.elapse(1);
      await publishAll(first, numbered("w", 200).slice(100));
      await hears(context, heard, 200);

      assert.deepEqual(versions(heard), versions(numbered("w", 200)));
    },
  },
  {
    name: "brings many events that are published at the same moment",
    async run(context) {
      const [first, second] = await context.startTwo();
      const heard = await heardBy(second);
      const instances = ["a", "b", "c"];

      const published = Promise.all(instances.map((id) => publishAll(first, numbered(id, 1_000))));
      await hears(context, heard, 3_000);
      await published;

      for (const id of instances) {
        assert.deepEqual(versions(heard.filter(({ workflowId }) => workflowId === id)), versions(numbered(id, 1_000)), `the events of ${id}`);
      }
    },
  },
  {
    name: "brings long texts whole",
    async run(context) {
      const [first, second] = await context.startTwo();
      const heard = await heardBy(second);
      // Of one byte, of two and of four: a limit of bytes falls into the middle of some character.
      const events = ["a", "ä", "😀"].flatMap((text) => [7_990, 8_000, 100_000].map((length) => errorOf(text.repeat(length))));

      await publishAll(first, events);
      await hears(context, heard, events.length);

      assert.deepEqual(heard, events);
    },
  },
  {
    name: "brings any text as it was",
    async run(context) {
      const [first, second] = await context.startTwo();
      const heard = await heardBy(second);
      const events = ["", "\u0000", "\ud800", "a\udfffb", "'\"\\\n\u2028", "$1 {} %s"].map(errorOf);

      await publishAll(first, events);
      await hears(context, heard, events.length);

      assert.deepEqual(heard, events);
    },
  },
];
