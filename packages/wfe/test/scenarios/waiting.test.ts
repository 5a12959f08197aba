import { expect, it } from "vitest";
import {
  CancelledError,
  ErrorBehavior,
  runWorkflowSync,
  TimeoutError,
  WorkflowBuilder,
  type WorkflowDefinition,
  WorkflowNotFoundError,
  WorkflowSuspendedError,
  WorkflowTerminatedError,
} from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

/** Waits for the event `go` with the key `k`, and keeps its payload. */
const waits = new WorkflowBuilder<Count>()
  .waitFor("go", "k")
  .output((payload, data) => void (data.n = payload as number))
  .build("waits", 1);

/** Fails at once, as this behavior says. */
function failing(behavior: ErrorBehavior, broken: () => boolean = () => true): WorkflowDefinition<Count> {
  return new WorkflowBuilder<Count>()
    .thenFn("fail", () => {
      if (broken()) throw new Error("declined");
      return 1;
    })
    .onError(behavior)
    .saveAs("n")
    .build("failing", 1);
}

scenarios(
  "waiting for the end",
  (open) => {
    it("resolves by notification, without any time passing, for every waiter", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost(registers(waits));
      const id = await host.startWorkflow(waits, { n: 0 }, { name: "the one" });
      const ends = Promise.all([host.waitForWorkflow(id), host.waitForWorkflow(waits, id), host.waitForWorkflow(waits, "the one")]);
      await clock.settle();
      const before = clock.now();

      await host.publishEvent("go", "k", 7);
      await clock.settle();

      for (const end of await ends) expect(end).toMatchObject({ id, status: "complete", data: { n: 7 } });
      expect(clock.now()).toBe(before);
      expect(await host.waitForWorkflow(id)).toMatchObject({ status: "complete" }); // of one that is over already, too
      expect(clock.now()).toBe(before);
    });

    it("resolves on another host, and on a client, within a second", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const host = await newHost(registers(waits));
      const others = [await newHost(), await newClient()];
      const id = await host.startWorkflow(waits, { n: 0 });
      let resolved = 0;
      const ends = others.map((other) => other.waitForWorkflow(id).then((end) => ((resolved += 1), end)));
      await clock.advance("10m"); // their polls have become as slow as they get
      expect(resolved).toBe(0);

      await host.publishEvent("go", "k", 7);
      await clock.advance("1s");

      expect(resolved).toBe(2);
      for (const end of await Promise.all(ends)) expect(end).toMatchObject({ status: "complete", data: { n: 7 } });
    });

    it("rejects with a TimeoutError at its time, and leaves the instance alone", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost(registers(waits));
      const id = await host.startWorkflow(waits, { n: 0 });
      let error: unknown;

      host.waitForWorkflow(id, { timeout: "5s" }).catch((thrown: unknown) => (error = thrown));
      await clock.advance(4_999);
      expect(error).toBeUndefined();
      await clock.advance(1);

      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ code: "WFE_TIMEOUT" });
      expect((await host.getWorkflow(id)).status).toBe("runnable");
      await expect(host.waitForWorkflow(id, { timeout: "soon" as never })).rejects.toBeInstanceOf(RangeError);
    });

    it("rejects with a CancelledError when the signal aborts, before or during the wait, and leaves the others waiting", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost(registers(waits));
      const id = await host.startWorkflow(waits, { n: 0 });
      const abort = new AbortController();
      const other = host.waitForWorkflow(id);
      const aborted = host.waitForWorkflow(id, { signal: abort.signal });
      const checked = Promise.all([
        expect(aborted).rejects.toBeInstanceOf(CancelledError),
        expect(aborted).rejects.toMatchObject({ code: "WFE_CANCELLED", reason: "aborted", cause: "no time" }),
      ]);
      await clock.settle();

      abort.abort("no time");
      await checked;
      await expect(host.waitForWorkflow(id, { signal: abort.signal })).rejects.toBeInstanceOf(CancelledError);
      await host.publishEvent("go", "k", 1);
      await clock.settle();

      expect(await other).toMatchObject({ status: "complete" });
    });

    it("rejects for an id or name that nothing has, and when the instance is purged before they can see its end", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const host = await newHost(registers(waits));
      for (const waiter of [host, await newClient()]) {
        await expect(waiter.waitForWorkflow("nobody")).rejects.toBeInstanceOf(WorkflowNotFoundError);
        await expect(waiter.waitForWorkflow(waits, "nobody")).rejects.toMatchObject({ code: "WFE_WORKFLOW_NOT_FOUND", workflowId: "nobody" });
      }
      const id = await host.startWorkflow(waits, { n: 0 });
      const far = await newClient();
      const gone = expect(far.waitForWorkflow(id)).rejects.toBeInstanceOf(WorkflowNotFoundError);
      await clock.advance("5s"); // its polls are a second apart by now
      await host.terminateWorkflow(id);
      expect(await host.purgeWorkflows({ status: "terminated", olderThan: new Date(clock.now() + 1) })).toBe(1);
      await clock.advance("1s");

      await gone;
    });

    it("rejects with a WorkflowSuspendedError that has the error, of a step that gives up and of a command", async () => {
      const { host: newHost, clock } = await open();
      const definition = failing(ErrorBehavior.suspend());
      const host = await newHost((h) => {
        h.registerWorkflowDefinition(definition);
        h.registerWorkflowDefinition(waits);
      });
      const failed = host.waitForWorkflow(await host.startWorkflow(definition, { n: 0 }, { id: "failed" }));
      await expect(failed).rejects.toBeInstanceOf(WorkflowSuspendedError);
      await expect(failed).rejects.toMatchObject({ code: "WFE_WORKFLOW_SUSPENDED", workflowId: "failed", error: { message: "declined" } });
      await expect(host.runWorkflow(definition, { n: 0 })).rejects.toBeInstanceOf(WorkflowSuspendedError);

      const id = await host.startWorkflow(waits, { n: 0 });
      const commanded = expect(host.waitForWorkflow(id)).rejects.toMatchObject({ code: "WFE_WORKFLOW_SUSPENDED", error: undefined });
      await clock.settle();
      await host.suspendWorkflow(id);

      await commanded;
    });

    it('waits a suspension out with onSuspended "wait"', async () => {
      const { host: newHost, clock } = await open();
      let broken = true;
      const definition = failing(ErrorBehavior.suspend(), () => broken);
      const host = await newHost(registers(definition));
      const run = host.runWorkflow(definition, { n: 0 }, { id: "x", onSuspended: "wait" });
      await clock.advance("10m");
      expect((await host.getWorkflow("x")).status).toBe("suspended");

      broken = false;
      await host.resumeWorkflow("x");
      await clock.settle();

      expect(await run).toEqual({ n: 1 });
    });

    it("resolves with a terminated instance, and rejects runWorkflow with a WorkflowTerminatedError", async () => {
      const { host: newHost, clock } = await open();
      const definition = failing(ErrorBehavior.terminate());
      const host = await newHost((h) => {
        h.registerWorkflowDefinition(definition);
        h.registerWorkflowDefinition(waits);
      });

      expect(await host.waitForWorkflow(await host.startWorkflow(definition, { n: 0 }))).toMatchObject({
        status: "terminated",
        error: { message: "declined" },
      });
      const run = host.runWorkflow(definition, { n: 0 }, { id: "run" });
      await expect(run).rejects.toBeInstanceOf(WorkflowTerminatedError);
      await expect(run).rejects.toMatchObject({ code: "WFE_WORKFLOW_TERMINATED", workflowId: "run", error: { message: "declined" } });
      const commanded = expect(host.runWorkflow(waits, { n: 0 }, { id: "x" })).rejects.toMatchObject({
        code: "WFE_WORKFLOW_TERMINATED",
        error: undefined,
      });
      await clock.settle();
      await host.terminateWorkflow("x");
      await commanded;
    });

    it("gives runWorkflowSync the data, its timeout, and the end by termination", async () => {
      const { host: newHost, clock } = await open();
      const terminates = failing(ErrorBehavior.terminate());
      const host = await newHost((h) => {
        h.registerWorkflowDefinition(terminates);
        h.registerWorkflowDefinition(waits);
      });

      const done = runWorkflowSync(host, "waits", 1, { n: 0 }, "1m");
      await clock.settle();
      await host.publishEvent("go", "k", 3);
      await clock.settle();
      expect(await done).toEqual({ n: 3 });
      await expect(runWorkflowSync(host, "failing", 1, { n: 0 }, "1m")).rejects.toBeInstanceOf(WorkflowTerminatedError);
      await expect(runWorkflowSync(host, "none", 1, { n: 0 }, "1m")).rejects.toMatchObject({ code: "WFE_DEFINITION_NOT_FOUND" });
      const late = expect(runWorkflowSync(host, "waits", 1, { n: 0 }, "1m")).rejects.toBeInstanceOf(TimeoutError);
      await host.startWorkflow(waits, { n: 0 });
      await clock.advance("1m");
      await late;
    });

    it("rejects those who wait when their host, or their client, stops", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const host = await newHost(registers(waits));
      const client = await newClient();
      const id = await host.startWorkflow(waits, { n: 0 });
      const rejections = [host, client].map((waiter) => expect(waiter.waitForWorkflow(id)).rejects.toMatchObject({ code: "WFE_HOST_NOT_RUNNING" }));
      await clock.settle();

      await host.stop();
      await client.stop();

      await Promise.all(rejections);
    });

    it("refuses those who come while the host stops, and waits again after its next start", async () => {
      const { host: newHost, clock } = await open();
      let letGo: () => void = () => {};
      const gate = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const slow = new WorkflowBuilder<Count>().thenFn("slow", () => gate).build("slow", 1);
      const host = await newHost(registers(slow));
      const id = await host.startWorkflow(slow, { n: 0 });
      await clock.settle();
      const stopped = host.stop();
      await clock.settle();

      await expect(host.waitForWorkflow(id)).rejects.toMatchObject({ code: "WFE_HOST_NOT_RUNNING" });
      letGo();
      await clock.settle();
      await stopped;
      await host.start();

      expect(await host.waitForWorkflow(id)).toMatchObject({ status: "complete" });
    });
  },
  { sweeping: true },
);
