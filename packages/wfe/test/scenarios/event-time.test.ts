import { expect, it } from "vitest";
import { defineEvent, ExecutionResult, type StepBody, type StepExecutionContext, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Got {
  got: string[];
}

const told = defineEvent<string>("told");
const keep = (payload: string, data: Got): void => void data.got.push(payload);

/** Waits for the event `told` with the key `k` as long as none said "end", and keeps what comes. */
const untilEnd: WorkflowDefinition<Got> = new WorkflowBuilder<Got>()
  .whileDo(
    (data) => data.got.at(-1) !== "end",
    (b) => b.waitFor(told, "k").output(keep),
  )
  .build("until end", 1);

/** The same with an effective date, which stands in the data. */
const since: WorkflowDefinition<Got & { since: string }> = new WorkflowBuilder<Got & { since: string }>()
  .whileDo(
    (data) => data.got.at(-1) !== "end",
    (b) => b.waitFor(told, "k", { effectiveDate: (data) => new Date(data.since) }).output(keep),
  )
  .build("since", 1);

scenarios(
  "the time of events",
  (open) => {
    it("counts from the effective date of a wait on, the very instant included, whenever they were stored", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(since));
      const date = clock.now() - 86_400_000;
      const publish = (text: string, afterMs: number): Promise<string> => host.publishEvent(told, "k", text, { time: new Date(date + afterMs) });
      await publish("too early", -1);
      await publish("at it", 0);
      await publish("just after", 1);
      await clock.advance("2s");

      const id = await host.startWorkflow(since, { got: [], since: new Date(date).toISOString() });
      await clock.settle();
      expect(await host.getWorkflow(id)).toMatchObject({ data: { got: ["at it", "just after"] } });
      await publish("too early again", -1);
      await publish("at it again", 0);
      await publish("end", 0);
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["at it", "just after", "at it again", "end"] } });
    });

    it("counts from a fixed effective date of a wait on, and of a custom step", async () => {
      const { host: newHost, clock } = await open();
      const date = new Date(clock.now() + 3_600_000);
      class Asks implements StepBody<Got> {
        said = "";
        run = (ctx: StepExecutionContext<Got>): ExecutionResult => {
          if (ctx.eventData === undefined) return ExecutionResult.waitForEvent(told, "k", { effectiveDate: date });
          this.said = `asked: ${JSON.stringify(ctx.eventData)}`;
          return ExecutionResult.next();
        };
      }
      const definition = new WorkflowBuilder<Got>()
        .waitFor(told, "k", { effectiveDate: date })
        .output(keep)
        .then(Asks)
        .output((step, data) => void data.got.push(step.said))
        .build("fixed", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1h" });
      const id = await host.startWorkflow(definition, { got: [] });
      await host.publishEvent(told, "k", "too early");
      await clock.advance("1h");

      await host.publishEvent(told, "k", "one");
      await host.publishEvent(told, "k", "two");
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["one", 'asked: "two"'] } });
    });

    it("does not matter to a wait without an effective date: what was stored since its instance was created counts, and nothing else", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(untilEnd));
      const now = clock.now();
      await host.publishEvent(told, "k", "stored before");
      const id = await host.startWorkflow(untilEnd, { got: [] });
      await clock.settle();

      await host.publishEvent(told, "k", "of long ago", { time: new Date(now - 86_400_000) });
      clock.setWallClock(now - 3_600_000);
      await host.publishEvent(told, "k", "by a slow clock");
      await clock.settle();
      clock.setWallClock(now + 3_600_000);
      await host.publishEvent(told, "k", "by a fast clock");
      clock.setWallClock(now);
      await clock.settle();
      await host.publishEvent(told, "k", "end");
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({
        status: "complete",
        data: { got: ["of long ago", "by a slow clock", "by a fast clock", "end"] },
      });
    });

    it("orders those that wait to be used; at the same time the one published first comes first", async () => {
      const { host: newHost, clock } = await open();
      let begin = (): void => {};
      const mayBegin = new Promise<void>((resolve) => (begin = resolve));
      const definition = new WorkflowBuilder<Got>()
        .thenFn("hold", () => mayBegin)
        .whileDo(
          (data) => data.got.at(-1) !== "end",
          (b) => b.waitFor(told, "k").output(keep),
        )
        .build("holds", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await host.startWorkflow(definition, { got: [] });
      const now = clock.now();

      for (const [text, seconds] of [
        ["d", -1],
        ["b", -3],
        ["end", 0],
        ["c", -2],
        ["e", -1],
        ["a", -60],
        ["f", -1],
      ] as const)
        await host.publishEvent(told, "k", text, { time: new Date(now + seconds * 1_000) });
      begin();
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["a", "b", "c", "d", "e", "f", "end"] } });
    });

    it("does not keep one from being found that is stored after later ones were used", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(untilEnd));
      const id = await host.startWorkflow(untilEnd, { got: [] });
      const now = clock.now();

      for (const [text, seconds] of [
        ["third", -1],
        ["second", -2],
        ["first", -3],
        ["end", -4],
      ] as const) {
        await host.publishEvent(told, "k", text, { time: new Date(now + seconds * 1_000) });
        await clock.settle();
      }

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["third", "second", "first", "end"] } });
    });

    it("in the near future is kept to the millisecond by the host that published them, for waits open and not yet open", async () => {
      const { host: newHost, clock } = await open();
      const later = new WorkflowBuilder<Got>().delay("5m").waitFor(told, "k").output(keep).build("later", 1);
      const host = await newHost(
        (h) => {
          h.registerWorkflowDefinition(untilEnd);
          h.registerWorkflowDefinition(later);
        },
        { sweepInterval: "1h" },
      );
      const ids = [await host.startWorkflow(untilEnd, { got: [] }), await host.startWorkflow(later, { got: [] })] as const;

      await host.publishEvent(told, "k", "end", { time: new Date(clock.now() + 600_000) });
      await clock.advance(599_999);
      for (const id of ids) expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: [] } });
      await clock.advance(1);

      for (const id of ids) expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["end"] } });
    });

    it("in the near future is kept for each of several with one name and key, in whatever order they were published", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(untilEnd), { sweepInterval: "1h" });
      const id = await host.startWorkflow(untilEnd, { got: [] });
      const now = clock.now();
      for (const seconds of [20, 10, 40, 30]) {
        const text = seconds === 40 ? "end" : String(seconds);
        await host.publishEvent(told, "k", text, { time: new Date(now + seconds * 1_000) });
      }
      const got: unknown[] = [];

      for (let round = 0; round < 4; round += 1) {
        await clock.advance("10s");
        got.push(((await host.getWorkflow(id)).data as Got).got);
      }

      expect(got).toEqual([["10"], ["10", "20"], ["10", "20", "30"], ["10", "20", "30", "end"]]);
    });

    it("in the near future is kept by a host when a client has published them", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(untilEnd));
      const client = await newClient();
      const id = await host.startWorkflow(untilEnd, { got: [] });

      await client.publishEvent(told, "k", "end", { time: new Date(clock.now() + 10_500) });
      await clock.advance(10_499);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: [] } });
      await clock.advance("1s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["end"] } });
    });

    it("in the far future is kept, at most a sweep late", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(untilEnd), { sweepInterval: "20m" });
      const id = await host.startWorkflow(untilEnd, { got: [] });

      const event = await host.publishEvent(told, "k", "end", { time: new Date(clock.now() + 4 * 3_600_000) });
      await clock.advance(4 * 3_600_000 - 1);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: [] } });
      expect((await host.getEvent(event)).delivered).toBe(false);
      await clock.advance(1_200_001);

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["end"] } });
      expect((await host.getEvent(event)).delivered).toBe(true);
    });

    it.each([10_000, 5_400_000])("in the future (%i ms) is kept by another host when the one that published them is gone", async (afterMs) => {
      const { host: newHost, clock } = await open();
      const publisher = await newHost();
      const other = await newHost((h) => h.registerWorkflowDefinition(untilEnd), { sweepInterval: "5s" });
      const id = await other.startWorkflow(untilEnd, { got: [] });
      await publisher.publishEvent(told, "k", "end", { time: new Date(clock.now() + afterMs) });
      await clock.settle();

      await publisher.stop();
      await clock.advance(afterMs - 1);
      expect(await other.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: [] } });
      await clock.advance(5_001);

      expect(await other.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["end"] } });
    });

    it("in the future lets those pass whose time has come", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(untilEnd));
      const id = await host.startWorkflow(untilEnd, { got: [] });

      await host.publishEvent(told, "k", "end", { time: new Date(clock.now() + 60_000) });
      await host.publishEvent(told, "k", "now");
      await clock.advance("30s");
      await host.publishEvent(told, "k", "then");
      await clock.advance("29s");
      expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: ["now", "then"] } });
      await clock.advance("1s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["now", "then", "end"] } });
    });
  },
  { sweeping: true },
);
