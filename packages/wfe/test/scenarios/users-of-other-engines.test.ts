import { expect, it } from "vitest";
import { defineEvent, ErrorBehavior, type LifecycleEvent, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { losingQueue } from "../faults/setting.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  seen: string[];
}

const go = defineEvent<number>("go");
const add = (value: string | number | undefined, data: Data): void => void data.seen.push(String(value));
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const fresh = (): Data => ({ seen: [] });
const fail = (): never => {
  throw new Error("no");
};

/** Two branches and a chain; each body tells that it ran. */
function branching(ran: (what: string) => void): WorkflowDefinition<Data> {
  const tells =
    (name: string) =>
    (ctx: { readonly workflow: { readonly id: string } }): void =>
      ran(`${ctx.workflow.id} ${name}`);
  return w()
    .thenFn("first", tells("first"))
    .parallel((p) => p.branch((b) => b.thenFn("left", tells("left"))).branch((b) => b.thenFn("right", tells("right"))))
    .thenFn("last", tells("last"))
    .build("w", 1);
}

scenarios(
  "what users of other engines complain about:",
  (open) => {
    it("steps run twice in a cluster, or the first step alone, or not every branch (1, 2)", async () => {
      const { host: newHost, clock } = await open();
      const ran: string[] = [];
      const definition = branching((what) => void ran.push(what));
      const [one, two] = [await newHost(registers(definition)), await newHost(registers(definition))];
      const ids = Array.from({ length: 20 }, (_, n) => `w${n}`);

      await Promise.all(ids.map((id, n) => (n % 2 === 0 ? one : two).startWorkflow(definition, fresh(), { id })));
      await clock.advance("5s");

      expect(ran.toSorted()).toEqual(ids.flatMap((id) => ["first", "last", "left", "right"].map((name) => `${id} ${name}`)).toSorted());
      expect(await one.countWorkflows({ status: "complete" })).toBe(20);
    });

    it("an event that comes before its wait is lost (3), and so are waits when their host goes (4)", async () => {
      const { host: newHost, clock, build } = await open();
      const definition = w()
        .thenFn("first", () => {})
        .waitFor(go, "early")
        .output(add)
        .waitFor(go, "late")
        .output(add)
        .build("w", 1);
      const lost = build(registers(definition));
      await lost.start();
      const id = await lost.startWorkflow(definition, fresh(), { startAt: new Date(clock.now() + 1_000) });
      await lost.publishEvent(go, "early", 1);
      await clock.advance("1s");
      expect((await lost.getWorkflow(id)).data).toEqual({ seen: ["1"] });

      await lost.stop();
      const host = await newHost(registers(definition));
      await host.publishEvent(go, "late", 2);
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["1", "2"] } });
    });

    it("a wait in a loop takes the old event again (5), and quick events of one key are dropped or change places (6)", async () => {
      const { host: newHost, clock } = await open();
      const definition = w()
        .whileDo(
          (data) => data.seen.length < 20,
          (b) => b.waitFor(go, "k").output(add),
        )
        .build("w", 1);
      const host = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, fresh());
      const numbers = Array.from({ length: 20 }, (_, n) => n);

      for (const n of numbers) await host.publishEvent(go, "k", n);
      await clock.settle();

      expect((await host.getWorkflow(id)).data.seen).toEqual(numbers.map(String));
    });

    it("a branch whose condition fails completes all the same (7)", async () => {
      const { host: newHost, clock } = await open();
      const definition = w()
        .ifDo(fail, (b) => b.delay(1))
        .onError(ErrorBehavior.suspend())
        .build("w", 1);
      const host = await newHost(registers(definition));

      const id = await host.startWorkflow(definition, fresh());
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "no" } });
    });

    it("a shutdown loses the result of the step that is finishing, or does not wait for it (8, 26)", async () => {
      const { host: newHost, clock, build } = await open();
      const definition = w()
        .thenFn("slow", () => new Promise<string>((resolve) => void clock.setTimer(5_000, () => resolve("done"))))
        .output(add)
        .thenFn("next", () => "next")
        .output(add)
        .build("w", 1);
      const stopping = build(registers(definition));
      await stopping.start();
      const id = await stopping.startWorkflow(definition, fresh());
      await clock.advance("1s");

      const stopped = stopping.stop();
      await clock.advance("4s");
      await stopped;
      const host = await newHost(registers(definition));
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["done", "next"] } });
      expect((await host.getHistory(id)).map(({ attempt }) => attempt)).toEqual([1, 1]);
    });

    it("a workflow is stuck once its entry in the queue is lost (9)", async () => {
      const { build, store, clock } = await open();
      const definition = w().waitFor(go, "k").output(add).build("w", 1);
      const providers = store.open();
      const host = build(registers(definition), {}, { ...providers, queue: losingQueue(providers.queue) });
      await host.start();
      const id = await host.startWorkflow(definition, fresh());

      await host.publishEvent(go, "k", 1);
      await clock.advance("3s");

      expect((await host.getWorkflow(id)).status).toBe("complete");
    });

    it("compensation leaves steps out or takes them in a wrong order, and a recurrence dies of one failure (10)", async () => {
      const { host: newHost, clock } = await open();
      const undone: string[] = [];
      let runs = 0;
      const definition = w()
        .saga((b) =>
          b
            .forEach(
              () => ["a", "b"],
              (c) => c.thenFn("do", () => {}).compensateWithFn("undo", (ctx) => void undone.push(JSON.stringify(ctx.compensates?.item))),
              { parallel: false },
            )
            .thenFn("do more", () => {})
            .compensateWithFn("undo more", () => void undone.push("more"))
            .thenFn("fails", fail),
        )
        .recur(
          "1s",
          () => runs >= 3,
          (b) =>
            b
              .thenFn("sometimes", () => {
                runs += 1;
                if (runs === 1) fail();
              })
              .onError(ErrorBehavior.compensate()),
        )
        .build("w", 1);
      const host = await newHost(registers(definition));

      const id = await host.startWorkflow(definition, fresh());
      await clock.advance("5s");

      expect([undone, runs]).toEqual([["more", '"b"', '"a"'], 3]);
      expect((await host.getWorkflow(id)).status).toBe("complete");
    });

    it("events and subscriptions double without anybody noticing (11)", async () => {
      const { host: newHost, clock, store } = await open();
      const definition = w().waitFor(go, "k").output(add).build("w", 1);
      const [one, two] = [await newHost(registers(definition)), await newHost(registers(definition))];
      const id = await one.startWorkflow(definition, fresh());
      await clock.settle();
      const { persistence } = store.open();
      await persistence.start();
      expect(await persistence.getSubscriptions("go", "k", new Date(clock.now()))).toHaveLength(1);

      await Promise.all([one, two].map((host, n) => host.publishEvent(go, "k", n, { id: "once" })));
      await clock.settle();

      // Whichever came first.
      expect([{ seen: ["0"] }, { seen: ["1"] }]).toContainEqual((await one.getWorkflow(id)).data);
      expect(await persistence.getEvents("go", "k", new Date(0))).toEqual(["once"]);
      await persistence.stop();
    });

    it("parallel branches run one after the other (15)", async () => {
      const { host: newHost, clock } = await open();
      let met: () => void = () => {};
      const meeting = new Promise<void>((resolve) => {
        met = resolve;
      });
      const definition = w()
        .parallel((p) => p.branch((b) => b.thenFn("waits", () => meeting)).branch((b) => b.thenFn("comes", () => met())))
        .build("w", 1);
      const host = await newHost(registers(definition));

      const id = await host.startWorkflow(definition, fresh());
      await clock.settle();

      expect((await host.getWorkflow(id)).status).toBe("complete");
    });

    it("retries have no end, no growing pause and nothing behind them (17)", async () => {
      const { host: newHost, clock } = await open();
      const at: number[] = [];
      const began = clock.now();
      const definition = w()
        .thenFn("fails", () => {
          at.push(clock.now() - began);
          fail();
        })
        .onError(ErrorBehavior.retry({ interval: "1s", backoff: 2, maxInterval: "3s", maxRetries: 3, onExhausted: "terminate" }))
        .build("w", 1);
      const host = await newHost(registers(definition));

      const id = await host.startWorkflow(definition, fresh());
      await clock.advance("1m");

      expect([at, (await host.getWorkflow(id)).status]).toEqual([[0, 1_000, 3_000, 6_000], "terminated"]);
    });

    it("there are no sub-workflows (18), and nobody can start one and await its result (20)", async () => {
      const { host: newHost, clock } = await open();
      const child = w()
        .thenFn("child", () => "of the child")
        .output(add)
        .build("child", 1);
      const definition = w()
        .subWorkflow(child, fresh)
        .output((result, data) => add(result.seen[0], data))
        .build("w", 1);
      const host = await newHost(registers(child, definition));

      const result = host.runWorkflow(definition, fresh());
      await clock.settle();

      expect(await result).toEqual({ seen: ["of the child"] });
    });

    it("a wait has no limit, and there is no first of several events (19)", async () => {
      const { host: newHost, clock } = await open();
      const definition = w()
        .waitFor(go, "never", { timeout: "1h" })
        .onTimeout((b) => b.thenFn("late", () => "late").output(add))
        .waitForAny({ this: { event: go, key: () => "this" }, that: { event: go, key: () => "that" } })
        .output(({ first }, data) => add(first, data))
        .build("w", 1);
      const host = await newHost(registers(definition), { sweepInterval: "10m" });
      const id = await host.startWorkflow(definition, fresh());
      await clock.advance("1h");

      await host.publishEvent(go, "that", 1);
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["late", "that"] } });
    });

    it("nothing catches an error in the workflow, and nothing restarts it from the failed step (21)", async () => {
      const { host: newHost, clock } = await open();
      const ran: string[] = [];
      let broken = true;
      const definition = w()
        .thenFn("tries", fail)
        .onError(ErrorBehavior.compensate())
        .compensateWithFn("catches", (ctx) => void ran.push(`caught ${ctx.compensates?.error.message}`))
        .thenFn("once", () => void ran.push("once"))
        .thenFn("breaks", () => {
          if (broken) fail();
          ran.push("mended");
        })
        .onError(ErrorBehavior.terminate())
        .build("w", 1);
      const host = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, fresh());
      await clock.settle();
      expect((await host.getWorkflow(id)).status).toBe("terminated");

      broken = false;
      expect(await host.retryWorkflow(id)).toBe(true);
      await clock.settle();

      expect([ran, (await host.getWorkflow(id)).status]).toEqual([["caught no", "once", "mended"], "complete"]);
    });

    it("a new version breaks what runs, inline steps cannot be async, and a forEach cannot go item by item (22)", async () => {
      const { host: newHost, clock } = await open();
      const version = (n: number): WorkflowDefinition<Data> => {
        const items = Array.from({ length: n }, (_, index) => index);
        return w()
          .waitFor(go, "k")
          .forEach(
            () => items,
            (b) =>
              b
                .thenFn("async", async (ctx) => {
                  await Promise.resolve();
                  return `${n}.${ctx.item}`;
                })
                .output(add),
            { parallel: false },
          )
          .thenFn(`end of ${n}`, () => {})
          .id(`v${n}`)
          .build("w", n);
      };
      const [first, second] = [version(1), version(2)];
      const host = await newHost(registers(first));
      const old = await host.startWorkflow(first, fresh());
      await clock.settle();

      host.registerWorkflowDefinition(second);
      const young = await host.startWorkflow(second, fresh());
      await clock.settle();
      await host.publishEvent(go, "k", 1);
      await clock.settle();

      expect(await Promise.all([old, young].map(async (id) => (await host.getWorkflow(id)).data))).toEqual([
        { seen: ["1.0"] },
        { seen: ["2.0", "2.1"] },
      ]);
    });

    it("an end from within tells nobody (23)", async () => {
      const { host: newHost, clock, record } = await open();
      const definition = w()
        .ifDo(
          () => true,
          (b) => b.endWorkflow(),
        )
        .delay("1h")
        .build("w", 1);
      const host = await newHost(registers(definition));
      const events: LifecycleEvent[] = record(host);

      const id = await host.startWorkflow(definition, fresh());
      const waited = host.waitForWorkflow(id);
      await clock.settle();

      expect((await waited).status).toBe("complete");
      expect(events.map(({ type }) => type).filter((type) => !type.startsWith("step"))).toEqual(["started", "completed"]);
    });

    it("a running workflow takes no command, and a long step cannot be called off (25)", async () => {
      const { host: newHost, clock } = await open();
      const calledOff: unknown[] = [];
      const definition = w()
        .thenFn(
          "long",
          (ctx) =>
            new Promise<void>((_, reject) => {
              ctx.signal.addEventListener("abort", () => {
                calledOff.push(ctx.signal.reason);
                reject(ctx.signal.reason as Error);
              });
            }),
        )
        .build("w", 1);
      const host = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, fresh());
      await clock.settle();

      expect(await host.suspendWorkflow(id)).toBe(true);
      expect(await host.terminateWorkflow(id)).toBe(true);
      await clock.settle();

      expect(calledOff).toMatchObject([{ code: "WFE_CANCELLED", reason: "terminated" }]);
      expect((await host.getWorkflow(id)).status).toBe("terminated");
      expect(await host.getErrors(id)).toEqual([]);
    });
  },
  { sweeping: true },
);
