import { describe, expect, it } from "vitest";
import { sampleLifecycleEvent, VirtualClock, VirtualEntropy } from "wfe-core/test-support";
import { LifecycleOutbox } from "../src/lifecycle-outbox.ts";
import { PayloadReader } from "../src/lifecycle-payloads.ts";

/** An outbox, and what it sends: the sequence and the versions of each statement. */
function setting(hears: () => boolean | Promise<boolean> = () => true) {
  const clock = new VirtualClock();
  const told: unknown[] = [];
  const outbox = new LifecycleOutbox({
    clock,
    entropy: new VirtualEntropy(1),
    tell: async (payloads) => {
      const reader = new PayloadReader();
      const message = payloads.map((payload) => reader.read(payload)).at(-1);
      told.push(message === undefined ? "asks" : [message.sequence, message.events.map(({ version }) => version)]);
      return await hears();
    },
  });
  outbox.open();
  const send = (version: number, text = ""): Promise<void> =>
    outbox.send({ ...sampleLifecycleEvent("w", version), type: "error", error: { code: "C", message: text } });
  return { clock, outbox, told, send };
}

describe("an outbox of lifecycle events", () => {
  it("sends what is given within 10 ms together, and what comes meanwhile with the next", async () => {
    const { clock, told, send } = setting();

    const first = send(1);
    await clock.advance(9);
    const second = send(2);
    expect(told).toEqual([]);
    await clock.advance(1);
    await Promise.all([first, second]);
    void send(3);
    await clock.advance(10);

    expect(told).toEqual(["asks", [1, [1, 2]], [2, [3]]]);
  });

  it("sends nothing while nobody listens, and counts nothing as sent", async () => {
    let isHeard = false;
    const { clock, told, send } = setting(() => isHeard);

    void send(1);
    await clock.advance(10);
    isHeard = true;
    void send(2);
    await clock.advance(10);
    isHeard = false;
    void send(3);
    await clock.advance(10);
    void send(4);
    await clock.advance(10);

    expect(told).toEqual(["asks", "asks", [1, [2]], [2, [3]], "asks"]);
  });

  it("sends a batch that is long in several statements", async () => {
    const { clock, told, send } = setting();
    const half = "x".repeat(2 ** 19);

    const sent = [send(1, half), send(2), send(3, half), send(4, half + half), send(5)];
    await clock.advance(10);
    await Promise.all(sent);

    expect(told).toEqual(["asks", [1, [1, 2]], [2, [3]], [3, [4]], [4, [5]]]);
  });

  it("rejects what could not be sent, and leaves a gap in the sequence", async () => {
    let isAway = false;
    const { clock, told, send } = setting(() => (isAway ? Promise.reject(new Error("away")) : true));
    void send(1);
    await clock.advance(10);

    isAway = true;
    const lost = [send(2), send(3)];
    const outcomes = Promise.allSettled(lost);
    await clock.advance(10);
    isAway = false;
    void send(4);
    await clock.advance(10);

    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(told).toEqual(["asks", [1, [1]], [2, [2, 3]], [4, [4]]]);
  });

  it("sends what is left at once when it is closed, and then begins anew", async () => {
    const { clock, outbox, told, send } = setting();
    const left = send(1);

    await outbox.close();
    await left;
    outbox.open();
    void send(2);
    await clock.advance(10);

    expect(told).toEqual(["asks", [1, [1]], "asks", [1, [2]]]);
  });

  it("is closed after a second when nothing gets through", async () => {
    const { clock, outbox, told, send } = setting(() => new Promise(() => {}));
    void send(1);
    await clock.advance(10);

    const closed = outbox.close();
    await clock.advance(1_000);

    await expect(closed).resolves.toBeUndefined();
    expect(told).toEqual(["asks"]);
  });
});
