import { expect, it } from "vitest";
import { defineEvent, type JsonValue, type Providers, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { meeting } from "../replacing.ts";
import { registers, scenarios } from "./scenario.ts";

interface Got {
  got: JsonValue[];
}

const told = defineEvent<JsonValue>("told");
const keep = (payload: JsonValue, data: Got): void => void data.got.push(payload);

/** Waits so many times for the event `told` with the key `k`, and keeps what comes. */
function waits(times: number): WorkflowDefinition<Got> {
  return new WorkflowBuilder<Got>()
    .whileDo(
      (data) => data.got.length < times,
      (b) => b.waitFor(told, "k").output(keep),
    )
    .build(`waits ${times}`, 1);
}

/** A store in which something happens just before, or just after, the first commit that opens a wait. */
function met(providers: Providers, when: "before" | "after", act: () => Promise<unknown>): Providers {
  return meeting(providers, ({ openSubscriptions }) => openSubscriptions.length > 0, when, act);
}

scenarios(
  "events",
  (open) => {
    it.each(["before", "after"] as const)("reach a wait that begins in the very moment they are delivered (%s its commit)", async (when) => {
      const { build, host: newHost, store, clock } = await open();
      const definition = waits(1);
      const publisher = await newHost();
      const delivered: boolean[] = [];
      const publish = async (): Promise<void> => {
        const id = await publisher.publishEvent(told, "k", 7);
        for (let turn = 0; turn < 1_000 && !(await publisher.getEvent(id)).delivered; turn += 1)
          await new Promise<void>((resolve) => clock.defer(resolve));
        delivered.push((await publisher.getEvent(id)).delivered);
      };
      const host = build(registers(definition), {}, met(store.open(), when, publish));
      await host.start();

      const done = host.runWorkflow(definition, { got: [] });
      await clock.advance("2s");

      expect(await done).toEqual({ got: [7] });
      expect(delivered).toEqual([true]);
    });

    it("lose none when many are stored and delivered while the commits of their waits are under way", async () => {
      const { build, host: newHost, store, clock } = await open();
      const definition = waits(20);
      const publisher = await newHost();
      const published: Promise<string>[] = [];
      const publishAll = async (): Promise<void> => {
        for (let n = 0; n < 20; n += 1) published.push(publisher.publishEvent(told, "k", n));
        await Promise.resolve();
      };
      const host = build(registers(definition), {}, met(store.open(), "before", publishAll));
      await host.start();

      const done = host.runWorkflow(definition, { got: [] });
      await clock.advance("5s");
      await Promise.all(published);

      expect(new Set((await done).got)).toEqual(new Set(Array.from({ length: 20 }, (_, n) => n)));
    });

    it("published on one host reach a wait on another, whichever way round, and through a body", async () => {
      const { host: newHost, clock } = await open();
      const definition = waits(2);
      const tells = new WorkflowBuilder<Got>()
        .thenFn("tell", async (ctx) => void (await ctx.host.publishEvent(told, "k", "from a body", { id: ctx.idempotencyKey })))
        .build("tells", 1);
      const one = await newHost(registers(definition));
      const two = await newHost(registers(tells));
      await two.startWorkflow(tells, { got: [] });
      await clock.advance("1s");
      const id = await one.startWorkflow(definition, { got: [] }); // what was told before it was created is not for it
      await clock.advance("1s");

      await two.publishEvent(told, "k", "from two");
      await clock.advance("2s");
      expect(await two.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: ["from two"] } });
      await two.startWorkflow(tells, { got: [] });
      await clock.advance("2s");

      expect(await two.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["from two", "from a body"] } });
    });

    it("reach the step behind the one that published them", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<Got>()
        .thenFn("ask", async (ctx) => void (await ctx.host.publishEvent(told, ctx.workflow.id, "asked")))
        .waitFor(told, (_, ctx) => ctx.workflow.id)
        .output(keep)
        .build("asks", 1);
      const host = await newHost(registers(definition));

      const done = host.runWorkflow(definition, { got: [] });
      await clock.settle();

      expect(await done).toEqual({ got: ["asked"] });
    });

    it("are given one by one, in order, to the waits of a loop, whether they came before the loop or during it", async () => {
      const { host: newHost, clock } = await open();
      let begin = (): void => {};
      const mayBegin = new Promise<void>((resolve) => (begin = resolve));
      const definition = new WorkflowBuilder<Got>()
        .thenFn("hold", () => mayBegin)
        .whileDo(
          (data) => data.got.length < 5,
          (b) => b.waitFor(told, "k").output(keep),
        )
        .build("loop", 1);
      const host = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, { got: [] });

      for (const n of [1, 2, 3]) await host.publishEvent(told, "k", n);
      begin();
      await clock.settle();
      expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: [1, 2, 3] } });
      for (const n of [4, 5, 6]) await host.publishEvent(told, "k", n);
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: [1, 2, 3, 4, 5] } });
    });

    it("are shared by the waits of an instance that are open together, and not by one that opens after they were used", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<{ a: string; b: string; c: string }>()
        .parallel((p) =>
          p
            .branch((b) => b.waitFor<string>("told", "k").saveAs("a"))
            .branch((b) => b.waitFor<string>("told", "k").saveAs("b"))
            .branch((b) => b.delay("1m").waitFor<string>("told", "k").saveAs("c")),
        )
        .build("together", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await host.startWorkflow(definition, { a: "", b: "", c: "" });
      await clock.settle();

      await host.publishEvent(told, "k", "first");
      await clock.advance("2m");
      expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { a: "first", b: "first", c: "" } });
      await host.publishEvent(told, "k", "second");
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { a: "first", b: "first", c: "second" } });
    });

    it("go to every instance that waits for them, 500 of them too", async () => {
      const { host: newHost, clock } = await open();
      const definition = waits(1);
      const hosts = [await newHost(registers(definition)), await newHost(registers(definition))] as const;
      const ids = await Promise.all(Array.from({ length: 500 }, (_, n) => hosts[n % 2 === 0 ? 0 : 1].startWorkflow(definition, { got: [] })));
      await clock.advance("1s");
      expect(await hosts[0].countWorkflows({ status: "runnable" })).toBe(500);

      await hosts[1].publishEvent(told, "k", "to all");
      await clock.advance("5s");

      const found = await Promise.all(ids.map((id) => hosts[0].getWorkflow(id)));
      expect(new Set(found.map(({ status, data }) => `${status} ${JSON.stringify(data)}`))).toEqual(new Set(['complete {"got":["to all"]}']));
    });

    it("go by name and key, each exact: fixed, selected from the data or the item, and the empty string", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<Got & { order: string; lines: string[] }>()
        .waitFor(told, "fixed")
        .output(keep)
        .waitFor(told, (data) => `order ${data.order}`)
        .output(keep)
        .forEach(
          (data) => data.lines,
          (b) => b.waitFor(told, (_, ctx) => ctx.item).output((payload, data, ctx) => void data.got.push(`${ctx.item}: ${JSON.stringify(payload)}`)),
        )
        .waitFor(told, "")
        .output(keep)
        .build("keys", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await host.startWorkflow(definition, { got: [], order: "7", lines: ["a", "b"] });
      for (const key of ["Fixed", "fixed ", "order", "order 77", "ab", "c", " "]) await host.publishEvent(told, key, "not for it");
      await host.publishEvent("Told", "fixed", "not for it");
      await clock.settle();

      for (const key of ["fixed", "order 7", "b", "a", ""]) {
        await host.publishEvent(told, key, `key ${key}`);
        await clock.settle();
      }

      expect(await host.getWorkflow(id)).toMatchObject({
        status: "complete",
        data: { got: ["key fixed", "key order 7", 'b: "key b"', 'a: "key a"', "key "] },
      });
    });

    it("that nobody waits for stay for a wait that opens long after, but not for instances created since", async () => {
      const { host: newHost, clock } = await open();
      const late = new WorkflowBuilder<Got>().delay("3h").waitFor(told, "k").output(keep).build("late", 1);
      const host = await newHost(registers(late, waits(1)), { sweepInterval: "1h" });
      const id = await host.startWorkflow(late, { got: [] });

      const event = await host.publishEvent(told, "k", "early");
      await clock.advance("1h");
      expect((await host.getEvent(event)).delivered).toBe(true);
      const since = await host.startWorkflow(waits(1), { got: [] });
      await clock.advance("3h");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["early"] } });
      expect(await host.getWorkflow(since)).toMatchObject({ status: "runnable", data: { got: [] } });
    });
  },
  { sweeping: true },
);
