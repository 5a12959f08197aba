import type { StoredEvent } from "../../src/models/event.ts";
import type { ScheduledCommand } from "../../src/models/scheduled-command.ts";
import type { InMemoryStore, KeptSubscription } from "../../src/test-support/in-memory/in-memory-store.ts";
import { type PersistenceFault, type PersistenceFaults, pause } from "./faulty-persistence.ts";
import { answers, around, asks, commits, takeBack } from "./persistence-fault-makers.ts";

const FAR = new Date(8.64e15);

function wholeSeconds(at: Date): Date {
  return new Date(Math.floor(at.getTime() / 1000) * 1000);
}

function keptSubscription(store: InMemoryStore, id: string): KeptSubscription | undefined {
  return store.subscriptions.get(id);
}

/** Lets no more than so many calls of a method through at the same moment. */
function travelling(most: number): () => Promise<boolean> {
  let under = 0;
  return async () => {
    under += 1;
    const passes = under <= most;
    await pause(1);
    under -= 1;
    return passes;
  };
}

/** Faults for the cases of what comes back as it was stored. */
const PAYLOAD_FAULTS: PersistenceFaults = {
  "keeps ids, names, keys and payloads of events as they are, and finds each by its own": {
    fault: "has no halves of surrogate pairs",
    make: asks("createEvent", ([event, now]) => [{ ...event, name: Buffer.from(event.name).toString() }, now]),
  },
  "tells payloads of null, of nothing and of an empty text apart": {
    fault: "takes a payload of null for none",
    make: asks("createEvent", ([{ data, ...event }, now]) => [data === undefined || data === "null" ? event : { ...event, data }, now]),
  },
  "keeps a large payload of an event": {
    fault: "cuts payloads",
    make: asks("createEvent", ([event, now]) => [{ ...event, data: (event.data ?? "").slice(0, 65_535) }, now]),
  },
  "keeps instants of events to the millisecond, and orders by them, before 1970 and far away": {
    fault: "keeps whole seconds of events",
    make: asks("createEvent", ([event, now]) => [{ ...event, time: wholeSeconds(event.time) }, now]),
  },
  "counts arrivals upwards, whoever publishes and whatever the times": {
    fault: "counts the arrivals of each topic",
    make: answers("getEvent", (event, _, store) => {
      return event === undefined ? undefined : ({ ...event, arrival: store.topic(event).events.length } satisfies StoredEvent);
    }),
  },
  "stores 200 events that are published at the same moment, each with its own arrival": {
    fault: "drops what is beyond 150 events at the same moment",
    make: () => {
      const mayPass = travelling(150);
      return (good) => ({
        createEvent: async (event, now) => ((await mayPass()) ? await good.createEvent(event, now) : event.id),
      });
    },
  },
  "keeps one of many publishes of one id at the same moment, of one piece": {
    fault: "keeps the last payload with the rest of the first",
    make: answers("createEvent", (id, [event], store) => {
      const kept = store.events.get(id);
      if (kept !== undefined && event.data !== undefined) kept.event = { ...kept.event, data: event.data };
      return id;
    }),
  },
  "keeps ids, names, keys, pointers and activities of subscriptions as they are, and finds each by its own": {
    fault: "folds the case of names",
    make: commits(({ openSubscriptions }) => ({
      openSubscriptions: openSubscriptions.map((subscription) => ({ ...subscription, name: subscription.name.toLowerCase() })),
    })),
  },
  "keeps effective dates to the millisecond, before 1970 and far away": {
    fault: "keeps whole seconds of effective dates",
    make: commits(({ openSubscriptions }) => ({
      openSubscriptions: openSubscriptions.map(({ bound, ...rest }) => ({
        ...rest,
        bound: "effectiveDate" in bound ? { effectiveDate: wholeSeconds(bound.effectiveDate) } : bound,
      })),
    })),
  },
  "tells commands apart by name and data, compared exactly": {
    fault: "takes name and data for one text",
    make: () => {
      const known = new Set<string>();
      return (good) => ({
        async scheduleCommand(command) {
          const key = command.name + command.data;
          if (!known.has(key)) await good.scheduleCommand(command);
          known.add(key);
        },
      });
    },
  },
  "keeps the times of commands to the millisecond, before 1970 and far away": {
    fault: "keeps whole seconds of commands",
    make: asks("scheduleCommand", ([command]) => [{ ...command, executeAt: wholeSeconds(command.executeAt) }]),
  },
  "keeps texts of failures as they are, and tells an empty one from none": {
    fault: "takes an empty text for none",
    make: answers("getErrors", (errors) => errors.map(({ data, ...error }) => (data === undefined || data === "" ? error : { ...error, data }))),
  },
  "keeps instants of failures to the millisecond, before 1970 and far away": {
    fault: "keeps whole seconds of failures",
    make: answers("getErrors", (errors) => errors.map((error) => ({ ...error, at: wholeSeconds(error.at) }))),
  },
  "keeps copies of events, subscriptions and failures, and gives copies": {
    fault: "hands out what it keeps",
    make:
      ({ store }) =>
      () => ({ getEvent: async (id) => store.events.get(id)?.event }),
  },
};

