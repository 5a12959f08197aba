import { expect, it } from "vitest";
import {
  defineEvent,
  ErrorBehavior,
  PersistenceError,
  type PersistenceProvider,
  type Providers,
  WorkflowBuilder,
  type WorkflowChange,
} from "../../src/index.ts";
import { replacing } from "../replacing.ts";
import { onEachStore } from "./setting.ts";

const paid = defineEvent<string>("paid");

/** A store whose commits fail for good where they are of this kind. */
function refusing(providers: Providers, refuses: (change: WorkflowChange) => boolean): Providers {
  const { persistence } = providers;
  const persistWorkflow: PersistenceProvider["persistWorkflow"] = (change, now) =>
    refuses(change) ? Promise.reject(new PersistenceError("WFE_STORE_READ_ONLY", "refused")) : persistence.persistWorkflow(change, now);
  return { ...providers, persistence: replacing(persistence, { persistWorkflow }) };
}

/** Faults 9, 10 and 15 of the engine's ancestor: one instance, or one event, took others with it. */
onEachStore("one bad thing stays one bad thing", (open) => {
  it("tells nobody of an end that could not be committed (fault 9)", async () => {
    const { clock, build, providers } = await open();
    const short = new WorkflowBuilder<{ n: number }>().thenFn("a", () => {}).build("short", 1);
    const observer = new WorkflowBuilder<{ n: number }>().waitFor("wfe.workflow.completed", "short").build("observer", 1);
    let refuses = true;
    const host = build(
      (h) => [short, observer].forEach((definition) => h.registerWorkflowDefinition(definition)),
      refusing(await providers(), ({ status }) => refuses && status === "complete"),
    );
    await host.start();
    const id = await host.startWorkflow(observer, { n: 0 });
    await host.startWorkflow(short, { n: 0 }, { id: "short" });
    await clock.advance("200ms");

    expect((await host.getWorkflow("short")).status).toBe("runnable");
    const { createdAt } = await host.getWorkflow("short");
    await expect(host.getEvent(`wfe.completed/short/${createdAt.getTime()}/0`)).rejects.toMatchObject({ code: "WFE_EVENT_NOT_FOUND" });
    expect((await host.getHistory(id)).map(({ status }) => status)).toEqual(["waitingForEvent"]);
    refuses = false;
    await clock.advance("1m");

    expect(await Promise.all(["short", id].map(async (which) => (await host.getWorkflow(which)).status))).toEqual(["complete", "complete"]);
  });

  it("goes on with all others when the passes of one instance fail, and keeps no lease of it (fault 10)", async () => {
    const { clock, build, providers } = await open();
    const definition = new WorkflowBuilder<{ n: number }>()
      .thenFn("a", () => 1)
      .saveAs("n")
      .build("w", 1);
    const own = await providers();
    const host = build(
      (h) => h.registerWorkflowDefinition(definition),
      refusing(own, ({ workflowId }) => workflowId === "bad"),
    );
    await host.start();

    await host.startWorkflow(definition, { n: 0 }, { id: "bad" });
    await Promise.all(Array.from({ length: 50 }, () => host.startWorkflow(definition, { n: 0 })));
    await clock.advance("1s");

    expect([await host.countWorkflows({ status: "complete" }), (await host.getWorkflow("bad")).status]).toEqual([50, "runnable"]);
    const lease = await own.locks.acquireLock("bad", { ttl: "1m" });
    expect(lease).toBeDefined();
    await lease?.release();
  });

  it("serves every subscriber of an event, also when one of them fails over it and one is unknown here (fault 15)", async () => {
    const { clock, start } = await open();
    const waits = (id: string, fails: boolean) =>
      new WorkflowBuilder<{ got: string }>()
        .waitFor(paid, "1")
        .output((payload, data) => {
          if (fails) throw new Error("no");
          data.got = payload;
        })
        .onError(ErrorBehavior.suspend())
        .build(id, 1);
    const [good, bad, elsewhere] = [waits("good", false), waits("bad", true), waits("elsewhere", false)];
    const other = await start((h) => h.registerWorkflowDefinition(elsewhere));
    const host = await start((h) => [good, bad].forEach((definition) => h.registerWorkflowDefinition(definition)));
    const ids = [
      await host.startWorkflow(good, { got: "" }),
      await host.startWorkflow(bad, { got: "" }),
      await other.startWorkflow(elsewhere, { got: "" }),
      await host.startWorkflow(good, { got: "" }),
    ];
    await clock.settle();
    await other.stop();

    await host.publishEvent(paid, "1", "yes");
    await clock.advance("5s");

    const ends = await Promise.all(ids.map(async (id) => [(await host.getWorkflow(id)).status, (await host.getWorkflow(id)).data]));
    expect(ends).toEqual([
      ["complete", { got: "yes" }],
      ["suspended", { got: "" }],
      ["runnable", { got: "" }],
      ["complete", { got: "yes" }],
    ]);
    await other.start();
    await clock.advance("5s");
    expect(await host.getWorkflow(ids[2] ?? "")).toMatchObject({ status: "complete", data: { got: "yes" } });
  });
});
