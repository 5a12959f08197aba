import type { EventRow } from "../../models/event.ts";
import type { NewSubscription, Topic } from "../../models/event-subscription.ts";
import { isWfeError } from "../../errors/wfe-error.ts";
import type { CommitResult, WorkflowChange } from "../../models/workflow-change.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import type { EventPublication, RunnableEvent } from "../../traits/event-repository.ts";
import { instant, sampleEvent, sampleSubscription } from "../fixtures.ts";
import { commit, LATER } from "./persistence-steps.ts";

/** The topic of the sample event and the sample subscription. */
export const TOPIC: Topic = { name: "paid", key: "1" };

/** Texts that a store may take for one another, or for none. */
export const DISTINCT_TEXTS: readonly string[] = [
  "",
  " ",
  "a",
  "A",
  "a ",
  " a",
  "\u00e1",
  "a\u0301",
  "a\u0000",
  "a\u0000b",
  "\u0000",
  "a\ud83d",
  "a\ude00",
  "\ud83d",
  "\ude00 \ud83d",
  "a\ufffd",
  "\ufffd",
  "\u{1F600}",
  "1",
  "01",
  "null",
  "%",
  "_",
  "'\"\\",
  "x".repeat(300),
];

/** Ends of what a `Date` can hold, and instants that a store may take for none or round; ascending. */
export const INSTANTS: readonly Date[] = [-8.64e15, -62_135_596_800_001, -1, 0, 1, 1_700_000_000_001, 253_402_300_799_999, 8.64e15].map(
  (ms) => new Date(ms),
);

/** Stores a sample event. @param changes - Fields that differ. */
export function publish(provider: PersistenceProvider, id: string, changes: Partial<EventRow> = {}, now: Date = instant()): Promise<string> {
  return provider.createEvent(sampleEvent(id, changes), now);
}

/** Delivers on `(paid, key)`. @returns Ids of the instances that got something. */
export function deliver(provider: PersistenceProvider, now: Date = instant(), key = "1"): Promise<readonly string[]> {
  return provider.deliverEvents([{ name: "paid", key }], now);
}

/** Stores a sample event and delivers on its topic. @returns Ids of the instances that got something. */
export async function send(
  provider: PersistenceProvider,
  id: string,
  changes: Partial<EventRow> = {},
  now: Date = instant(),
): Promise<readonly string[]> {
  const { name, key } = sampleEvent(id, changes);
  await publish(provider, id, changes, now);
  return await provider.deliverEvents([{ name, key }], now);
}

/** Publishes a sample event; by a provider that leaves that out, it is stored. @param changes - Fields that differ. */
export async function publication(
  provider: PersistenceProvider,
  id: string,
  changes: Partial<EventRow> = {},
  now: Date = instant(),
): Promise<EventPublication> {
  const event = sampleEvent(id, changes);
  if (provider.publishEvent !== undefined) return await provider.publishEvent(event, now);
  await provider.createEvent(event, now);
  return { reached: [], delivered: false };
}

/** Publishes a sample event as a host does: what is not delivered with that is delivered after it. @returns Ids of the instances that got something. */
export async function hand(
  provider: PersistenceProvider,
  id: string,
  changes: Partial<EventRow> = {},
  now: Date = instant(),
): Promise<readonly string[]> {
  const { reached, delivered } = await publication(provider, id, changes, now);
  if (delivered) return reached;
  const { name, key } = sampleEvent(id, changes);
  return [...new Set([...reached, ...(await provider.deliverEvents([{ name, key }], now))])];
}

/** Commits that an instance, `w` unless said otherwise, opens a sample subscription. @param changes - Fields that differ. */
export function open(
  provider: PersistenceProvider,
  id: string,
  changes: Partial<NewSubscription> & { readonly workflowId?: string } = {},
  now: Date = instant(),
): Promise<CommitResult> {
  const { workflowId = "w", ...fields } = changes;
  return commit(provider, `open ${id}`, { workflowId, openSubscriptions: [sampleSubscription(id, fields)] }, now);
}

/** Commits that an instance, `w` unless said otherwise, uses the event that a subscription was given. */
export function use(
  provider: PersistenceProvider,
  subscriptionId: string,
  eventId: string,
  changes: Partial<WorkflowChange> = {},
): Promise<CommitResult> {
  return commit(provider, `use ${subscriptionId} ${eventId}`, { consume: [{ subscriptionId, eventId }], ...changes });
}

/** Commits a change of `w`, and again with what is stored then for as long as it is refused for something that came in between. */
export async function insist(
  provider: PersistenceProvider,
  commitId: string,
  changes: Partial<WorkflowChange> = {},
  now: Date = instant(),
): Promise<CommitResult> {
  for (let left = 20; ; left -= 1) {
    try {
      return await commit(provider, commitId, changes, now);
    } catch (error) {
      if (left === 0 || !isWfeError(error, "WFE_COMMIT_CONFLICT")) throw error;
    }
  }
}

/** What an instance was given and has not used, as `subscription: event`, sorted. */
export async function inboxOf(provider: PersistenceProvider, id = "w"): Promise<readonly string[]> {
  return given((await provider.loadForPass(id))?.deliveries ?? []);
}

/** Deliveries as `subscription: event`, sorted. */
export function given(deliveries: CommitResult["pendingDeliveries"]): readonly string[] {
  return deliveries.map(({ subscriptionId, eventId }) => `${subscriptionId}: ${eventId}`).toSorted();
}

/** Undelivered events, claimed for an instant that has no length. */
export function look(
  provider: PersistenceProvider,
  asAt: Date = LATER,
  options: { limit?: number; claimUntil?: Date } = {},
): Promise<readonly RunnableEvent[]> {
  return provider.getRunnableEvents(asAt, { limit: options.limit ?? 1000, claimUntil: options.claimUntil ?? asAt });
}

/** The ids of {@link look}. */
export async function idsOfLook(...args: Parameters<typeof look>): Promise<readonly string[]> {
  return (await look(...args)).map(({ id }) => id);
}

/** What the sweep does: delivers on the topics of all undelivered events. */
export async function sweep(provider: PersistenceProvider, now: Date = instant()): Promise<void> {
  await provider.deliverEvents(await look(provider, now), now);
}

/** Lets so many calls of a provider come first. */
export async function later(provider: PersistenceProvider, calls: number): Promise<void> {
  for (let call = 0; call < calls; call += 1) await provider.readSignals([]);
}

/** The provider whose turn it is. */
export function turnOf(providers: readonly [PersistenceProvider, PersistenceProvider], turn: number): PersistenceProvider {
  return providers[turn % 2 === 0 ? 0 : 1];
}
