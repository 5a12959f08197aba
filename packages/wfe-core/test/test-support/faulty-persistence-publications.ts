import type { KeptSubscription } from "../../src/test-support/in-memory/in-memory-store.ts";
import { type PersistenceFaults, pause } from "./faulty-persistence.ts";
import { answers, around, asks, takeBack } from "./persistence-fault-makers.ts";

/** Faults for the cases of events that are published. */
export const PUBLICATION_FAULTS: PersistenceFaults = {
  "gives a published event to those who wait for it, and to nobody else": {
    fault: "names one of those that it reaches",
    make: answers("publishEvent", ({ reached, delivered }) => ({ reached: reached.slice(0, 1), delivered })),
  },
  "keeps a published event that nobody waits for, for a wait that opens later": {
    fault: "drops what nobody waits for",
    make: answers("publishEvent", (answer, [event], store) => {
      const kept = store.events.get(event.id);
      if (answer.reached.length === 0 && kept !== undefined) store.removeEvent(kept);
      return answer;
    }),
  },
  "only stores a published event before its time": {
    fault: "takes each event for eligible",
    make: asks("publishEvent", ([{ eligibleAt: _, ...event }, now]) => [event, now]),
  },
  "gives an event to nobody for the second time that is published again, and keeps its first payload": {
    fault: "takes an event that it has for a new one",
    make: asks("publishEvent", ([event, now], store) => [store.events.has(event.id) ? { ...event, id: `${event.id} again` } : event, now]),
  },
  "gives the earliest event of the topic when another is published, and loses neither": {
    fault: "gives the event that is published",
    make: around("publishEvent", async (next, [event, now], store) => {
      const { events } = store.topic(event);
      const others = events.splice(0);
      const answer = await next(event, now);
      events.unshift(...others);
      return answer;
    }),
  },
  "says that a published event is delivered only when all have it, of however many that wait": {
    fault: "serves 500",
    make: answers("publishEvent", (answer, _, store) => {
      const given: readonly KeptSubscription[] = [...store.subscriptions.values()].filter((each) => each.given !== undefined);
      for (const kept of given.slice(500)) takeBack(store, kept);
      return answer;
    }),
  },
  "gives a published event to an instance that is suspended, and to none that is over": {
    fault: "passes over those that are suspended",
    make: around("publishEvent", async (next, args, store) => {
      const answer = await next(...args);
      const suspended = [...store.subscriptions.values()].filter(({ owner }) => owner.row.status === "suspended");
      for (const kept of suspended) takeBack(store, kept);
      return { ...answer, reached: answer.reached.filter((id) => suspended.every(({ owner }) => owner.row.id !== id)) };
    }),
  },
  "gives a published event once to a wait that opens at the same moment": {
    fault: "looks who waits, and stores the event later",
    make: around("publishEvent", async (next, [event, now], store) => {
      const waits = [...store.topic(event).open];
      await pause();
      const answer = await next(event, now);
      for (const kept of store.subscriptions.values()) if (kept.given?.event.event.id === event.id && !waits.includes(kept)) takeBack(store, kept);
      return answer;
    }),
  },
  "gives each its own of many events that are published at the same moment": {
    fault: "says that it has delivered what it has only stored, of several at the same moment",
    make: ({ store }) => {
      let under = 0;
      return (good) => ({
        publishEvent: async (event, now) => {
          under += 1;
          await pause();
          const isAlone = under === 1;
          under -= 1;
          if (isAlone) return (await good.publishEvent?.(event, now)) ?? { reached: [], delivered: false };
          store.addEvent(event, now);
          return { reached: [], delivered: true };
        },
      });
    },
  },
};
