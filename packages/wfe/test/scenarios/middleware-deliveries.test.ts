import { expect, it } from "vitest";
import { defineEvent, type DeliveredTopic, type Middleware, WorkflowBuilder } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const told = defineEvent<number>("told");
const waits = new WorkflowBuilder<Data>().waitFor(told, "k").saveAs("n").build("waits", 1);
/** The engine tells of the end of an instance by an event, too. */
const ofUsers = (topics: readonly DeliveredTopic[]): readonly DeliveredTopic[] => topics.filter(({ name }) => name === "told");

const warned = (n: number): string => `events on ${n} topics could not be delivered; the sweep delivers them`;

/** Does something in the deliveries of `told` alone. */
const aroundTold = (around: NonNullable<Middleware["aroundDelivery"]>): Middleware => ({
  aroundDelivery: async (ctx, next) => (ofUsers(ctx.topics).length > 0 ? around(ctx, next) : void (await next())),
});

scenarios(
  "middleware around deliveries",
  (open) => {
    it("is around each request for the delivery of events, told which events, and hears whom they have reached", async () => {
      const order: unknown[] = [];
      const layer = (name: string): Middleware =>
        aroundTold(async (ctx, next) => {
          order.push([`${name} in`, ...ctx.topics.map(({ name: event, key, eventIds }) => `${event} ${key} ${eventIds.join()}`)]);
          order.push([`${name} out`, ...(await next())]);
        });
      const { host: newHost, use, clock } = await open();
      use(layer("A"), layer("B"));
      const host = await newHost(registers(waits));
      const done = host.runWorkflow(waits, { n: 0 }, { id: "w" });
      await clock.advance("100ms");

      await host.publishEvent(told, "k", 5, { id: "e" });
      await clock.advance("100ms");

      expect(await done).toEqual({ n: 5 });
      expect(order).toEqual([
        ["A in", "told k e"],
        ["B in", "told k e"],
        ["B out", "w"],
        ["A out", "w"],
      ]);
    });

    it("that throws before next, or returns without it, has that logged, and the sweep delivers", async () => {
      const { host: newHost, use, clock, warnings } = await open();
      const acts: (() => Promise<void>)[] = [() => Promise.reject(new Error("not now")), () => Promise.resolve()];
      use(aroundTold(async (_ctx, next) => (acts.length > 0 ? acts.shift()?.() : void (await next()))));
      const host = await newHost(registers(waits));
      const done = host.runWorkflow(waits, { n: 0 });
      await clock.advance("100ms");

      await host.publishEvent(told, "k", 5);
      await clock.advance("3m"); // claims of undelivered events end

      expect(await done).toEqual({ n: 5 });
      expect(warnings.map(({ message, fields }) => [message, String((fields as { error: unknown }).error)])).toEqual([
        [warned(1), "Error: not now"],
        [warned(1), "MiddlewareError: aroundDelivery of the middleware number 1 has returned, but its next() was not called, or has failed"],
      ]);
    });

    it("that throws behind next has that logged alone, and the event is delivered", async () => {
      const { host: newHost, use, clock, warnings } = await open();
      use(aroundTold((_ctx, next) => (void next(), Promise.reject(new Error("afterwards")))));
      const host = await newHost(registers(waits));
      const done = host.runWorkflow(waits, { n: 0 });
      await clock.advance("100ms");

      await host.publishEvent(told, "k", 5);
      await clock.advance("100ms");

      expect(await done).toEqual({ n: 5 });
      expect(warnings.map(({ message }) => message)).toEqual([
        "aroundDelivery of the middleware number 1 has failed after next(); what it is around was done, and stands",
      ]);
    });

    it("that hangs is left behind after a lease; the deliveries behind it go on, and its own is the sweep's", async () => {
      const { host: newHost, use, clock, warnings } = await open();
      let hangs = true;
      const signals: AbortSignal[] = [];
      use(
        aroundTold(async ({ signal }, next) => {
          signals.push(signal);
          if (hangs) await new Promise<never>(() => {});
          await next();
        }),
      );
      const host = await newHost(registers(waits), { lockTtl: "10s" });
      const done = host.runWorkflow(waits, { n: 0 });
      await clock.advance("100ms");

      await host.publishEvent(told, "k", 5);
      await clock.advance("1s");
      hangs = false;
      await clock.advance("1m");

      expect(await done).toEqual({ n: 5 });
      expect(signals[0]?.reason).toMatchObject({ code: "WFE_TIMEOUT" });
      expect(warnings.map(({ message }) => message)).toEqual([warned(1)]);
    });

    it("that hangs keeps stop for its time at most, and the host may be started again", async () => {
      const { host: newHost, use, clock } = await open();
      let hangs = true;
      const reasons: unknown[] = [];
      use(
        aroundTold(async ({ signal }, next) => {
          if (!hangs) return void (await next());
          signal.addEventListener("abort", () => reasons.push(signal.reason));
          await new Promise<never>(() => {});
        }),
      );
      const host = await newHost(registers(waits), { lockTtl: "30s" });
      await host.startWorkflow(waits, { n: 0 }, { id: "w" });
      await clock.advance("100ms");
      await host.publishEvent(told, "k", 5);
      await clock.advance("100ms");

      const stopped = host.stop({ timeout: "2s" });
      await clock.advance("2s");
      await stopped;
      hangs = false;
      await host.start();
      await clock.advance("3m");

      expect(reasons).toEqual([expect.objectContaining({ code: "WFE_CANCELLED", reason: "shutdown" })]);
      expect(await host.getWorkflow("w")).toMatchObject({ status: "complete", data: { n: 5 } });
    });
  },
  { sweeping: true },
);
