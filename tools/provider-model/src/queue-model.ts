import fc from "fast-check";
import { type Duration, QUEUE_TYPES, type QueueProvider, type QueueType, type WorkItem } from "wfe-core";
import type { QueueOpenOptions, QueueSuiteTarget } from "wfe-core/test-support";
import { type Call, compared, difference, type Operation, shown, wrongChoice } from "./call.ts";
import type { Model } from "./model-run.ts";
import { limit, pick } from "./values.ts";

/** Of both providers; so that both the end of a delay and that of a delivery can be met. */
const VISIBILITY_MS = 30;

/** An entry in the model; instants are milliseconds since the run began. */
interface ModelEntry {
  readonly type: QueueType;
  readonly id: string;
  /** When it is given out: its delay's end, or that of the visibility time. */
  readonly dueAt: number;
  /** Order of queueing; absent where nobody promises one: it was pulled forward, or came back. */
  readonly order: number | undefined;
  /** Number of its delivery, when it was given out. */
  readonly delivery?: number;
  /** Queued for again while it is being worked on; when it comes back, it may stand where that says, too. */
  readonly markAt?: number;
}

/** What waits and what is being worked on. */
interface QueueState {
  now: number;
  orders: number;
  /** By type and id. */
  readonly entries: Map<string, ModelEntry>;
  /** Which entry each delivery is of, whatever has become of it. */
  readonly deliveries: Map<number, string>;
}

type QueueOperation = Operation<QueueState, QueueProvider>;

const id = fc.constantFrom("w1", "w2", "w3", "w\u0000", "\ud83d", "");
const type = fc.constantFrom(...QUEUE_TYPES, "workflow" as const, "workflow" as const);
const delay: fc.Arbitrary<Duration | undefined> = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom<Duration | undefined>(undefined, 0, 10, 20, "30ms", 60) },
  { weight: 1, arbitrary: fc.constantFrom<Duration>(-1, Number.NaN, "10m") },
);

function msOf(given: Duration | undefined): number {
  return given === "30ms" ? 30 : given === "10m" ? 600_000 : Number(given ?? 0);
}

function keyOf(ofType: QueueType, ofId: string): string {
  return `${ofType}:${ofId}`;
}

function isWorkedOn(state: QueueState, { delivery, dueAt }: ModelEntry): boolean {
  return delivery !== undefined && dueAt > state.now;
}

const queueWork: fc.Arbitrary<QueueOperation> = fc.tuple(id, type, delay).map(([queued, ofType, given]) => ({
  kind: "queueWork",
  plan: () => ({
    text: `queueWork(${shown(queued)}, ${ofType}, ${shown(given)})`,
    run: (provider) => provider.queueWork(queued, ofType, given === undefined ? {} : { delay: given }),
    judge: (state, outcome) => {
      if (!(msOf(given) >= 0)) return compared(outcome, { refusal: { type: "RangeError" } });
      const key = keyOf(ofType, queued);
      const entry = state.entries.get(key);
      const at = state.now + msOf(given);
      state.orders += 1;
      if (entry === undefined) state.entries.set(key, { type: ofType, id: queued, dueAt: at, order: state.orders });
      else if (isWorkedOn(state, entry)) state.entries.set(key, { ...entry, markAt: Math.min(entry.markAt ?? at, at) });
      else {
        const { markAt } = entry;
        state.entries.set(key, {
          type: ofType,
          id: queued,
          dueAt: Math.min(entry.dueAt, at),
          order: undefined,
          ...(markAt === undefined ? {} : { markAt }),
        });
      }
      return compared(outcome, { answer: undefined });
    },
  }),
}));

const dequeueWork: fc.Arbitrary<QueueOperation> = fc.tuple(type, limit).map(([ofType, most]) => ({
  kind: "dequeueWork",
  plan: (_state, { fresh }) => {
    // One number for each item that it may give.
    const numbers = Array.from({ length: 6 }, () => fresh());
    return {
      text: `items ${numbers[0]}… = dequeueWork(${ofType}, ${most})`,
      run: async (provider, { kept }) => {
        const items = await provider.dequeueWork(ofType, { limit: most, wait: 0 });
        for (const [index, item] of items.entries()) kept.set(numbers[index] ?? 0, item);
        return items.map((item) => item.id);
      },
      judge: (state, outcome, { concurrent }) => {
        const due = [...state.entries.values()].filter((entry) => entry.type === ofType && entry.dueAt <= state.now);
        if (!("answer" in outcome)) return compared(outcome, { answer: due });
        const ids = outcome.answer as readonly string[]; // of run, above
        const given = ids.map((each) => due.find((entry) => entry.id === each));
        const known = given.filter((entry) => entry !== undefined);
        if (known.length < ids.length) return `given ${shown(ids)}, due are ${shown(due)}`;
        for (const [index, entry] of known.entries()) {
          const number = numbers[index] as number; // there are as many ids
          state.deliveries.set(number, keyOf(entry.type, entry.id));
          state.entries.set(keyOf(entry.type, entry.id), {
            type: entry.type,
            id: entry.id,
            dueAt: state.now + VISIBILITY_MS,
            order: undefined,
            delivery: number,
          });
        }
        return wrongChoice(concurrent ? known : due, known, { most, compare: comesBefore });
      },
    };
  },
}));

