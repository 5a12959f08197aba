import { describe, expect, it } from "vitest";
import type { EventRow, PersistenceProvider, Topic, WorkItem } from "../../src/index.ts";
import { EventConsumer } from "../../src/host/event-consumer.ts";
import { instant, sampleEvent } from "../../src/test-support/index.ts";
import { hostSetting, messages } from "./host-setting.ts";

const paid: Topic = { name: "paid", key: "1" };
const shipped: Topic = { name: "shipped", key: "1" };
const topicsOf = (topics: readonly Topic[]): readonly string[] => topics.map(({ name, key }) => `${name} ${key}`);

/** A consumer over a store that says which rounds it was asked for, and that something came for every topic's instance. */
async function setting(deliverEvents?: PersistenceProvider["deliverEvents"]) {
  const rounds: (readonly string[])[] = [];
  const of = await hostSetting({
    persistence: {
      deliverEvents: async (topics, now) => {
        rounds.push(topicsOf(topics));
        return (await deliverEvents?.(topics, now)) ?? topics.map(({ name }) => `waits for ${name}`);
      },
    },
  });
  const dispatched: string[] = [];
  const looks: number[] = [];
  const lookForEvents = (): void => void looks.push(of.clock.now() - instant().getTime());
  const consumer = new EventConsumer(of.services, (id) => void dispatched.push(id), lookForEvents);
  const store = (event: EventRow): Promise<string> => of.services.persistence.createEvent(event, new Date(of.clock.now()));
  return { ...of, consumer, rounds, dispatched, looks, store };
}

/** A queue item that notes its ack. */
function item(id: string, acks: string[]): WorkItem {
  return { id, ack: () => Promise.resolve(void acks.push(id)), retry: () => Promise.reject(new Error("nothing is put back")) };
}

describe("delivering", () => {
  it("takes all topics that are wanted in one turn together, each once, and has the instances looked at", async () => {
    const { clock, consumer, rounds, dispatched } = await setting();

    consumer.deliver(paid);
    consumer.deliver(shipped);
    consumer.deliver({ ...paid });
    expect(rounds).toEqual([]);
    await clock.settle();

    expect(rounds).toEqual([["paid 1", "shipped 1"]]);
    expect(dispatched).toEqual(["waits for paid", "waits for shipped"]);
  });

  it("tells topics apart by name and key", async () => {
    const { clock, consumer, rounds } = await setting();

    consumer.deliver({ name: "a", key: "b,c" });
    consumer.deliver({ name: "a,b", key: "c" });
    await clock.settle();

    expect(rounds).toEqual([["a b,c", "a,b c"]]);
  });

  it("takes what is wanted while a round is under way in the next one", async () => {
    let answer = (): void => {};
    const { clock, consumer, rounds } = await setting(() => new Promise((resolve) => (answer = () => resolve([]))));
    consumer.deliver(paid);
    await clock.settle();

    consumer.deliver(paid);
    consumer.deliver(shipped);
    await clock.settle();
    expect(rounds).toEqual([["paid 1"]]);
    answer();
    await clock.settle();

    expect(rounds).toEqual([["paid 1"], ["paid 1", "shipped 1"]]);
    answer();
  });

  it("leaves to the sweep what could not be delivered, and goes on with what comes", async () => {
    let away = true;
    const { clock, consumer, rounds, dispatched, warnings } = await setting(() =>
      away ? Promise.reject(new Error("away")) : Promise.resolve(["w"]),
    );

    consumer.deliver(paid);
    await clock.settle();
    away = false;
    consumer.deliver(shipped);
    await clock.settle();

    expect([rounds, dispatched]).toEqual([[["paid 1"], ["shipped 1"]], ["w"]]);
    expect(messages(warnings)).toEqual(["events on 1 topics could not be delivered; the sweep delivers them"]);
  });
});