/** Faults for the cases of what stays of an event and what goes with it. */
const PURGE_FAULTS: PersistenceFaults = {
  "delivers nothing twice when a known id is published again": {
    fault: "takes a known id for a new event",
    make: asks("createEvent", (args, store) => {
      const known = store.events.get(args[0].id);
      if (known !== undefined) store.removeEvent(known);
      return args;
    }),
  },
  "never removes an event that was not delivered": {
    fault: "removes events whether they are delivered or not",
    make: asks("deleteDeliveredEvents", (args, store) => {
      for (const kept of store.events.values()) kept.event = { ...kept.event, delivered: true };
      return args;
    }),
  },
  "removes an event that was released, and one picked up only when it was used": {
    fault: "does not know that a picked-up event is held",
    make: answers("persistWorkflow", (answer, [change], store) => {
      for (const { id } of change.openSubscriptions) {
        const held = keptSubscription(store, id)?.given;
        if (held !== undefined) held.event.holders -= 1;
      }
      return answer;
    }),
  },
  "leaves used what an instance has used when other events go": {
    fault: "forgets with a removal what was used",
    make: answers("deleteDeliveredEvents", (count, _, store) => {
      for (const { consumed } of store.workflows.values()) consumed.clear();
      return count;
    }),
  },
  "finds a removed event for no wait that opens later": {
    fault: "counts events to be removed, but keeps them",
    make: around("deleteDeliveredEvents", async (_, [before], store) => {
      return [...store.events.values()].filter(({ event }) => event.delivered && event.storedAt < before).length;
    }),
  },
  "takes an event with the id of a removed one as a new one": {
    fault: "remembers the ids of removed events",
    make: ({ store }) => {
      const seen = new Set<string>();
      return (good) => ({
        async createEvent(event, now) {
          if (seen.has(event.id) && !store.events.has(event.id)) return event.id;
          seen.add(event.id);
          return await good.createEvent(event, now);
        },
      });
    },
  },
  "takes no later event for one that was removed": {
    fault: "gives the arrival of a removed event to the next one",
    make: ({ store }) => {
      const free: number[] = [];
      return (good) => ({
        async deleteDeliveredEvents(...args) {
          const before = [...store.events.values()];
          const count = await good.deleteDeliveredEvents(...args);
          free.push(...before.filter(({ event }) => !store.events.has(event.id)).map(({ event }) => event.arrival));
          return count;
        },
        async createEvent(event, now) {
          const arrival = store.events.has(event.id) ? undefined : free.pop();
          const id = await good.createEvent(event, now);
          const kept = store.events.get(id);
          if (kept !== undefined && arrival !== undefined) kept.event = { ...kept.event, arrival };
          return id;
        },
      });
    },
  },
  "removes each event once, whoever removes at the same moment": {
    fault: "counts what another one removes at the same moment",
    make: around("deleteDeliveredEvents", async (next, args, store) => {
      const count = Math.min(store.events.size, args[1]);
      await pause();
      await next(...args);
      return count;
    }),
  },
};

