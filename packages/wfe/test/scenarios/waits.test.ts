import { expect, it } from "vitest";
import {
  defineEvent,
  ErrorBehavior,
  ExecutionResult,
  type JsonValue,
  type StepBody,
  type StepExecutionContext,
  WorkflowBuilder,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Got {
  got: string[];
}

const told = defineEvent<string>("told");
const keep = (text: string, data: Got): void => void data.got.push(text);

/** Waits three times, and keeps what comes. */
const threeTimes: WorkflowDefinition<Got> = new WorkflowBuilder<Got>()
  .whileDo(
    (data) => data.got.length < 3,
    (b) => b.waitFor(told, "k").output(keep),
  )
  .build("three times", 1);

scenarios(
  "waits",
  (open) => {
    it("keep their event over a failing output mapping, and take no second one", async () => {
      const { host: newHost, clock } = await open();
      let broken = true;
      const definition = new WorkflowBuilder<Got>()
        .waitFor(told, "k")
        .output((text, data) => {
          data.got.push(`half of ${text}`);
          if (broken) throw new Error("the mapping is broken");
        })
        .onError(ErrorBehavior.retry({ interval: "1m", maxRetries: 1 }))
        .waitFor(told, "k")
        .output(keep)
        .build("broken mapping", 1);
      const host = await newHost(registers(definition), { sweepInterval: "1h" });
      const id = await host.startWorkflow(definition, { got: [] });
      await host.publishEvent(told, "k", "one");
      await host.publishEvent(told, "k", "two");

      await clock.advance("2m");
      expect(await host.getWorkflow(id)).toMatchObject({
        status: "suspended",
        data: { got: [] },
        error: { code: "WFE_STEP_FAILED", message: "the mapping is broken" },
      });
      expect(await host.getErrors(id)).toHaveLength(2);
      broken = false;
      await host.resumeWorkflow(id);
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["half of one", "two"] } });
    });

    it("whose key cannot be selected fail like any step, and begin once it can", async () => {
      const { host: newHost, clock } = await open();
      let broken = true;
      const definition = new WorkflowBuilder<Got>()
        .waitFor(told, () => {
          if (broken) throw new Error("no key yet");
          return "k";
        })
        .output(keep)
        .onError(ErrorBehavior.retry({ interval: "1m", maxRetries: 9 }))
        .waitFor(told, "k", { effectiveDate: () => new Date(0) })
        .output(keep)
        .waitFor(told, () => 7 as never)
        .onError(ErrorBehavior.suspend())
        .build("broken key", 1);
      const host = await newHost(registers(definition), { sweepInterval: "1h" });
      await host.publishEvent(told, "k", "long before");
      const id = await host.startWorkflow(definition, { got: [] });
      await host.publishEvent(told, "k", "since");
      await clock.advance(150_000);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: [] } });

      broken = false;
      await clock.advance(30_000);

      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { got: ["since", "long before"] } });
      expect((await host.getErrors(id)).map(({ step, message }) => [step, message])).toEqual([
        ["waitFor told", "no key yet"],
        ["waitFor told", "no key yet"],
        ["waitFor told", "no key yet"],
        ["waitFor told", 'the key of the step "waitFor told" gave 7 in place of a string'],
      ]);
    });

    it.each([new Date(Number.NaN), "2026-01-01"])(
      "of custom steps with an effective date that is none (%s) fail them for good, at once",
      async (effectiveDate) => {
        const { host: newHost, clock } = await open();
        const definition = new WorkflowBuilder<Got>()
          .thenFn("ask", (ctx) =>
            ctx.eventData === undefined ? ExecutionResult.waitForEvent(told, "k", { effectiveDate: effectiveDate as Date }) : ExecutionResult.next(),
          )
          .build("no date", 1);
        const host = await newHost(registers(definition));
        const id = await host.startWorkflow(definition, { got: [] });

        await clock.advance("5m");

        expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_STEP_FAILED" } });
        expect(await host.getErrors(id)).toMatchObject([{ step: "ask", attempt: 1 }]);
      },
    );

    it("of custom steps wake them with the payload, which stays over retries and is gone after the next result", async () => {
      const { host: newHost, clock } = await open();
      const runs: (readonly [attempt: number, persisted: JsonValue | undefined, event: JsonValue | undefined])[] = [];
      const keys: string[] = [];
      class Collects implements StepBody<Got> {
        texts: string[] = [];
        run = (ctx: StepExecutionContext<Got>): ExecutionResult => {
          runs.push([ctx.attempt, ctx.persistenceData, ctx.eventData]);
          keys.push(ctx.idempotencyKey);
          const texts = (ctx.persistenceData ?? []) as readonly string[];
          if (ctx.eventData === undefined) return ExecutionResult.waitForEvent(told, `key ${texts.length}`);
          if (runs.length === 2) throw new Error("not yet");
          if (texts.length === 0) return ExecutionResult.persist([...texts, String(ctx.eventData as string)]);
          this.texts = [...texts, ctx.eventData as string];
          return ExecutionResult.next();
        };
      }
      const definition = new WorkflowBuilder<Got>()
        .then(Collects)
        .onError(ErrorBehavior.retry({ interval: "1m" }))
        .output((step, data) => void (data.got = step.texts))
        .build("collects", 1);
      const host = await newHost(registers(definition), { sweepInterval: "1h" });
      const id = await host.startWorkflow(definition, { got: [] });
      await clock.settle();

      await host.publishEvent(told, "key 1", "second");
      await host.publishEvent(told, "key 0", "first");
      await clock.advance("2m");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["first", "second"] } });
      expect(runs).toEqual([
        [1, undefined, undefined],
        [2, undefined, "first"],
        [3, undefined, "first"],
        [4, ["first"], undefined],
        [5, ["first"], "second"],
      ]);
      expect(keys.map((key) => keys.indexOf(key))).toEqual([0, 1, 1, 3, 4]);
    });

    it("of custom steps take the events of a loop one by one", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<Got>()
        .whileDo(
          (data) => data.got.length < 3,
          (b) =>
            b
              .thenFn("ask", (ctx) =>
                ctx.eventData === undefined ? ExecutionResult.waitForEvent("told", "k") : ExecutionResult.outcome(ctx.eventData),
              )
              .onOutcome("one", (c) => c.thenFn("one", () => "1").output(keep))
              .onOutcome("two", (c) => c.thenFn("two", () => "2").output(keep))
              .onOutcome("three", (c) => c.thenFn("three", () => "3").output(keep)),
        )
        .build("asks", 1);
      const host = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, { got: [] });

      await host.publishEvent(told, "k", "two");
      await host.publishEvent(told, "k", "three");
      await clock.settle();
      await host.publishEvent(told, "k", "one");
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["2", "3", "1"] } });
    });

    it("of a suspended instance receive their events, and it uses them when it is resumed", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost(registers(threeTimes));
      const id = await host.startWorkflow(threeTimes, { got: [] });
      await clock.settle();
      await host.suspendWorkflow(id);

      for (const text of ["one", "two"]) {
        await host.publishEvent(told, "k", text);
        await clock.advance("1m");
      }
      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { got: [] } });
      await host.resumeWorkflow(id);
      await clock.settle();
      expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: ["one", "two"] } });
      await host.publishEvent(told, "k", "three");
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["one", "two", "three"] } });
    });

    it("of a suspended instance stay as they are while a body of it still runs, though their event is there", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<Got>()
        .parallel((p) =>
          p
            .branch((b) => b.waitFor(told, "k").output(keep))
            .branch((b) => b.thenFn("long", () => new Promise<string>((resolve) => void clock.setTimer(10_000, () => resolve("long")))).output(keep)),
        )
        .build("with a body", 1);
      const host = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, { got: [] });
      await clock.settle();
      await host.suspendWorkflow(id);

      await host.publishEvent(told, "k", "event");
      await clock.advance("1m");
      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { got: ["long"] } });
      expect((await host.getHistory(id)).map(({ status }) => status)).toEqual(["running", "waitingForEvent", "complete"]);
      await host.resumeWorkflow(id);
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["long", "event"] } });
    });

    it("of an instance that is suspended and resumed again and again while they come lose none", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost(registers(threeTimes));
      const other = await newHost(registers(threeTimes));
      const id = await host.startWorkflow(threeTimes, { got: [] });

      for (const text of ["one", "two", "three"]) {
        const all = [host.suspendWorkflow(id), other.publishEvent(told, "k", text), other.resumeWorkflow(id), host.resumeWorkflow(id)];
        await clock.advance("1s");
        await Promise.all(all);
      }
      await host.resumeWorkflow(id);
      await clock.advance("5s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["one", "two", "three"] } });
    });

    it("of a terminated instance are over: what comes changes nothing, and is there for others", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost(registers(threeTimes));
      const [ended, suspended, other] = [
        await host.startWorkflow(threeTimes, { got: [] }),
        await host.startWorkflow(threeTimes, { got: [] }),
        await host.startWorkflow(threeTimes, { got: [] }),
      ];
      await clock.settle();
      await host.suspendWorkflow(suspended);
      await host.publishEvent(told, "k", "in the inbox");
      await clock.settle();
      await host.terminateWorkflow(ended);
      await host.terminateWorkflow(suspended);
      const before = [await host.getWorkflow(ended), await host.getWorkflow(suspended)];

      await host.publishEvent(told, "k", "too late");
      await clock.advance("1m");

      expect([await host.getWorkflow(ended), await host.getWorkflow(suspended)]).toEqual(before);
      expect(before).toMatchObject([
        { status: "terminated", data: { got: ["in the inbox"] } },
        { status: "terminated", data: { got: [] } },
      ]);
      expect((await host.getHistory(ended)).map(({ status }) => status)).toEqual(["cancelled", "complete", "cancelled"]);
      expect(await host.getWorkflow(other)).toMatchObject({ status: "runnable", data: { got: ["in the inbox", "too late"] } });
    });
  },
  { sweeping: true },
);
