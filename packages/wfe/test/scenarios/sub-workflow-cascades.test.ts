import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition, type WorkflowHost } from "../../src/index.ts";
import { replacing } from "../replacing.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  go: boolean;
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

const leaf = new WorkflowBuilder<Data>().delay("30d").build("leaf", 1);
const above = (id: string, child: WorkflowDefinition<Data>): WorkflowDefinition<Data> =>
  new WorkflowBuilder<Data>()
    .parallel((p) => p.branch((b) => b.subWorkflow(child, (data) => data)).branch((b) => b.subWorkflow(child, (data) => data)))
    .build(id, 1);
const middle = above("middle", leaf);
const top = above("top", middle);
const tree = registers(leaf, middle, top);

const counts = async (host: Pick<WorkflowHost, "countWorkflows">): Promise<readonly number[]> => [
  await host.countWorkflows({ status: "runnable" }),
  await host.countWorkflows({ status: "terminated" }),
];

scenarios(
  "the termination of a parent",
  (open) => {
    it("reaches every child of every level, and each is told once", async () => {
      const { host: newHost, clock, record } = await open();
      const host = await newHost(tree);
      const events = record(host);
      const id = await host.startWorkflow(top, { go: false });
      await clock.settle();
      expect(await counts(host)).toEqual([7, 0]);

      expect(await host.terminateWorkflow(id)).toBe(true);
      await clock.settle();

      expect(await counts(host)).toEqual([0, 7]);
      expect(events.filter(({ type }) => type === "terminated")).toHaveLength(7);
      expect(events.filter(({ type }) => type === "error")).toEqual([]); // no step has failed for it
    });

    it("reaches children on other hosts, from a host that knows no definition and from a client", async () => {
      for (const from of ["stranger", "client"] as const) {
        const { host: newHost, client: newClient, clock } = await open();
        const hosts = [await newHost(tree, { maxConcurrentWorkflows: 1 }), await newHost(tree)] as const;
        const commander = from === "client" ? await newClient() : await newHost();
        const id = await hosts[0].startWorkflow(top, { go: false });
        await clock.advance("5s");
        expect(await counts(hosts[1])).toEqual([7, 0]);

        await commander.terminateWorkflow(id);
        await clock.advance("10s");

        expect(await counts(hosts[1])).toEqual([0, 7]);
      }
    });

    it("aborts what runs in the children", async () => {
      const { host: newHost, clock } = await open();
      const reasons: unknown[] = [];
      const busy = new WorkflowBuilder<Data>()
        .thenFn("busy", async (ctx) => {
          ctx.signal.addEventListener("abort", () => void reasons.push((ctx.signal.reason as { reason: unknown }).reason));
          await pause(clock, 60_000);
        })
        .build("leaf", 1);
      const parent = above("middle", busy);
      const host = await newHost(registers(busy, parent));
      const id = await host.startWorkflow(parent, { go: false });
      await clock.advance("1s");

      await host.terminateWorkflow(id);
      await clock.settle();

      expect(reasons).toEqual(["terminated", "terminated"]);
    });

    it("is carried on by the sweep of another host when the process dies between the termination and its commands", async () => {
      const { host: newHost, build, store, clock } = await open();
      const host = await newHost(tree);
      const id = await host.startWorkflow(top, { go: false });
      await clock.settle();
      const providers = store.open();
      const { persistence } = providers;
      const command: typeof persistence.command = async (...args) => {
        await persistence.command(...args);
        return new Promise<never>(() => undefined); // the answer finds nobody
      };
      const dying = build(undefined, { sweepInterval: "1h" }, { ...providers, persistence: replacing(persistence, { command }) });
      await dying.start();

      void dying.terminateWorkflow(id);
      await clock.settle();
      expect((await host.getWorkflow(id)).status).toBe("terminated");
      await clock.advance("10s");

      expect(await counts(host)).toEqual([0, 7]);
    });

    it.each(["endWorkflow", "cancelWhen", "goTo", "saga", "terminate"] as const)(
      "is not the only one to reach children: %s does too",
      async (how) => {
        const { host: newHost, clock } = await open();
        const parent = new WorkflowBuilder<Data>()
          .saga((s) =>
            s.parallel((p) =>
              p
                .branch((b) => b.subWorkflow(middle, (data) => data).cancelWhen((data) => how === "cancelWhen" && data.go))
                .branch((b) =>
                  b
                    .waitFor("go", "k")
                    .output((_, data) => void (data.go = true))
                    .thenFn("fails", () => {
                      if (how === "saga" || how === "terminate") throw new Error("declined");
                    })
                    .onError(how === "terminate" ? ErrorBehavior.terminate() : ErrorBehavior.compensate())
                    .ifDo(
                      () => how === "endWorkflow",
                      (c) => c.endWorkflow(),
                    ),
                ),
            ),
          )
          .build("parent", 1);
        const leaving = new WorkflowBuilder<Data>()
          .ifDo(
            (data) => !data.go,
            (b) =>
              b
                .schedule(0, (c) => c.subWorkflow(middle, (data) => data))
                .waitFor("go", "k")
                .output((_, data) => void (data.go = true))
                .goTo("out"),
          )
          .thenFn("out", () => {})
          .id("out")
          .build("parent", 1);
        const started = how === "goTo" ? leaving : parent;
        const host = await newHost(registers(leaf, middle, started));
        const id = await host.startWorkflow(started, { go: false });
        await clock.advance("1s");
        expect(await counts(host)).toEqual([4, 0]);

        await host.publishEvent("go", "k", 1);
        await clock.advance("1s");

        expect((await host.getWorkflow(id)).status).toBe(how === "terminate" ? "terminated" : "complete");
        expect(await counts(host)).toEqual([0, how === "terminate" ? 4 : 3]);
      },
    );

    it("reaches suspended children too, and leaves alone what has ended", async () => {
      const { host: newHost, clock } = await open();
      const quick = new WorkflowBuilder<Data>().thenFn("quick", () => {}).build("quick", 1);
      const parent = new WorkflowBuilder<Data>()
        .parallel((p) => p.branch((b) => b.subWorkflow(quick, (data) => data)).branch((b) => b.subWorkflow(leaf, (data) => data)))
        .build("parent", 1);
      const host = await newHost(registers(quick, leaf, parent));
      const id = await host.startWorkflow(parent, { go: false });
      await clock.settle();
      const [child] = (await host.listWorkflows({ definitionId: "leaf" })).items;
      await host.suspendWorkflow(child?.id ?? "");

      await host.terminateWorkflow(id);
      await clock.settle();

      expect((await host.getWorkflow(child?.id ?? "")).status).toBe("terminated");
      expect(await host.countWorkflows({ definitionId: "quick", status: "complete" })).toBe(1);
    });
  },
  { sweeping: true },
);