/** Faults for the cases of claims. */
const CLAIM_FAULTS: PersistenceFaults = {
  "clears nothing by the token of a claim that another one has replaced": {
    fault: "ends a claim by every token that ever claimed",
    make: ({ store }) => {
      const tokens = new Set<string>();
      return (good) => ({
        async setSubscriptionToken(id, token, ...rest) {
          tokens.add(token);
          return await good.setSubscriptionToken(id, token, ...rest);
        },
        async clearSubscriptionToken(id, token) {
          return await good.clearSubscriptionToken(id, tokens.has(token) ? (keptSubscription(store, id)?.subscription.token ?? token) : token);
        },
      });
    },
  },
  "clears nothing where nothing is claimed any more": {
    fault: "says of every subscription that its claim is ended",
    make: answers("clearSubscriptionToken", (cleared, [id], store) => cleared || store.subscriptions.has(id)),
  },
  "keeps the token of the one that claimed when many claim at the same moment": {
    fault: "keeps the last token",
    make: answers("setSubscriptionToken", (won, [id, token], store) => {
      const kept = keptSubscription(store, id);
      if (kept !== undefined) kept.subscription = { ...kept.subscription, token };
      return won;
    }),
  },
  "claims one subscription and no other": {
    fault: "claims all subscriptions of a topic",
    make: answers("setSubscriptionToken", (won, [, token, workerId, tokenExpiresAt], store) => {
      if (won) for (const kept of store.subscriptions.values()) kept.subscription = { ...kept.subscription, token, workerId, tokenExpiresAt };
      return won;
    }),
  },
  "delivers to claimed subscriptions": {
    fault: "passes over claimed subscriptions",
    make: answers("deliverEvents", (ids, _, store) => {
      for (const kept of store.subscriptions.values()) if (kept.subscription.token !== undefined) takeBack(store, kept);
      return ids;
    }),
  },
  "keeps tokens, workers and ends of claims as they are, and compares tokens exactly": {
    fault: "compares tokens without the spaces around them",
    make: asks("clearSubscriptionToken", ([id, token], store) => {
      const stored = keptSubscription(store, id)?.subscription.token;
      return [id, stored?.trim() === token.trim() ? stored : token];
    }),
  },
  "ends a claim with its subscription": {
    fault: "keeps the claim for the next subscription of that id",
    make: around("persistWorkflow", async (next, args, store) => {
      const claims = new Map([...store.subscriptions.values()].map(({ subscription }) => [subscription.id, subscription.token]));
      const answer = await next(...args);
      for (const { id } of args[0].openSubscriptions) {
        const [kept, token] = [keptSubscription(store, id), claims.get(id)];
        if (kept !== undefined && token !== undefined) kept.subscription = { ...kept.subscription, token };
      }
      return answer;
    }),
  },
};

/** A fault that knows the commands that were scheduled before, and drops some of the others. */
function scheduled(drop: (known: boolean) => boolean): PersistenceFault["make"] {
  return () => {
    const known = new Set<string>();
    return (good) => ({
      async scheduleCommand(command) {
        const key = JSON.stringify([command.name, command.data]);
        const dropped = drop(known.has(key));
        known.add(key);
        if (!dropped) await good.scheduleCommand(command);
      },
      persistWorkflow: (change, now) =>
        good.persistWorkflow(
          { ...change, commands: change.commands.filter(({ name, data }) => !drop(known.has(JSON.stringify([name, data])))) },
          now,
        ),
    });
  };
}

