import { expect, it } from "vitest";
import { type LifecycleEvent, type LifecyclePublisher, WorkflowBuilder } from "../../src/index.ts";
import { registers, type Scenario, scenarios } from "./scenario.ts";

const chain = new WorkflowBuilder<{ n: number }>()
  .thenFn("first", (ctx) => ctx.data.n + 1)
  .saveAs("n")
  .delay("10s")
  .thenFn("second", (ctx) => ctx.data.n + 1)
  .saveAs("n")
  .build("chain", 1);

type Publish = (event: LifecycleEvent, scenario: Scenario) => Promise<void>;

const throws: Publish = () => {
  throw new Error("away");
};
const rejects: Publish = () => Promise.reject(new Error("away"));
const hangs: Publish = () => new Promise(() => {});
const isSlow: Publish = (_, { clock }) => new Promise((resolve) => void clock.setTimer(3_600_000, resolve));

scenarios("a publisher of lifecycle events", (open) => {
  it.each<[how: string, publish: Publish, isTold: boolean]>([
    ["throws", throws, true],
    ["rejects", rejects, true],
    ["hangs", hangs, false],
    ["is slow", isSlow, false],
  ])("that %s delays no step, no commit and no stop, and is told of in one line while the host runs", async (_, publish, isTold) => {
    const scenario = await open();
    const { clock, store, build, warnings } = scenario;
    const published: string[] = [];
    const lifecycle: LifecyclePublisher = {
      start: () => Promise.resolve(),
      // What hangs when it publishes does so when it stops.
      stop: () => (publish === hangs || publish === isSlow ? new Promise(() => {}) : Promise.resolve()),
      publish: (event) => {
        published.push(event.type);
        return publish(event, scenario);
      },
      subscribe: () => new Promise(() => {}),
    };
    const host = build(registers(chain), {}, { ...store.open(), lifecycle });
    await host.start();
    const reading = host.events().next();

    const ids = await Promise.all(Array.from({ length: 5 }, (_each, index) => host.startWorkflow(chain, { n: index })));
    await clock.advance("10s");
    const ends = await Promise.all(ids.map((id) => host.getWorkflow(id)));
    expect(ends.map(({ status, data }) => [status, data])).toEqual(ids.map((_id, index) => ["complete", { n: index + 2 }]));
    for (const { completedAt, createdAt } of ends) expect(Number(completedAt) - Number(createdAt)).toBe(10_000);
    expect(published).toHaveLength(5 * 8);
    expect(warnings).toHaveLength(isTold ? 1 : 0);

    const stopped = host.stop({ timeout: "3s" });
    await clock.advance("3s");
    await stopped;

    expect(await reading).toEqual({ done: true, value: undefined });
    expect(warnings.map(({ message }) => message).slice(1)).toEqual(isTold ? ["lifecycle events end with the host: 40 were lost"] : []);
  });

  it("gets of a stop what its steps have left of the time", async () => {
    const { clock, store, build } = await open();
    const endless = new WorkflowBuilder<{ n: number }>()
      .thenFn("endless", (ctx) => new Promise<void>((resolve) => ctx.signal.addEventListener("abort", () => resolve())))
      .build("endless", 1);
    const lifecycle: LifecyclePublisher = {
      start: () => Promise.resolve(),
      stop: () => new Promise(() => {}),
      publish: () => Promise.resolve(),
      subscribe: () => Promise.resolve(() => {}),
    };
    const host = build(registers(endless), {}, { ...store.open(), lifecycle });
    await host.start();
    await host.startWorkflow(endless, { n: 0 });
    await clock.settle();

    const stopped = host.stop({ timeout: "3s" });
    await clock.advance("3s");

    await expect(stopped).resolves.toBeUndefined();
  });
});
