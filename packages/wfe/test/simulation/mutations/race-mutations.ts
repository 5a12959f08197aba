import { isWfeError, type WorkflowChange } from "../../../src/index.ts";
import type { FaultyParts } from "../../../src/test-support/index.ts";
import { replacing } from "../../replacing.ts";
import { events } from "../programs/events.ts";
import { retries } from "../programs/retries.ts";
import type { ProviderMutation } from "./provider-mutations.ts";

/** A store whose commit looks at what is visible when it is asked for, not when it is made: as one statement on one snapshot does. */
const picksUpFromItsSnapshot = (): FaultyParts => {
  const visible = new WeakMap<WorkflowChange, ReadonlySet<string>>();
  return {
    requests: (provider, store) =>
      replacing(provider, {
        persistWorkflow: (change, now) => {
          visible.set(change, new Set(store.events.keys()));
          return provider.persistWorkflow(change, now);
        },
      }),
    persistence: (provider, store) =>
      replacing(provider, {
        persistWorkflow: (change, now) => {
          const seen = visible.get(change);
          const topics = change.openSubscriptions.map((subscription) => store.topic(subscription).events);
          const all = topics.map((known) => [...known]);
          // What was stored and delivered meanwhile went to nobody, and is not looked for again.
          for (const known of topics)
            known.splice(0, known.length, ...known.filter(({ event }) => !event.delivered || seen === undefined || seen.has(event.id)));
          const answer = provider.persistWorkflow(change, now);
          topics.forEach((known, n) => known.splice(0, known.length, ...new Set([...(all[n] ?? []), ...known])));
          return answer;
        },
      }),
  };
};

/** A store that computes the due time from the inbox as it was when the commit was asked for. */
const isDueByItsSnapshot = (): FaultyParts => {
  const inboxes = new WeakMap<WorkflowChange, number>();
  return {
    requests: (provider, store) =>
      replacing(provider, {
        persistWorkflow: (change, now) => {
          inboxes.set(change, store.workflows.get(change.workflowId)?.row.inboxSeq ?? 0);
          return provider.persistWorkflow(change, now);
        },
      }),
    persistence: (provider, store) =>
      replacing(provider, {
        persistWorkflow: (change, now) => {
          const kept = store.workflows.get(change.workflowId);
          const before = kept?.row;
          const answer = provider.persistWorkflow(change, now);
          if (kept !== undefined && kept.row !== before) {
            const { dueAt: _, ...row } = kept.row;
            const dueAt = (inboxes.get(change) ?? 0) > change.seenInboxSeq ? now : change.dueAt;
            kept.row = { ...row, ...(dueAt === undefined ? {} : { dueAt }) };
          }
          return answer;
        },
      }),
  };
};

/** Races that real stores have had, as far as they can be had in memory. */
export const raceMutations: readonly ProviderMutation[] = [
  { name: "a commit picks up from what was visible when it was asked for", program: events, faulty: picksUpFromItsSnapshot(), caughtBy: ["I3"] },
  { name: "a commit sets the due time by the inbox that was when it was asked for", program: events, faulty: isDueByItsSnapshot(), caughtBy: ["I3"] },
  {
    name: "the pointers of a stale commit are written beside a good one",
    program: retries,
    faulty: {
      persistence: (provider, store) =>
        replacing(provider, {
          persistWorkflow: async (change, now) => {
            try {
              return await provider.persistWorkflow(change, now);
            } catch (error) {
              const kept = store.workflows.get(change.workflowId);
              if (kept !== undefined && isWfeError(error, "WFE_COMMIT_CONFLICT"))
                for (const pointer of change.pointers) store.putPointer(kept, pointer);
              throw error;
            }
          },
        }),
    },
    caughtBy: ["I2"],
  },
];