/** Faults for the cases of what becomes of commands. */
const COMMAND_FAULTS: PersistenceFaults = {
  "gives a command of a commit and one that waits already the earlier of the two times": {
    fault: "drops the command of a commit when one waits already",
    make: scheduled((known) => known),
  },
  "keeps one of many equal commands that are scheduled at the same moment, with the earliest time": {
    fault: "keeps the first time of a command",
    make: scheduled((known) => known),
  },
  "hides a command while it is handled, and hands it over again when the claim has ended": {
    fault: "claims a command for ever",
    make: asks("processCommands", ([asAt, options, handler]) => [asAt, { ...options, claimUntil: FAR }, handler]),
  },
  "removes nothing at the late end of a handling whose command another one has by then": {
    fault: "removes a command at the end of any handling",
    make: asks("processCommands", ([asAt, options, handler], store) => [
      asAt,
      options,
      async (command) => {
        await handler(command);
        for (const { finish } of store.commands.claim(FAR, { limit: 1, claimUntil: FAR })) finish();
      },
    ]),
  },
  "hands a command over again for as long as its handler rejects, each time when the claim has ended": {
    fault: "gives a command up after two failures",
    make: () => {
      let failures = 0;
      return (good) => ({
        processCommands: (asAt, options, handler) =>
          good.processCommands(asAt, options, async (command) => {
            try {
              await handler(command);
            } catch (error) {
              failures += 1;
              if (failures <= 2) throw error;
            }
          }),
      });
    },
  },
  "keeps a command that is scheduled again while it is handled for the earliest of the new times": {
    fault: "keeps the last of the new times",
    make: () => {
      let during: Parameters<InMemoryStore["commands"]["schedule"]>[0] | undefined;
      let handling = false;
      return (good) => ({
        async scheduleCommand(command) {
          if (handling) during = command;
          else await good.scheduleCommand(command);
        },
        async processCommands(...args) {
          handling = true;
          const count = await good.processCommands(...args);
          handling = false;
          if (during !== undefined) await good.scheduleCommand(during);
          during = undefined;
          return count;
        },
      });
    },
  },
  "does not lose a command that is scheduled again while its handler fails": {
    fault: "takes a command that was scheduled again for handled when its handler fails",
    make: () => {
      let again = false;
      return (good) => ({
        async scheduleCommand(command) {
          if (!again) await good.scheduleCommand(command);
          again = true;
        },
        processCommands: (asAt, options, handler) => good.processCommands(asAt, options, (command) => handler(command).catch(() => {})),
      });
    },
  },
  "hides a command while it is handled, though it is scheduled again for an earlier time": {
    fault: "hands a command over that is scheduled again while it is handled",
    make: () => {
      let handling = false;
      return (good) => ({
        async processCommands(asAt, options, handler) {
          if (handling) {
            await handler({ name: "terminateWorkflow", data: "a", executeAt: asAt });
            return 1;
          }
          handling = true;
          const count = await good.processCommands(asAt, options, handler);
          handling = false;
          return count;
        },
      });
    },
  },
  "does not touch the claim of another one at the late end of a handling, though the command is scheduled again": {
    fault: "frees a command that is scheduled again at the end of any handling",
    make: ({ store }) => {
      let again: ScheduledCommand | undefined;
      return (good) => ({
        async scheduleCommand(command) {
          await good.scheduleCommand(command);
          again = command;
        },
        processCommands: (asAt, options, handler) =>
          good.processCommands(asAt, options, async (command) => {
            await handler(command);
            if (again === undefined || again.executeAt <= command.executeAt) return;
            for (const { finish } of store.commands.claim(FAR, { limit: 1, claimUntil: FAR })) finish();
            store.commands.schedule(again);
          }),
      });
    },
  },
  "takes a command again that was handled before": {
    fault: "takes each command once",
    make: scheduled((known) => known),
  },
};

/** Faults for the cases of how often failures are recorded and how long they are kept. */
const RECORD_FAULTS: PersistenceFaults = {
  "records equal failures as often as they come": {
    fault: "records equal failures once",
    make: answers("getErrors", (errors) => [...new Map(errors.map((error) => [JSON.stringify(error), error])).values()]),
  },
  "keeps failures when the instance goes on and ends": {
    fault: "forgets the failures of an instance that is over",
    make: answers("getErrors", (errors, [id], store) => (store.workflows.get(id)?.row.completedAt === undefined ? errors : [])),
  },
  "records no failure of a commit that is refused, and none twice of one that is sent again": {
    fault: "records the failures of a refused commit",
    make: around("persistWorkflow", async (next, args, store) => {
      try {
        return await next(...args);
      } catch (error) {
        store.workflows.get(args[0].workflowId)?.errors.push(...args[0].errors);
        throw error;
      }
    }),
  },
  "records many failures of many instances at the same moment, each in its order": {
    fault: "sorts the failures of an instance by their attempts",
    make: answers("getErrors", (errors) => errors.toSorted((a, b) => a.attempt - b.attempt)),
  },
};

/** Faults for the cases of what comes back as it was, of claims, of the handling of commands and of the record of failures. */
export const PERSISTENCE_PAYLOAD_FAULTS: PersistenceFaults = {
  ...PAYLOAD_FAULTS,
  ...PURGE_FAULTS,
  ...CLAIM_FAULTS,
  ...COMMAND_FAULTS,
  ...RECORD_FAULTS,
};