function comesBefore(a: ModelEntry, b: ModelEntry): number {
  if (a.markAt !== undefined || b.markAt !== undefined) return 0;
  if (a.dueAt !== b.dueAt) return a.dueAt - b.dueAt;
  return a.order === undefined || b.order === undefined ? 0 : a.order - b.order;
}

/** `ack` and `retry`; mostly of an item that is being worked on. */
const settle: fc.Arbitrary<QueueOperation> = fc
  .tuple(fc.constantFrom("ack" as const, "retry" as const), fc.nat(11), delay)
  .map(([does, which, given]) => ({
    kind: does,
    plan: (planned) => {
      const workedOn = [...planned.deliveries].filter(([number, key]) => planned.entries.get(key)?.delivery === number);
      const number = pick(which % 3 > 0 && workedOn.length > 0 ? workedOn : [...planned.deliveries], which)?.[0];
      if (number === undefined) return undefined;
      return {
        text: `item ${number}.${does}(${does === "ack" ? "" : shown(given ?? 0)})`,
        run: (_provider, { kept }) => {
          const item = kept.get(number) as WorkItem; // given, as the model knows it
          return does === "ack" ? item.ack() : item.retry(given ?? 0);
        },
        judge: (state, outcome) => {
          if (does === "retry" && !(msOf(given) >= 0)) return compared(outcome, { refusal: { type: "RangeError" } });
          const key = state.deliveries.get(number) as string; // planned above
          const entry = state.entries.get(key);
          if (entry?.delivery === number && isWorkedOn(state, entry)) {
            const at = does === "ack" ? entry.markAt : Math.min(entry.markAt ?? Infinity, state.now + msOf(given));
            state.orders += 1;
            if (at === undefined) state.entries.delete(key);
            else state.entries.set(key, { type: entry.type, id: entry.id, dueAt: at, order: state.orders });
          }
          return compared(outcome, { answer: undefined });
        },
      };
    },
  }));

/** Time that passes: to the end of delays and deliveries, and to just before it. */
const elapse: fc.Arbitrary<QueueOperation> = fc.constantFrom(1, 9, 10, 20, 29, 30, 31).map((ms) => ({
  kind: "elapse",
  alone: true,
  plan: () => ({
    text: `${ms} ms pass`,
    run: (_provider, world) => world.elapse(ms),
    judge: (state, outcome) => {
      state.now += ms;
      return compared(outcome, { answer: undefined });
    },
  }),
}));

const restart: fc.Arbitrary<QueueOperation> = fc.constant({
  kind: "restart",
  alone: true,
  plan: () => ({
    text: "stop(), start()",
    run: async (provider) => {
      await provider.stop();
      await provider.start();
    },
    judge: (_state, outcome) => compared(outcome, { answer: undefined }),
  }),
});

/** There is no look at a queue that takes nothing from it. */
const look: Call<QueueState, QueueProvider> = {
  text: "look at what was given out",
  run: async (_provider, { kept }) => [...(kept as Map<number, WorkItem>)].map(([number, item]) => [number, item.id]),
  judge: (state, outcome) => {
    if (!("answer" in outcome)) return compared(outcome, { answer: undefined });
    const given = outcome.answer as readonly (readonly [number, string])[]; // of run, above
    return difference(new Set(given.map(([number]) => number)), new Set(state.deliveries.keys()));
  },
};

/**
 * Random calls to two queues on one store, and what the trait says must come of each.
 *
 * @param target - In virtual time: time passes with `elapse` alone.
 */
export function queueModel(target: QueueSuiteTarget): Model<QueueState, QueueProvider, QueueOpenOptions> {
  return {
    operation: fc.oneof(
      { weight: 6, arbitrary: queueWork },
      { weight: 5, arbitrary: dequeueWork },
      { weight: 5, arbitrary: settle },
      { weight: 3, arbitrary: elapse },
      { weight: 1, arbitrary: restart },
    ),
    look,
    initial: () => ({ now: 0, orders: 0, entries: new Map(), deliveries: new Map() }),
    keyOf: ({ now, entries, deliveries }) =>
      JSON.stringify([
        now,
        // Of the order of queueing only who comes before whom is known.
        [...entries.values()]
          .toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0) || (keyOf(a.type, a.id) < keyOf(b.type, b.id) ? -1 : 1))
          .map((entry) => [entry.type, entry.id, entry.dueAt, entry.order === undefined, entry.delivery, entry.markAt]),
        [...deliveries].toSorted(([a], [b]) => a - b),
      ]),
    openOptions: { visibilityMs: VISIBILITY_MS },
    createStore: () => target.createStore(),
  };
}
