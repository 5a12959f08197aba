import { expect, it } from "vitest";
import { type Clock, defineEvent, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

const told = defineEvent<number>("told");
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const turn = (clock: Clock): Promise<void> => new Promise((resolve) => clock.defer(resolve));

scenarios("large containers", (open) => {
  it("run 1,000 items of a parallel forEach, each once, at most as many at a time as the host allows", async () => {
    const { host: newHost, clock } = await open();
    const ran = new Map<number, number>();
    let running = 0;
    let most = 0;
    const definition = new WorkflowBuilder<{ done: number[]; joined: number }>()
      .forEach(
        () => range(1_000),
        (b) =>
          b
            .thenFn("work", async (ctx) => {
              ran.set(ctx.item, (ran.get(ctx.item) ?? 0) + 1);
              running += 1;
              most = Math.max(most, running);
              await turn(clock);
              running -= 1;
            })
            .thenFn("note", (ctx) => ctx.item)
            .output((item, data) => void data.done.push(item)),
      )
      .thenFn("joined", (ctx) => ctx.data.done.length)
      .saveAs("joined")
      .build("many", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { maxConcurrentStepsPerWorkflow: 100 });

    const done = host.runWorkflow(definition, { done: [], joined: 0 });
    await clock.settle();

    const data = await done;
    expect(data.joined).toBe(1_000);
    expect([...data.done].sort((a, b) => a - b)).toEqual(range(1_000));
    expect([...ran.entries()].sort(([a], [b]) => a - b)).toEqual(range(1_000).map((n) => [n, 1]));
    expect(most).toBe(100);
  });

  it("let 1,000 items wait for events of their own at the same time, and each get it", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<{ sum: number }>()
      .forEach(
        () => range(1_000),
        (b) => b.waitFor(told, (_, ctx) => `key ${ctx.item}`).output((n, data) => void (data.sum += n)),
      )
      .build("waits", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { sum: 0 });
    await clock.settle();

    await Promise.all(range(1_000).map((n) => host.publishEvent(told, `key ${n}`, n)));
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { sum: 499_500 } });
  });

  it("run the block of a parallel forEach once for each item, also where 1,000 iterations end at the same instant", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<{ joined: number }>()
      .forEach(
        () => range(1_000),
        (b) =>
          b.ifDo(
            () => true,
            (c) => c.delay("1h"),
          ),
      )
      .thenFn("joined", (ctx) => ctx.data.joined + 1)
      .saveAs("joined")
      .build("at once", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { joined: 0 });
    await clock.advance("1h");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { joined: 1 } });
    expect(await host.getHistory(id)).toHaveLength(2 * 1_000 + 2);
  });

  it("let others run, and commands come through, while a whileDo of engine steps alone turns 1,000 times and more", async () => {
    const { host: newHost, clock } = await open();
    let turns = 0;
    const enough = 60_000; // ends it where nothing else can: a test has to end
    const endless = new WorkflowBuilder<{ n: number }>()
      .whileDo(
        () => {
          turns += 1;
          return turns < enough;
        },
        (b) =>
          b.delay(0).ifDo(
            () => false,
            (c) => c.endWorkflow(),
          ),
      )
      .build("endless", 1);
    const quick = new WorkflowBuilder<{ n: number }>()
      .thenFn("one", () => turn(clock))
      .delay(1)
      .thenFn("two", (ctx) => ctx.data.n + 1)
      .saveAs("n")
      .build("quick", 1);
    const host = await newHost((h) => [endless, quick].forEach((definition) => h.registerWorkflowDefinition(definition)));
    const id = await host.startWorkflow(endless, { n: 0 });
    const before = clock.now();
    const end = host.runWorkflow(quick, { n: 1 });
    while (turns < 5_000) await turn(clock);

    // No time can pass while it turns: the virtual clock moves when nothing is left to do.
    expect(await host.suspendWorkflow(id)).toBe(true);
    await clock.settle();
    const turnsAtRest = turns;
    await clock.advance(1);

    expect(await end).toEqual({ n: 2 });
    expect(turns).toBe(turnsAtRest);
    expect(clock.now()).toBe(before + 1);
    await host.resumeWorkflow(id);
    while (turns < turnsAtRest + 5_000) await turn(clock);
    expect(await host.terminateWorkflow(id)).toBe(true);
    await clock.settle();
    expect((await host.getWorkflow(id)).status).toBe("terminated");
  });
});