describe("an event of the future", () => {
  it("is delivered at its time", async () => {
    const { clock, consumer, rounds } = await setting();

    consumer.schedule(paid, instant(1_000));
    await clock.advance(999);
    expect(rounds).toEqual([]);
    await clock.advance(1);

    expect(rounds).toEqual([["paid 1"]]);
  });

  it("is delivered at its time also when others of its topic come before and after it", async () => {
    const { clock, consumer, rounds } = await setting();

    for (const ms of [2_000, 1_000, 3_000]) consumer.schedule(paid, instant(ms));
    await clock.advance(1_000);
    expect(rounds).toHaveLength(1);
    await clock.advance(1_000);
    expect(rounds).toHaveLength(2);
    await clock.advance(1_000);

    expect([rounds, clock.pendingTimers]).toEqual([[["paid 1"], ["paid 1"], ["paid 1"]], 0]);
  });

  it("is looked for at its time when there are too many to keep", async () => {
    const { clock, consumer, rounds, looks } = await setting();

    for (let n = 1; n <= 10_001; n += 1) consumer.schedule({ name: "paid", key: String(n) }, instant(n));
    await clock.advance(5_010);

    expect([rounds.length, looks]).toEqual([5_000, Array.from({ length: 10 }, (_, n) => 5_001 + n)]);
  });

  it("is left to the sweep when it is more than an hour away", async () => {
    const { clock, consumer } = await setting();

    consumer.schedule(paid, instant(3_600_001));
    expect(clock.pendingTimers).toBe(0);
    consumer.schedule(shipped, instant(3_600_000));

    expect(clock.pendingTimers).toBe(1);
  });
});

describe("queue items", () => {
  it("are acked once their events are delivered", async () => {
    let answer = (): void => {};
    const { clock, consumer, rounds, store } = await setting(() => new Promise((resolve) => (answer = () => resolve([]))));
    const acks: string[] = [];
    await store(sampleEvent("a"));
    await store(sampleEvent("b", { name: "shipped" }));

    const consumed = consumer.consume([item("a", acks), item("b", acks)]);
    await clock.settle();
    expect([rounds, acks]).toEqual([[["paid 1", "shipped 1"]], []]);
    answer();
    await consumed;

    expect(acks).toEqual(["a", "b"]);
  });

  it("of the future wait for their time, those that have come meanwhile do not", async () => {
    const { clock, consumer, rounds, store } = await setting();
    const acks: string[] = [];
    await store(sampleEvent("later", { eligibleAt: instant(1_000), time: instant(1_000) }));
    await store(sampleEvent("past", { name: "shipped", eligibleAt: instant(), time: instant() }));

    await consumer.consume([item("later", acks), item("past", acks)]);
    expect([rounds, acks]).toEqual([[["shipped 1"]], ["later", "past"]]);
    await clock.advance(1_000);

    expect(rounds).toEqual([["shipped 1"], ["paid 1"]]);
  });

  it("are acked when there is no such event any more", async () => {
    const { consumer, rounds } = await setting();
    const acks: string[] = [];

    await consumer.consume([item("gone", acks)]);

    expect([rounds, acks]).toEqual([[], ["gone"]]);
  });
});

describe("the stop of deliveries", () => {
  it("waits for the rounds that are wanted, and gives the timers back", async () => {
    let answer = (): void => {};
    const { clock, consumer, rounds } = await setting(() => new Promise((resolve) => (answer = () => resolve([]))));
    let stopped = false;
    consumer.schedule({ name: "later", key: "1" }, instant(1_000));
    consumer.deliver(paid);
    await clock.settle();
    consumer.deliver(shipped);

    const stop = consumer.stop().then(() => {
      stopped = true;
    });
    answer();
    await clock.settle();
    expect([rounds, stopped, clock.pendingTimers]).toEqual([[["paid 1"], ["shipped 1"]], false, 0]);
    answer();
    await stop;

    expect(stopped).toBe(true);
  });

  it("is over at once when nothing is wanted", async () => {
    const { consumer } = await setting();

    await expect(consumer.stop()).resolves.toBeUndefined();
  });
});
