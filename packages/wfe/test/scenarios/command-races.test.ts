import { expect, it } from "vitest";
import { type Clock, type Providers, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { losingQueue } from "../faults/setting.ts";
import { meeting } from "../replacing.ts";
import { registers, scenarios } from "./scenario.ts";

interface Trace {
  seen: string[];
}

const trace = (text: string, data: Trace): void => void data.seen.push(text);
const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

/** So many steps of a second, one behind the other; `ran` gets the name of each as it starts. */
function chain(clock: Clock, length: number, ran: string[]): WorkflowDefinition<Trace> {
  const next = (builder: WorkflowBuilder<Trace>, name: string): WorkflowBuilder<Trace> =>
    builder
      .thenFn(name, async () => {
        ran.push(name);
        await pause(clock, 1_000);
        return name;
      })
      .output(trace) as never; // a chain has all that this needs of a builder
  let builder = new WorkflowBuilder<Trace>();
  for (const name of names(length)) builder = next(builder, name);
  return (builder as unknown as { build(id: string, version: number): WorkflowDefinition<Trace> }).build("chain", 1);
}

const names = (length: number): string[] => Array.from({ length }, (_, n) => `step ${n}`);

/** A store in which something happens just before, or just after, the first commit that carries new data. */
function met(providers: Providers, when: "before" | "after", act: () => Promise<unknown>): Providers {
  return meeting(providers, ({ data }) => data !== undefined, when, act);
}

scenarios(
  "racing commands",
  (open) => {
    it.each([
      ["30s", 10_000],
      ["6s", 2_000],
    ] as const)("reach a running host with the renewal of its lease at the latest, a third of %s", async (lockTtl, thirdMs) => {
      const { host: newHost, build, store, clock } = await open();
      const reasons: unknown[] = [];
      const started: string[] = [];
      const definition = new WorkflowBuilder<Trace>()
        .parallel((p) =>
          p
            .branch((b) =>
              b.thenFn("long", async (ctx) => {
                ctx.signal.addEventListener("abort", () => reasons.push((ctx.signal.reason as { reason: unknown }).reason));
                await pause(clock, 600_000);
              }),
            )
            .branch((b) => b.delay(100).thenFn("other", () => void started.push("other"))),
        )
        .build("long", 1);
      const host = await newHost(registers(definition), { lockTtl });
      // Nothing but the store connects it with the first: its hints are lost.
      const providers = store.open();
      const elsewhere = build(undefined, {}, { ...providers, queue: losingQueue(providers.queue) });
      await elsewhere.start();
      const id = await host.startWorkflow(definition, { seen: [] });

      await elsewhere.suspendWorkflow(id);
      await clock.advance(thirdMs - 100);
      expect(started).toEqual([]);
      await elsewhere.resumeWorkflow(id);
      await clock.advance(thirdMs);
      expect(started).toEqual(["other"]);
      await elsewhere.terminateWorkflow(id);
      await clock.advance(thirdMs);

      expect(reasons).toEqual(["terminated"]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated" });
    });

    it("of another host hold the next step of a running chain at once: its commit meets them", async () => {
      const { host: newHost, build, store, clock } = await open();
      const ran: string[] = [];
      const definition = chain(clock, 4, ran);
      const host = await newHost(registers(definition));
      const providers = store.open();
      const elsewhere = build(undefined, {}, { ...providers, queue: losingQueue(providers.queue) });
      await elsewhere.start();
      const id = await host.startWorkflow(definition, { seen: [] });
      await clock.advance(1_500);

      await elsewhere.suspendWorkflow(id);
      await clock.advance("1m");
      expect(await elsewhere.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: names(2) } });
      await elsewhere.resumeWorkflow(id);
      await clock.advance("10s"); // the sweep of the first host finds it

      expect(await elsewhere.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: names(4) } });
      expect(ran).toEqual(names(4));
    });

    it.each([
      ["before", ["step 0 cancelled"], []],
      ["after", ["step 0 complete", "step 1 cancelled"], names(1)],
    ] as const)("terminate %s a commit in flight: what was committed stays, and nothing more is", async (when, history, seen) => {
      const { build, host: newHost, store, clock } = await open();
      const ran: string[] = [];
      const definition = chain(clock, 3, ran);
      const other = await newHost();
      const answers: boolean[] = [];
      const host = build(
        registers(definition),
        {},
        met(store.open(), when, async () => answers.push(await other.terminateWorkflow("x"))),
      );
      await host.start();
      await host.startWorkflow(definition, { seen: [] }, { id: "x" });

      await clock.advance("1m");

      expect(answers).toEqual([true]);
      expect(await host.getWorkflow("x")).toMatchObject({ status: "terminated", data: { seen } });
      expect((await host.getHistory("x")).map(({ stepName, status }) => `${stepName} ${status}`)).toEqual(history);
      expect(ran).not.toContain("step 2");
    });

    it.each(["before", "after"] as const)("suspend %s a commit in flight: its result is kept, and every step runs once", async (when) => {
      const { build, host: newHost, store, clock } = await open();
      const ran: string[] = [];
      const definition = chain(clock, 3, ran);
      const other = await newHost();
      const host = build(
        registers(definition),
        {},
        met(store.open(), when, () => other.suspendWorkflow("x")),
      );
      await host.start();
      await host.startWorkflow(definition, { seen: [] }, { id: "x" });

      await clock.advance("1m");
      const held = when === "before" ? 1 : 2; // the second step had been said to start by the commit that the command came after
      expect(await host.getWorkflow("x")).toMatchObject({ status: "suspended", data: { seen: names(held) } });
      expect(ran).toEqual(names(held));
      await other.resumeWorkflow("x");
      await clock.advance("10s");

      expect(await host.getWorkflow("x")).toMatchObject({ status: "complete", data: { seen: names(3) } });
      expect(ran).toEqual(names(3));
    });

    it.each(["before", "after"] as const)("suspend and resume %s a commit in flight: the flow goes on as if nothing had been", async (when) => {
      const { build, host: newHost, store, clock } = await open();
      const ran: string[] = [];
      const definition = chain(clock, 3, ran);
      const other = await newHost();
      const twice = async (): Promise<void> => {
        await other.suspendWorkflow("x");
        await other.resumeWorkflow("x");
      };
      const host = build(registers(definition), {}, met(store.open(), when, twice));
      await host.start();
      await host.startWorkflow(definition, { seen: [] }, { id: "x" });

      await clock.advance("5s");

      expect(await host.getWorkflow("x")).toMatchObject({ status: "complete", data: { seen: names(3) } });
      expect(ran).toEqual(names(3));
    });

    it("terminate against the commit that completes: one of the two holds, and the answer says which", async () => {
      const { host: newHost, clock } = await open();
      const other = await newHost();
      const answers = new Map<string, Promise<boolean>>();
      const turns = async (count: number): Promise<void> => {
        for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => clock.defer(resolve));
      };
      const terminate = async (id: string, afterTurns = 0): Promise<boolean> => {
        await turns(afterTurns);
        return other.terminateWorkflow(id);
      };
      const definition = new WorkflowBuilder<Trace>()
        .thenFn("last", async (ctx) => {
          const { id } = ctx.workflow;
          if (id === "before") {
            answers.set(id, terminate(id));
            await answers.get(id);
          } else if (id !== "after") {
            answers.set(id, terminate(id, Number(id))); // from well before the end of this body to well after its commit
            await turns(8);
          }
          return "last";
        })
        .output(trace)
        .build("short", 1);
      const host = await newHost(registers(definition));
      const outcomeOf = async (id: string): Promise<string> => {
        await host.startWorkflow(definition, { seen: [] }, { id });
        await clock.settle();
        const answer = await (answers.get(id) ?? terminate(id));
        const { status, data } = await host.getWorkflow(id);
        return `${answer} ${status} ${JSON.stringify(data)}`;
      };
      const [terminated, completed] = ['true terminated {"seen":[]}', 'false complete {"seen":["last"]}'];

      for (let n = 0; n < 20; n += 1) expect([terminated, completed]).toContain(await outcomeOf(String(n)));
      expect(await outcomeOf("before")).toBe(terminated);
      expect(await outcomeOf("after")).toBe(completed);
    });

    it("are done once, and told once, however many say them at the same time on several hosts", async () => {
      const { host: newHost, clock, record } = await open();
      const definition = new WorkflowBuilder<Trace>().waitFor("told", "k").build("waiting", 1);
      const hosts = [await newHost(registers(definition)), await newHost(registers(definition)), await newHost()] as const;
      const events = hosts.map((host) => record(host));
      const id = await hosts[0].startWorkflow(definition, { seen: [] });
      await clock.settle();
      const done: number[] = [];

      for (const verb of ["suspendWorkflow", "resumeWorkflow", "suspendWorkflow", "terminateWorkflow"] as const) {
        const answers = Promise.all(hosts.flatMap((host) => Array.from({ length: 5 }, () => host[verb](id))));
        await clock.settle();
        done.push((await answers).filter(Boolean).length);
      }

      expect(done).toEqual([1, 1, 1, 1]);
      const told = events.flat().map(({ type }) => type);
      expect(told.filter((type) => !type.startsWith("st")).sort()).toEqual(["resumed", "suspended", "suspended", "terminated"]);
      expect(await hosts[0].getWorkflow(id)).toMatchObject({ status: "terminated" });
    });

    it("resume before the commit of a body that ended under the suspension: the next step starts once", async () => {
      const { build, host: newHost, store, clock } = await open();
      const ran: string[] = [];
      const definition = chain(clock, 3, ran);
      const other = await newHost();
      const host = build(
        registers(definition),
        {},
        met(store.open(), "before", () => other.resumeWorkflow("x")),
      );
      await host.start();
      await host.startWorkflow(definition, { seen: [] }, { id: "x" });
      await clock.settle();

      await host.suspendWorkflow("x");
      await clock.advance("10s");

      expect(await host.getWorkflow("x")).toMatchObject({ status: "complete", data: { seen: names(3) } });
      expect(ran).toEqual(names(3));
    });

    it("suspend and resume, over and over, while a pass runs: each step still runs once", async () => {
      const { host: newHost, clock } = await open();
      const ran: string[] = [];
      const definition = chain(clock, 10, ran);
      const hosts = [await newHost(registers(definition)), await newHost(registers(definition))] as const;
      const id = await hosts[0].startWorkflow(definition, { seen: [] });

      for (let round = 0; round < 50; round += 1) {
        await hosts[round % 2 === 0 ? 0 : 1].suspendWorkflow(id);
        if (round % 3 === 0) await clock.advance(70);
        await hosts[round % 5 === 0 ? 0 : 1].resumeWorkflow(id);
        await clock.advance(130);
      }
      await clock.advance("20s");

      expect(await hosts[0].getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: names(10) } });
      expect(ran).toEqual(names(10));
      expect((await hosts[0].getHistory(id)).map(({ attempt }) => attempt)).toEqual(Array.from({ length: 10 }, () => 1));
    });
  },
  { sweeping: true },
);
