import fc from "fast-check";
import type { EventPublication, EventRow, PersistenceProvider } from "wfe-core";
import { compared, difference, type Operation, shown } from "./call.ts";
import { deliverTopic, isEligible } from "./delivery-rules.ts";
import { addEvent, type ModelEvent, type PersistenceState } from "./persistence-state.ts";
import { reading } from "./values.ts";
import { newEvent } from "./workflow-values.ts";

/** `publishEvent`; of a provider that leaves it out, what a host does in its place first. */
export const publishEvent: fc.Arbitrary<Operation<PersistenceState, PersistenceProvider>> = fc.tuple(newEvent, reading).map(([event, now]) => ({
  kind: "publishEvent",
  arrives: true,
  plan: (planned, { concurrent }) => {
    const others = [...planned.events.values()].filter(({ id, delivered }) => !delivered && id !== event.id);
    return {
      text: `publishEvent(${shown(event)}, ${now.toISOString()})`,
      run: async (provider): Promise<Published> => {
        const publication = await published(provider, event, now);
        const seen = concurrent ? [] : await Promise.all(others.map(({ id }) => provider.getEvent(id)));
        return { publication, left: seen.flatMap((other) => (other?.delivered === false ? [other.id] : [])) };
      },
      judge: (state, outcome) => {
        const isNew = !state.events.has(event.id);
        addEvent(state, event, now);
        if (!concurrent) state.settledArrivals = state.arrivals;
        if (!("answer" in outcome)) return compared(outcome, { answer: event.id });
        const { publication, left } = outcome.answer as Published; // of run, above
        return isNew ? judgePublication(state, event, now, { publication, left, concurrent }) : judgeRepetition(state, event, publication);
      },
    };
  },
}));

/** What came of a publication, and which other events are undelivered after it. */
interface Published {
  readonly publication: EventPublication;
  readonly left: readonly string[];
}

async function published(provider: PersistenceProvider, event: EventRow, now: Date): Promise<EventPublication> {
  if (provider.publishEvent !== undefined) return provider.publishEvent(event, now);
  await provider.createEvent(event, now);
  return { reached: [], delivered: false };
}

/** Delivers on the topic, if that is what was done. @returns What is wrong. */
function judgePublication(
  state: PersistenceState,
  event: EventRow,
  now: Date,
  { publication: { reached, delivered }, left, concurrent }: Published & { readonly concurrent: boolean },
): string | undefined {
  if (!delivered) return difference(reached, []);
  if (!isEligible(state.events.get(event.id) as ModelEvent, now)) return `${shown(event.id)} is delivered before its time`; // it was added
  state.deliveries += 1;
  const undelivered = [...state.events.values()].filter((each) => !each.delivered && each.id !== event.id);
  const expected = deliverTopic(state, event, now, state.deliveries);
  for (const { id } of undelivered) {
    const other = state.events.get(id);
    if (other?.delivered !== true) continue;
    // One that is given may be left to a delivery of its own.
    if (concurrent) state.events.set(id, { ...other, mayBeUndelivered: true });
    else if (left.includes(id)) state.events.set(id, { ...other, delivered: false });
  }
  return difference(reached.toSorted(), expected.toSorted());
}

/** What is wrong with what is said of an event that was there. */
function judgeRepetition(state: PersistenceState, { id }: EventRow, { reached, delivered }: EventPublication): string | undefined {
  const holders = new Set([...state.subscriptions.values()].filter(({ eventId }) => eventId === id).map(({ workflowId }) => workflowId));
  const isDelivered = (state.events.get(id) as ModelEvent).delivered; // it was there
  return difference({ others: reached.filter((each) => !holders.has(each)), early: delivered && !isDelivered }, { others: [], early: false });
}
