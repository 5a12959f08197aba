import { describe, expect, it } from "vitest";
import { SessionSubscriptions, type SessionSubscriber } from "../src/session-subscriptions.ts";

const subscriber = (name: string): SessionSubscriber => ({
  channel: name,
  onMessage: () => {},
  onRestored: () => {},
  begin: [`begin ${name}`, `go ${name}`],
  end: [`end ${name}`],
});

/** What a server says to a statement. */
const refusal = Object.assign(new Error("refused"), { code: "42501" });
const loss = new Error("Connection terminated unexpectedly");

describe("subscriptions of a session", () => {
  it("are begun and ended on a connection one after the other, also those that come and go meanwhile", async () => {
    const subscriptions = new SessionSubscriptions();
    const [first, second, third] = [subscriber("1"), subscriber("2"), subscriber("3")];
    const run: string[] = [];
    const preparation = subscriptions.on(async (text) => {
      run.push(text);
      if (text !== "begin 1") return;
      void subscriptions.add(second);
      void subscriptions.add(third);
      subscriptions.remove(third);
      subscriptions.remove(first);
      await preparation.bring(); // another is under way
    });
    const live = subscriptions.add(first);

    await preparation.bring();
    await live;

    expect(run).toEqual(["begin 1", "go 1", "end 1", "begin 2", "go 2"]);
  });

  it("are begun anew on another connection", async () => {
    const subscriptions = new SessionSubscriptions();
    const run: string[] = [];
    void subscriptions.add(subscriber("1"));

    for (const connection of ["a", "b"]) {
      await subscriptions.on((text) => Promise.resolve(void run.push(`${connection}: ${text}`))).bring();
    }

    expect(run).toEqual(["a: begin 1", "a: go 1", "b: begin 1", "b: go 1"]);
  });

  it("that the server refuses are told so and taken off, and others go on", async () => {
    const subscriptions = new SessionSubscriptions();
    const run: string[] = [];
    const [refused, other] = [subscriptions.add(subscriber("1")), subscriptions.add(subscriber("2"))];

    const brought = subscriptions.on(async (text) => {
      run.push(text);
      if (text === "go 1") throw refusal;
    });
    const [outcome] = await Promise.allSettled([refused, brought.bring(), other]);

    expect(outcome).toEqual({ status: "rejected", reason: refusal });
    expect(run).toEqual(["begin 1", "go 1", "end 1", "begin 2", "go 2"]);
  });

  it("that were live are kept when a later connection cannot have them: it is given up", async () => {
    const subscriptions = new SessionSubscriptions();
    void subscriptions.add(subscriber("1"));
    await subscriptions.on(() => Promise.resolve()).bring();
    const run: string[] = [];

    await expect(subscriptions.on(() => Promise.reject(refusal)).bring()).rejects.toBe(refusal);
    await subscriptions.on((text) => Promise.resolve(void run.push(text))).bring();

    expect(run).toEqual(["begin 1", "go 1"]);
  });

  it("wait for the next connection when one is lost", async () => {
    const subscriptions = new SessionSubscriptions();
    const live = subscriptions.add(subscriber("1"));

    await expect(subscriptions.on(() => Promise.reject(loss)).bring()).rejects.toBe(loss);
    await subscriptions.on(() => Promise.resolve()).bring();

    await expect(live).resolves.toBeUndefined();
  });
});
