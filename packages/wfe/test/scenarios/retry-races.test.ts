import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { losingQueue } from "../faults/setting.ts";
import { meeting, replacing } from "../replacing.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  seen: string[];
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
const trace = (text: string, data: Data): void => void data.seen.push(text);

interface Ran {
  broken: boolean;
  readonly names: string[];
}

/** A step that fails after a second while it is broken, beside one of ten seconds. */
function besides(clock: Clock, ran: Ran, behavior: ErrorBehavior): WorkflowDefinition<Data> {
  return new WorkflowBuilder<Data>()
    .parallel((p) =>
      p
        .branch((b) =>
          b
            .thenFn("fails", async () => {
              ran.names.push("fails");
              await pause(clock, 1_000);
              if (ran.broken) throw new Error("declined");
              return "mended";
            })
            .onError(behavior)
            .output(trace),
        )
        .branch((b) =>
          b
            .thenFn("long", async () => {
              ran.names.push("long");
              await pause(clock, 10_000);
              return "long";
            })
            .output(trace)
            .thenFn("behind", () => "behind")
            .output(trace),
        ),
    )
    .build("w", 1);
}

scenarios(
  "retryWorkflow among others",
  (open) => {
    it.each(["same", "other"] as const)("while a body of the suspended instance still runs (from the %s host): its result is kept", async (where) => {
      const { host: newHost, build, store, clock } = await open();
      const ran: Ran = { broken: true, names: [] };
      const definition = besides(clock, ran, ErrorBehavior.suspend());
      const host = await newHost(registers(definition));
      const providers = store.open();
      const other = build(undefined, {}, { ...providers, queue: losingQueue(providers.queue) });
      await other.start();
      const id = await host.startWorkflow(definition, { seen: [] });
      await clock.advance("2s");
      expect((await host.getWorkflow(id)).status).toBe("suspended");

      ran.broken = false;
      expect(await (where === "same" ? host : other).retryWorkflow(id)).toBe(true);
      expect(await host.getWorkflow(id)).not.toHaveProperty("error");
      await clock.advance("30s");

      const { status, data } = await host.getWorkflow(id);
      expect([status, new Set(data.seen)]).toEqual(["complete", new Set(["mended", "long", "behind"])]);
      expect(ran.names).toEqual(["fails", "long", "fails"]);
    });

    it("meets the commit of that body: it is read anew, and the result is kept", async () => {
      for (const when of ["before", "after"] as const) {
        const { host: newHost, build, store, clock } = await open();
        const ran: Ran = { broken: true, names: [] };
        const definition = besides(clock, ran, ErrorBehavior.suspend());
        const other = await newHost();
        const answers: boolean[] = [];
        const host = build(
          registers(definition),
          {},
          meeting(
            store.open(),
            ({ data }) => data?.includes("long") === true,
            when,
            async () => {
              ran.broken = false;
              answers.push(await other.retryWorkflow("x"));
            },
          ),
        );
        await host.start();
        await host.startWorkflow(definition, { seen: [] }, { id: "x" });

        await clock.advance("1m");

        expect(answers).toEqual([true]);
        const { status, data } = await host.getWorkflow<Data>("x" as never);
        expect([status, new Set(data.seen)]).toEqual(["complete", new Set(["mended", "long", "behind"])]);
        expect(ran.names).toEqual(["fails", "long", "fails"]);
      }
    });

    it("meets a commit between its reading and its writing: it reads again", async () => {
      const { host: newHost, build, store, clock } = await open();
      const ran: Ran = { broken: true, names: [] };
      const definition = besides(clock, ran, ErrorBehavior.suspend());
      const host = await newHost(registers(definition));
      const providers = store.open();
      const { persistence } = providers;
      let tries = 0;
      const command: typeof persistence.command = async (...args) => {
        tries += 1;
        if (tries === 1) await clock.advance("9s"); // the long body ends, and is committed
        return persistence.command(...args);
      };
      const other = build(undefined, {}, { ...providers, persistence: replacing(persistence, { command }) });
      await other.start();
      const id = await host.startWorkflow(definition, { seen: [] });
      await clock.advance("2s");

      ran.broken = false;
      expect(await other.retryWorkflow(id)).toBe(true);
      await clock.advance("10s");

      expect(tries).toBe(2);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete" });
      expect(ran.names).toEqual(["fails", "long", "fails"]);
    });

    it.each([["suspend"], ["terminate"]] as const)("said by many at once after a %s is done once", async (kind) => {
      const { host: newHost, clock, record } = await open();
      const ran: Ran = { broken: true, names: [] };
      const definition = besides(clock, ran, kind === "suspend" ? ErrorBehavior.suspend() : ErrorBehavior.terminate());
      const hosts = [await newHost(registers(definition)), await newHost(registers(definition)), await newHost()] as const;
      const events = hosts.map((host) => record(host));
      const id = await hosts[0].startWorkflow(definition, { seen: [] });
      await clock.advance("2s");

      ran.broken = false;
      const answers = Promise.all(hosts.flatMap((host) => [host.retryWorkflow(id), host.retryWorkflow(id)]));
      await clock.settle();
      expect((await answers).filter(Boolean)).toHaveLength(1);
      await clock.advance("1m");

      expect(events.flat().filter(({ type }) => type === "resumed")).toHaveLength(1);
      const { status, data } = await hosts[0].getWorkflow(id);
      expect([status, new Set(data.seen), data.seen.length]).toEqual(["complete", new Set(["mended", "long", "behind"]), 3]);
      expect(ran.names.filter((name) => name === "fails")).toHaveLength(2);
    });

    it.each([["suspend"], ["terminate"]] as const)("after a %s is done by another host when its own dies right after the command", async (kind) => {
      const { host: newHost, build, store, clock } = await open();
      const ran: Ran = { broken: true, names: [] };
      const definition = besides(clock, ran, kind === "suspend" ? ErrorBehavior.suspend() : ErrorBehavior.terminate());
      const host = await newHost(registers(definition));
      const providers = store.open();
      const { persistence } = providers;
      const command: typeof persistence.command = async (...args) => {
        await persistence.command(...args);
        return new Promise<never>(() => undefined);
      };
      const dying = build(undefined, { sweepInterval: "1h" }, { ...providers, persistence: replacing(persistence, { command }) });
      await dying.start();
      const id = await host.startWorkflow(definition, { seen: [] });
      await clock.advance("2s");

      ran.broken = false;
      void dying.retryWorkflow(id);
      await clock.advance("1m");

      const { status, data } = await host.getWorkflow(id);
      expect([status, new Set(data.seen)]).toEqual(["complete", new Set(["mended", "long", "behind"])]);
    });

    it("of a suspended instance re-arms all that has failed, inside containers too, and failed waits wait again", async () => {
      const { host: newHost, clock } = await open();
      let broken = true;
      const fail = (name: string) => (): string => {
        if (broken) throw new Error(`${name} declined`);
        return name;
      };
      const definition = new WorkflowBuilder<Data>()
        .defaultErrorBehavior(ErrorBehavior.suspend())
        .parallel((p) =>
          p
            .branch((b) =>
              b.ifDo(
                () => true,
                (c) =>
                  c
                    .thenFn("inside", fail("inside"))
                    .output(trace)
                    .thenFn("behind inside", () => "behind")
                    .output(trace),
              ),
            )
            .branch((b) => b.thenFn("beside", fail("beside")).output(trace))
            .branch((b) => b.waitFor<string>("go", "k", { timeout: "1h" }).output(trace)),
        )
        .build("w", 1);
      const host = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, { seen: [] });
      await clock.settle();
      await host.resumeWorkflow(id);
      await clock.settle();
      broken = false;
      expect(await host.retryWorkflow(id)).toBe(true);
      await clock.advance("1h");
      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_TIMEOUT" } });

      expect(await host.retryWorkflow(id)).toBe(true);
      await clock.advance("30m");
      expect((await host.getWorkflow(id)).status).toBe("runnable");
      await host.publishEvent("go", "k", "went");
      await clock.settle();

      const { status, data } = await host.getWorkflow(id);
      expect([status, new Set(data.seen)]).toEqual(["complete", new Set(["inside", "behind", "beside", "went"])]);
      expect(await host.retryWorkflow(id)).toBe(false);
    });

    it("of an instance that a command has suspended goes on with it", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<Data>()
        .delay("1m")
        .thenFn("slept", () => "slept")
        .output(trace)
        .build("w", 1);
      const host = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, { seen: [] });
      await clock.advance("10s");
      await host.suspendWorkflow(id);
      await clock.advance("10s");

      expect(await host.retryWorkflow(id)).toBe(true);
      await clock.advance("39s");
      expect((await host.getWorkflow(id)).status).toBe("runnable");
      await clock.advance("1s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["slept"] } });
    });
  },
  { sweeping: true },
);
