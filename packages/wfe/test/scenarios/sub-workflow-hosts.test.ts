import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, PersistenceError, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { losingQueue } from "../faults/setting.ts";
import { meeting, replacing } from "../replacing.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

const child = new WorkflowBuilder<Data>()
  .thenFn("double", (ctx) => 2 * ctx.data.n)
  .saveAs("n")
  .build("child", 1);
const parent = new WorkflowBuilder<Data>()
  .subWorkflow(child, (data) => data)
  .output((result, data) => void (data.n = result.n))
  .build("parent", 1);

scenarios(
  "a sub-workflow and its parent on different hosts",
  (open) => {
    it("the child may be over before its parent's host has heard that it was started", async () => {
      const { host: newHost, build, store, clock } = await open();
      const fast = await newHost(registers(child)); // knows the child alone
      const providers = store.open();
      const slow = build(
        registers(child, parent),
        { sweepInterval: "1h" },
        meeting(
          { ...providers, queue: losingQueue(providers.queue) },
          ({ children }) => children.length > 0,
          "after",
          () => pause(clock, 20_000), // a barrier between the commit and everything else
        ),
      );
      await slow.start();

      const id = await slow.startWorkflow(parent, { n: 3 });
      await clock.advance("10s");
      expect(await fast.countWorkflows({ definitionId: "child", status: "complete" })).toBe(1);
      expect((await fast.getWorkflow(id)).status).toBe("runnable");
      await clock.advance("11s");

      expect(await fast.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 6 } });
      expect(await fast.countWorkflows()).toBe(2);
    });

    it("a store that is away as it is started costs time, and is no failure of its step", async () => {
      const { build, store, clock } = await open();
      const once = new WorkflowBuilder<Data>()
        .subWorkflow(child, (data) => data)
        .onError(ErrorBehavior.terminate())
        .output((result, data) => void (data.n = result.n))
        .build("parent", 1);
      const providers = store.open();
      const { persistence } = providers;
      let failures = 3;
      const nextDefinitionSequence: typeof persistence.nextDefinitionSequence = async (definitionId, count) => {
        if (definitionId === "child" && failures-- > 0) throw new PersistenceError("WFE_STORE_UNREACHABLE", "away", { retryable: true });
        return persistence.nextDefinitionSequence(definitionId, count);
      };
      const host = build(registers(child, once), {}, { ...providers, persistence: replacing(persistence, { nextDefinitionSequence }) });
      await host.start();

      const id = await host.startWorkflow(once, { n: 3 });
      await clock.advance("5s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 6 } });
      expect(await host.getErrors(id)).toEqual([]);
    });

    it("the child may be over before its parent's host is there again", async () => {
      const { host: newHost, build, store, clock } = await open();
      const providers = store.open();
      const { persistence } = providers;
      const persistWorkflow: typeof persistence.persistWorkflow = async (change, now) => {
        const result = await persistence.persistWorkflow(change, now);
        return change.children.length > 0 ? new Promise<never>(() => undefined) : result; // the host is gone
      };
      const dying = build(
        registers(child, parent),
        { sweepInterval: "1h" },
        { ...providers, persistence: replacing(persistence, { persistWorkflow }) },
      );
      await dying.start();
      const id = await dying.startWorkflow(parent, { n: 3 });
      await clock.settle();
      void dying.stop({ timeout: 0 });
      const fast = await newHost(registers(child));
      await clock.advance("1m");
      expect(await fast.countWorkflows({ definitionId: "child", status: "complete" })).toBe(1);
      expect((await fast.getWorkflow(id)).status).toBe("runnable");

      const again = await newHost(registers(child, parent));
      await clock.advance("2m");

      expect(await again.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 6 } });
      expect(await again.countWorkflows()).toBe(2);
      expect(await again.getErrors(id)).toEqual([]);
    });

    it("a child that is terminated while its parent's host is away fails the step when that is back", async () => {
      const { host: newHost, clock } = await open();
      const sleeper = new WorkflowBuilder<Data>().delay("1h").build("child", 1);
      const host = await newHost(registers(sleeper, parent));
      const id = await host.startWorkflow(parent, { n: 3 });
      await clock.settle();
      await host.stop();
      const other = await newHost(registers(sleeper));
      const [row] = (await other.listWorkflows({ definitionId: "child" })).items;

      await other.terminateWorkflow(row?.id ?? "");
      await clock.advance("10s");
      expect((await other.getWorkflow(id)).status).toBe("runnable");
      await host.start();
      await clock.advance("31s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_CHILD_TERMINATED" } });
    });

    it("is run by whichever host has room for it", async () => {
      const { host: newHost, clock } = await open();
      const started: string[] = [];
      const slow = new WorkflowBuilder<Data>()
        .thenFn("slow", async () => {
          started.push("child");
          await pause(clock, 5_000);
        })
        .build("child", 1);
      const fanOut = new WorkflowBuilder<Data>()
        .forEach(
          () => [1, 2, 3, 4],
          (b) => b.subWorkflow(slow, (data) => data),
        )
        .build("parent", 1);
      const hosts = [
        await newHost(registers(slow, fanOut), { maxConcurrentWorkflows: 1 }),
        await newHost(registers(slow), { maxConcurrentWorkflows: 4 }),
      ] as const;

      const id = await hosts[0].startWorkflow(fanOut, { n: 0 });
      await clock.advance("2s");
      expect(started).toHaveLength(4);
      await clock.advance("20s");

      expect((await hosts[0].getWorkflow(id)).status).toBe("complete");
      expect(started).toHaveLength(4);
    });

    it("a parent that waits keeps neither slot nor lease, and its child finds one in a host with a single slot", async () => {
      const { host: newHost, clock } = await open();
      const nested = (depth: number): readonly WorkflowDefinition<Data>[] => {
        const levels: WorkflowDefinition<Data>[] = [child];
        for (let level = 1; level <= depth; level += 1) {
          levels.push(
            new WorkflowBuilder<Data>()
              .subWorkflow<Data>(level === 1 ? "child" : `level ${level - 1}`, (data) => data)
              .output((result, data) => void (data.n = result.n + 1))
              .build(`level ${level}`, 1),
          );
        }
        return levels;
      };
      const levels = nested(10);
      const host = await newHost(registers(...levels), { maxConcurrentWorkflows: 1, maxConcurrentStepsPerWorkflow: 1 });

      const id = await host.startWorkflow(levels.at(-1) ?? child, { n: 1 });
      await clock.advance("30s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 12 } });
    });
  },
  { sweeping: true },
);
