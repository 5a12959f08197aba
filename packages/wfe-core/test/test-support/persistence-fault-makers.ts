import type { WorkflowChange } from "../../src/models/workflow-change.ts";
import type { InMemoryStore, KeptSubscription } from "../../src/test-support/in-memory/in-memory-store.ts";
import type { PersistenceProvider } from "../../src/traits/persistence-provider.ts";
import type { PersistenceFault } from "./faulty-persistence.ts";

type Methods = Required<PersistenceProvider>;
type Method = {
  [K in keyof Methods]: Methods[K] extends (...args: never[]) => Promise<unknown> ? K : never;
}[keyof Methods];
type Args<K extends Method> = Parameters<Methods[K]>;
type Answer<K extends Method> = Awaited<ReturnType<Methods[K]>>;

/** Calls the good method; the union of methods has no signature of its own. */
function call<K extends Method>(good: PersistenceProvider, method: K, args: Args<K>): Promise<Answer<K>> {
  return (good[method] as (...all: Args<K>) => Promise<Answer<K>>)(...args);
}

/** A fault in what is asked for. */
export function asks<K extends Method>(method: K, change: (args: Args<K>, store: InMemoryStore) => Args<K>): PersistenceFault["make"] {
  return ({ store }) =>
    (good) => ({ [method]: (...args: Args<K>) => call(good, method, change(args, store)) });
}

/** A fault in what is answered, or in what is left behind. */
export function answers<K extends Method>(
  method: K,
  change: (answer: Answer<K>, args: Args<K>, store: InMemoryStore) => Answer<K>,
): PersistenceFault["make"] {
  return ({ store }) =>
    (good) => ({ [method]: async (...args: Args<K>) => change(await call(good, method, args), args, store) });
}

/** A fault around a method. */
export function around<K extends Method>(
  method: K,
  run: (next: (...args: Args<K>) => Promise<Answer<K>>, args: Args<K>, store: InMemoryStore) => Promise<Answer<K>>,
): PersistenceFault["make"] {
  return ({ store }) =>
    (good) => ({ [method]: (...args: Args<K>) => run((...given) => call(good, method, given), args, store) });
}

/** A fault in what a commit writes. */
export function commits(change: (given: WorkflowChange, store: InMemoryStore) => Partial<WorkflowChange>): PersistenceFault["make"] {
  return asks("persistWorkflow", ([given, now], store) => [{ ...given, ...change(given, store) }, now]);
}

/** Takes the event of a subscription away again, as if it had never been given. */
export function takeBack(store: InMemoryStore, kept: KeptSubscription | undefined): void {
  if (kept?.given === undefined) return;
  kept.given.event.holders -= 1;
  kept.given = undefined;
  const { eventId: _, ...open } = kept.subscription;
  kept.subscription = open;
  store.topic(open).open.add(kept);
}
