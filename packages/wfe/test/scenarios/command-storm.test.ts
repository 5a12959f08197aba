import { expect, it } from "vitest";
import { type Clock, defineActivity, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition, type WorkflowHost } from "../../src/index.ts";
import { VirtualEntropy } from "../../src/test-support/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  seen: string[];
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
const trace = (text: string, data: Data): void => void data.seen.push(text);
const work = defineActivity<number, string>("work");

/** Children, activities, sleeps, and steps of which some fail once and suspend or terminate. `ran` gets the name of each that succeeds. */
function definitions(clock: Clock, ran: string[]): readonly WorkflowDefinition<Data>[] {
  const failed = new Set<string>();
  const step =
    (name: string, ms: number, failsOnce = false) =>
    async (ctx: { readonly idempotencyKey: string }) => {
      await pause(clock, ms);
      if (failsOnce && !failed.has(ctx.idempotencyKey)) {
        failed.add(ctx.idempotencyKey);
        throw new Error(`${name} declined`);
      }
      ran.push(`${name} ${ctx.idempotencyKey}`);
      return name;
    };
  const child = new WorkflowBuilder<Data>()
    .thenFn("child one", step("child one", 300))
    .output(trace)
    .delay(400)
    .thenFn("child two", step("child two", 200, true))
    .onError(ErrorBehavior.suspend())
    .output(trace)
    .build("child", 1);
  const parent = new WorkflowBuilder<Data>()
    .parallel((p) =>
      p
        .branch((b) => b.subWorkflow(child, () => ({ seen: [] })).output((result, data) => trace(result.seen.join("+"), data)))
        .branch((b) =>
          b
            .activity(work, () => 1)
            .output(trace)
            .thenFn("behind work", step("behind work", 500))
            .output(trace),
        )
        .branch((b) =>
          b
            .thenFn("flaky", step("flaky", 700, true))
            .onError(ErrorBehavior.suspend())
            .output(trace),
        )
        .branch((b) => b.delay("1s").waitFor<string>("go", "k").output(trace)),
    )
    .thenFn("last", step("last", 300, true))
    .onError(ErrorBehavior.terminate())
    .output(trace)
    .build("parent", 1);
  return [child, parent];
}

const EXPECTED = ["behind work", "child one+child two", "flaky", "last", "went", "worked"];

scenarios(
  "a storm of commands",
  (open) => {
    it.each(Array.from({ length: 12 }, (_, seed) => [seed + 1]))("loses no result and runs no finished step again (seed %i)", async (seed) => {
      const { host: newHost, client: newClient, clock } = await open();
      const random = new VirtualEntropy(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(random.random() * from.length)] as T;
      const ran: string[] = [];
      const [child, parent] = definitions(clock, ran) as [WorkflowDefinition<Data>, WorkflowDefinition<Data>];
      const register = (host: WorkflowHost): void => [child, parent].forEach((definition) => host.registerWorkflowDefinition(definition));
      const hosts = [await newHost(register), await newHost(register)] as const;
      const client = await newClient();
      const id = await hosts[0].startWorkflow(parent, { seen: [] }, { id: "x" });
      await hosts[0].publishEvent("go", "k", "went");
      const said: Promise<unknown>[] = [];
      const works = async (): Promise<void> => {
        const pending = await client.getPendingActivity(work, "worker", { lease: "2s" });
        if (pending !== undefined) await client.submitActivitySuccess(pending.token, "worked").catch(() => undefined);
      };

      for (let round = 0; round < 60; round += 1) {
        const ids = [id, ...(await client.listWorkflows({ definitionId: "child" })).items.map((one) => one.id)];
        const verb = pick(["suspendWorkflow", "resumeWorkflow", "resumeWorkflow", "retryWorkflow"] as const);
        said.push(pick([...hosts, client])[verb](pick(ids)));
        if (random.random() < 0.2) said.push(works());
        await clock.advance(Math.floor(random.random() * 250));
      }
      for (let round = 0; round < 20; round += 1) {
        for (const { id: one } of (await client.listWorkflows()).items) await client.retryWorkflow(one);
        await works();
        await clock.advance("2s");
      }
      await Promise.all(said);

      const { status, data } = await client.getWorkflow<Data>(id as never);
      expect([status, data.seen.toSorted((a, b) => a.localeCompare(b))]).toEqual(["complete", EXPECTED]);
      expect(ran.toSorted((a, b) => a.localeCompare(b))).toEqual([...new Set(ran)].toSorted((a, b) => a.localeCompare(b)));
      expect(ran).toHaveLength(5);
      expect(await client.countWorkflows({ status: "complete" })).toBe(2);
    });
  },
  { sweeping: true },
);
