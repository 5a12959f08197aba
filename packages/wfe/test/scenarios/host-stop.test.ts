import { expect, it } from "vitest";
import { CancelledError, type Clock, type StepExecutionContext, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const noop = (): void => {};
const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

/** A step of ten seconds, then another; `ran` gets what has come to its end. */
function slow(clock: Clock, ran: string[]): WorkflowDefinition<Count> {
  return new WorkflowBuilder<Count>()
    .thenFn("slow", async () => {
      await pause(clock, 10_000);
      ran.push("slow");
      return 1;
    })
    .saveAs("n")
    .thenFn("after", () => void ran.push("after"))
    .build("slow", 1);
}

scenarios(
  "stopping a host",
  (open) => {
    it("lets running bodies finish and commits them, starts no successor, and leaves the rest to the next host", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const ran: string[] = [];
      const definition = slow(clock, ran);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const client = await newClient();
      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("1s");

      const stopping = host.stop();
      await clock.advance("9s");
      await stopping;
      expect(ran).toEqual(["slow"]);
      expect(await client.getWorkflow(id)).toMatchObject({ status: "runnable", data: { n: 1 } });
      expect((await client.getHistory(id)).map(({ stepName, status, attempt }) => [stepName, status, attempt])).toEqual([
        ["slow", "complete", 1],
        ["after", "pending", 0],
      ]);

      await newHost((h) => h.registerWorkflowDefinition(definition));
      await clock.settle();
      expect(ran).toEqual(["slow", "after"]);
      expect((await client.getWorkflow(id)).status).toBe("complete");
    });

    it("calls off what has not finished in time with the reason shutdown, and counts no crash however often", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const seen: unknown[] = [];
      let hangs = true;
      const definition = new WorkflowBuilder<Count>()
        .thenFn("hang", async (ctx: StepExecutionContext<Count>) => {
          if (!hangs) return ctx.attempt;
          await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error)));
          return 0;
        })
        .saveAs("n")
        .build("hang", 1);
      const watched = new WorkflowBuilder<Count>()
        .thenFn("deaf", async (ctx) => {
          ctx.signal.addEventListener("abort", () => seen.push(ctx.signal.reason));
          await new Promise(() => {}); // never ends, and does not listen
        })
        .build("deaf", 1);
      const client = await newClient();
      const id = await client.startWorkflow(definition, { n: 0 });
      const deaf = await client.startWorkflow(watched, { n: 0 });

      for (let round = 1; round <= 3; round += 1) {
        const host = await newHost(
          (h) => {
            h.registerWorkflowDefinition(definition);
            h.registerWorkflowDefinition(watched);
          },
          { maxCrashes: 1 },
        );
        await clock.settle();
        expect(await host.getHistory(id)).toMatchObject([{ status: "running", attempt: round }]);
        const before = clock.now();
        const stopping = host.stop({ timeout: "2s" });
        await clock.advance("2s");
        await stopping;
        expect(clock.now() - before).toBe(2_000);
        expect(await client.getHistory(id)).toMatchObject([{ status: "pending", attempt: round, retryCount: 0 }]);
        expect(seen).toHaveLength(round);
      }
      for (const reason of seen) {
        expect(reason).toBeInstanceOf(CancelledError);
        expect(reason).toMatchObject({ reason: "shutdown" });
      }
      expect(await client.getErrors(id)).toEqual([]);
      expect(await client.getErrors(deaf)).toEqual([]);

      hangs = false;
      await newHost((h) => h.registerWorkflowDefinition(definition), { maxCrashes: 1 });
      await clock.settle();
      expect(await client.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 4 } });
    });

    it("waits for the option shutdownTimeout when no timeout is given", async () => {
      const { host: newHost, clock } = await open();
      const definition = slow(clock, []);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition), { shutdownTimeout: "3s" });
      await host.startWorkflow(definition, { n: 0 });
      await clock.settle();
      let stopped = false;

      const stopping = host.stop().then(() => (stopped = true));
      await clock.advance(2_999);
      expect(stopped).toBe(false);
      await clock.advance(1);

      expect(await stopping).toBe(true);
    });

    it("takes no time when nothing runs, and does nothing when it is stopped already", async () => {
      const { host: newHost, build, clock } = await open();
      const definition = new WorkflowBuilder<Count>().delay("1h").build("delay", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      await host.startWorkflow(definition, { n: 0 });
      await clock.settle();

      await Promise.all([host.stop(), host.stop()]);
      await host.stop();
      await build().stop();
    });

    it("leaves no timers behind", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<Count>().delay("10m").waitFor("never", "k").build("w", 1);
      const before = clock.pendingTimers;
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await host.startWorkflow(definition, { n: 0 });
      void host.waitForWorkflow(id, { timeout: "1d" }).catch(noop);
      await clock.advance("1s");

      await host.stop();

      expect(clock.pendingTimers).toBe(before);
    });

    it("can be started again as the same object, and goes on with what waits", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<Count>()
        .delay("1m")
        .thenFn("after", (ctx) => ctx.data.n + 1)
        .saveAs("n")
        .build("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.settle();

      for (let round = 0; round < 3; round += 1) {
        await host.stop();
        await clock.advance("10s");
        await host.start();
      }
      expect((await host.getWorkflow(id)).status).toBe("runnable");
      await clock.advance("31s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 1 } });
      const done = host.runWorkflow(definition, { n: 5 });
      await clock.advance("1m");
      expect(await done).toEqual({ n: 6 });
    });

    it("lets a body that finishes meanwhile start workflows and publish events", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const child = new WorkflowBuilder<Count>().thenFn("a", noop).build("child", 1);
      const definition = new WorkflowBuilder<Count>()
        .thenFn("late", async (ctx) => {
          await pause(clock, 1_000);
          await ctx.host.startWorkflow(child, { n: 0 }, { id: "the child" });
          await ctx.host.publishEvent("told", "k", { n: 1 }, { id: "the event" });
        })
        .build("w", 1);
      const host = await newHost((h) => {
        h.registerWorkflowDefinition(definition);
        h.registerWorkflowDefinition(child);
      });
      const client = await newClient();
      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.settle();

      const stopping = host.stop();
      await clock.advance("1s");
      await stopping;

      expect((await client.getWorkflow(id)).status).toBe("complete");
      expect((await client.getWorkflow("the child")).status).toBe("runnable");
      expect(await client.getEvent("the event")).toMatchObject({ name: "told", data: { n: 1 } });
    });

    it("either runs an instance that is being started when it stops, or leaves it to the next host; it is no crash", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const ran: string[] = [];
      const definition = new WorkflowBuilder<Count>().thenFn("a", (ctx) => void ran.push(ctx.workflow.id)).build("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const client = await newClient();

      const starting = host.startWorkflow(definition, { n: 0 });
      await host.stop();
      const id = await starting;
      await newHost((h) => h.registerWorkflowDefinition(definition), { maxCrashes: 1 });
      await clock.advance("1s");

      expect(await client.getWorkflow(id)).toMatchObject({ status: "complete" });
      expect(ran).toEqual([id]);
      expect(await client.getHistory(id)).toMatchObject([{ attempt: 1 }]);
    });

    it("refuses every verb before its start and after its stop", async () => {
      const { build } = await open();
      const definition = new WorkflowBuilder<Count>().thenFn("a", noop).build("w", 1);
      const host = build((h) => h.registerWorkflowDefinition(definition));
      const verbs: (() => Promise<unknown>)[] = [
        () => host.startWorkflow(definition, { n: 0 }),
        () => host.startWorkflow("w", 1, { n: 0 }),
        () => host.runWorkflow(definition, { n: 0 }),
        () => host.waitForWorkflow("x"),
        () => host.getWorkflow("x"),
        () => host.publishEvent("e", "k", null),
        () => host.suspendWorkflow("x"),
        () => host.resumeWorkflow("x"),
        () => host.terminateWorkflow("x"),
        () => host.listWorkflows(),
        () => host.countWorkflows(),
        () => host.getErrors("x"),
        () => host.getHistory("x"),
        () => host.getEvent("x"),
        () => host.purgeWorkflows({ status: "complete", olderThan: "1d" }),
      ];
      const allRefused = async (): Promise<void> => {
        for (const verb of verbs) await expect(verb(), String(verb)).rejects.toMatchObject({ code: "WFE_HOST_NOT_RUNNING" });
      };

      await allRefused();
      await host.start();
      await host.stop();
      await allRefused();
    });

    it("is stopped at the end of an `await using` block", async () => {
      const { build, clock } = await open();
      const definition = new WorkflowBuilder<Count>()
        .thenFn("a", () => 7)
        .saveAs("n")
        .build("w", 1);
      const outer = build((h) => h.registerWorkflowDefinition(definition));
      {
        await using host = outer;
        await host.start();
        const done = host.runWorkflow(definition, { n: 0 });
        await clock.settle();
        expect(await done).toEqual({ n: 7 });
      }
      await expect(outer.countWorkflows()).rejects.toMatchObject({ code: "WFE_HOST_NOT_RUNNING" });
    });
  },
  { sweeping: true },
);
