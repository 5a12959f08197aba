import { expect, it } from "vitest";
import {
  defineActivity,
  ErrorBehavior,
  ExecutionResult,
  type HttpClient,
  type PointerReason,
  WorkflowBuilder,
  type WorkflowExplanation,
} from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  id: string;
  open: boolean;
}

const DATA: Data = { id: "order-7", open: false };
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

/** Endpoints that are never done. */
const http: HttpClient = async () => new Response(JSON.stringify({ state: "busy" }), { headers: { "content-type": "application/json" } });

/** What is told of each open pointer, by the name of its step. */
function reasonsOf({ pointers }: WorkflowExplanation): Readonly<Record<string, PointerReason>> {
  return Object.fromEntries(pointers.map(({ step, reason }) => [step, reason]));
}

scenarios(
  "explain",
  (open) => {
    it("tells the event that a wait is for, since when and until when, and who could send it", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const definition = w()
        .waitFor("approved", (data) => data.id, { timeout: "3d" })
        .name("approval")
        .build("checkout", 2);
      const host = await newHost(registers(definition));
      const client = await newClient();
      const startedAt = new Date(clock.now());
      const id = await host.startWorkflow(definition, DATA);
      await clock.advance("1h");
      const timeoutAt = new Date(startedAt.getTime() + 3 * 86_400_000);

      const explanation = await host.explain("checkout-1");

      expect(explanation).toEqual({
        id,
        name: "checkout-1",
        definitionId: "checkout",
        version: 2,
        status: "runnable",
        at: new Date(clock.now()),
        reasons: [],
        openPointers: 1,
        pointers: [
          {
            id: "1",
            stepId: 0,
            step: "approval",
            stepKind: "waitFor",
            attempt: 1,
            since: startedAt,
            reason: { kind: "event", events: [{ name: "approved", key: "order-7" }], timeoutAt },
            unblock: 'publishEvent("approved", "order-7", …)',
          },
        ],
        lease: { kind: "free" },
        nextLook: { at: timeoutAt, atLatest: expect.any(Date) as Date },
        unblock: ['publishEvent("approved", "order-7", …)'],
        summary: [
          "checkout-1 (checkout 2) is runnable",
          `- the step "approval" waits for the event "approved" with the key "order-7", until ${timeoutAt.toISOString()}, since ${startedAt.toISOString()}`,
          lookedAt(explanation),
          'To move it on: publishEvent("approved", "order-7", …)',
        ].join("\n"),
      });
      expect(JSON.parse(JSON.stringify(explanation))).toEqual(asText(explanation));
      const { lease, ...same } = await client.explain(id);
      expect(lease).toEqual({ kind: "unknown", why: "noLockProvider" });
      // A client does not know the definition, and so not the kind of the step.
      expect(same.pointers[0]).toMatchObject({ step: "approval", reason: { kind: "event" } });
      expect(same.reasons).toEqual([]);
    });

    it("tells of an event that is stored and comes by itself at its time", async () => {
      const { host: newHost, clock } = await open();
      const effectiveDate = new Date(clock.now());
      const definition = w()
        .waitForAny({ yes: { event: "yes", key: "k" }, no: { event: "no", key: "k" } }, { effectiveDate })
        .build("w", 1);
      const host = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, DATA);
      const time = new Date(clock.now() + 3_600_000);
      await host.publishEvent("no", "k", 1, { id: "e", time });
      await clock.advance("1m");

      const { pointers, unblock } = await host.explain(id);

      expect(pointers[0]?.reason).toEqual({
        kind: "event",
        events: [
          { name: "yes", key: "k", effectiveDate },
          { name: "no", key: "k", effectiveDate, undelivered: { eventId: "e", eligibleAt: time } },
        ],
      });
      expect(unblock).toEqual(['publishEvent("yes", "k", …), or publishEvent("no", "k", …)']);
    });

    it("tells the instant that a step waits for, and why", async () => {
      const { host: newHost, clock } = await open();
      const at = clock.now();
      const definition = w()
        .schedule("3h", (b) => b.thenFn("scheduled", () => {}))
        .recur(
          "2h",
          () => false,
          (b) => b.thenFn("recurring", () => {}),
        )
        .parallel((p) =>
          p
            .branch((b) => b.delay("1h"))
            .branch((b) => b.thenFn("asleep", (ctx) => (ctx.persistenceData === undefined ? ExecutionResult.sleep("4h", 1) : ExecutionResult.next())))
            .branch((b) =>
              b
                .thenFn("failing", () => {
                  throw new Error("no luck");
                })
                .onError(ErrorBehavior.retry({ interval: "1h", maxRetries: 9 })),
            ),
        )
        .build("w", 1);
      const host = await newHost(registers(definition));
      const hours = (count: number): Date => new Date(at + count * 3_600_000);
      const id = await host.startWorkflow(definition, DATA);
      const later = await host.startWorkflow(definition, DATA, { startAt: hours(5) });
      await clock.advance("1m");

      const explanation = await host.explain(id);
      const { parallel, ...reasons } = reasonsOf(explanation);

      expect(reasons).toEqual({
        schedule: { kind: "time", why: "schedule", until: hours(3) },
        recur: { kind: "time", why: "recur", until: hours(2) },
        delay: { kind: "time", why: "delay", until: hours(1) },
        asleep: { kind: "time", why: "sleep", until: hours(4) },
        failing: { kind: "retry", until: hours(1), failures: 1, error: { code: "WFE_STEP_FAILED", message: "no luck" } },
      });
      expect(parallel).toEqual({ kind: "container", open: 3 });
      expect(explanation.pointers.at(-1)?.step).toBe("parallel");
      expect(explanation).toMatchObject({ reasons: [], unblock: [], openPointers: 6, nextLook: { at: hours(1) } });
      expect(explanation.summary).toContain('"failing" tries again');
      expect((await host.explain(later)).pointers.map(({ reason }) => reason)).toEqual([{ kind: "time", why: "start", until: hours(5) }]);
    });

    it("tells of an activity who has claimed it and until when, and that its outcome was submitted", async () => {
      const { host: newHost, clock } = await open();
      const ship = defineActivity<string, string>("ship");
      const definition = w()
        .activity(ship, (data) => data.id, { timeout: "1d" })
        .build("w", 1);
      const host = await newHost(registers(definition));
      const timeoutAt = new Date(clock.now() + 86_400_000);
      const id = await host.startWorkflow(definition, DATA);
      await clock.advance("1m");
      const offered = await host.explain(id);
      expect(offered.pointers[0]?.reason).toEqual({ kind: "activity", activity: "ship", submitted: false, timeoutAt });
      expect(offered.unblock).toEqual(['getPendingActivity("ship", …), then submitActivitySuccess(token, …)']);

      const pending = await host.getPendingActivity(ship, "worker 1", { lease: "10m" });
      const claimed = await host.explain(id);
      const until = new Date(clock.now() + 600_000);
      expect(claimed.pointers[0]?.reason).toMatchObject({ claim: { workerId: "worker 1", until } });
      expect(claimed.unblock).toEqual(['submitActivitySuccess(token, …) by the worker "worker 1"']);
      await clock.advance("11m");
      expect((await host.explain(id)).pointers[0]?.reason).toEqual({ kind: "activity", activity: "ship", submitted: false, timeoutAt });

      const again = await host.getPendingActivity(ship, "worker 2", { lease: "10m" });
      await host.suspendWorkflow(id);
      expect(pending?.token).not.toBe(again?.token);
      await host.submitActivitySuccess(again?.token ?? "", "done");
      const submitted = await host.explain(id);
      expect(submitted.pointers[0]?.reason).toMatchObject({ kind: "activity", submitted: true });
      expect(submitted.reasons).toEqual([
        { kind: "suspended", by: "command" },
        { kind: "delivered", count: 1, events: [{ eventId: expect.any(String) as string, pointerId: "1" }] },
      ]);
      expect(submitted.unblock).toEqual(['resumeWorkflow("w-1")']);
    });

    it("tells of a child what it is called, and by which error it is suspended", async () => {
      const { host: newHost, clock } = await open();
      const child = w()
        .waitFor("go", "k")
        .thenFn("pay", () => {
          throw new Error("the bank is closed");
        })
        .onError(ErrorBehavior.suspend())
        .build("child", 3);
      const parent = w()
        .subWorkflow(child, (data) => data)
        .build("parent", 1);
      const host = await newHost(registers(child, parent));
      const id = await host.startWorkflow(parent, DATA);
      await clock.advance("1m");
      const waiting = await host.explain(id);
      const childId = (await host.listWorkflows({ definitionId: "child" })).items[0]?.id;
      const known = { name: "child-1", definitionId: "child", version: 3 };
      expect(waiting.pointers[0]?.reason).toEqual({ kind: "child", id: childId, workflow: { ...known, status: "runnable" } });
      expect(waiting.unblock).toEqual(['what explain("child-1") says']);

      await host.publishEvent("go", "k", null);
      await clock.advance("1m");
      const explanation = await host.explain(id);

      const error = { code: "WFE_STEP_FAILED", message: "the bank is closed" };
      expect(explanation).toMatchObject({ status: "runnable", reasons: [] });
      expect(explanation.pointers[0]?.reason).toEqual({ kind: "child", id: childId, workflow: { ...known, status: "suspended", error } });
      expect(explanation.unblock).toEqual(['resumeWorkflow("child-1")']);
      expect(explanation.summary).toContain("child-1 (child 3), which is suspended by the bank is closed");
    });

    it("tells of a suspension whether it was an error or a command, and names the failed steps first", async () => {
      const { host: newHost, clock } = await open();
      const definition = w()
        .parallel((p) =>
          p
            .branch((b) => b.waitFor("go", "k"))
            .branch((b) =>
              b
                .delay("1m")
                .thenFn("pay", (ctx) => {
                  if (!ctx.data.open) throw new Error("the bank is closed");
                })
                .onError(ErrorBehavior.suspend()),
            ),
        )
        .build("pay", 1);
      const host = await newHost(registers(definition));
      const failed = await host.startWorkflow(definition, DATA);
      const stopped = await host.startWorkflow(definition, { ...DATA, open: true });
      await clock.advance("30s");
      await host.suspendWorkflow(stopped);
      await clock.advance("1m");
      const error = { code: "WFE_STEP_FAILED", message: "the bank is closed" };

      const byError = await host.explain(failed);
      const byCommand = await host.explain(stopped);

      const since = (await host.getErrors(failed))[0]?.at;
      expect(byError.reasons).toEqual([{ kind: "suspended", by: "error", error, since }]);
      expect(byError.pointers.map(({ step, reason }) => `${step} ${reason.kind}`)).toEqual(["pay failed", "waitFor go event", "parallel container"]);
      expect(byError.pointers[0]).toMatchObject({ since, reason: { error }, unblock: 'resumeWorkflow("pay-1")' });
      expect(byError.unblock).toEqual(['resumeWorkflow("pay-1"), or retryWorkflow("pay-1") to run failed steps again without compensating them']);
      expect(byError).not.toHaveProperty("nextLook");
      expect(byCommand.reasons).toEqual([{ kind: "suspended", by: "command" }]);
      expect(byCommand.unblock).toEqual(['resumeWorkflow("pay-2")']);
      expect(await host.resumeWorkflow(stopped)).toBe(true);
    });

    it("tells of a poll whom it asks, when and until when", async () => {
      const { host: newHost, clock } = await open();
      const definition = w()
        .pollEndpoint({ url: "https://jobs.test/7", interval: "10m", timeout: "1h", until: { path: "state", equals: "done" } })
        .build("w", 1);
      const host = await newHost(registers(definition), { pollEndpoints: { allow: ["https://jobs.test"] } });
      const at = clock.now();
      const id = await host.startWorkflow(definition, DATA);
      await clock.advance("1m");

      const { pointers, unblock } = await host.explain(id);

      const deadline = new Date(at + 3_600_000);
      expect(pointers[0]?.reason).toEqual({ kind: "poll", until: new Date(at + 600_000), endpoint: { url: "https://jobs.test/7", deadline } });
      expect(unblock).toEqual([]);
    });

    it("tells of a saga that is being undone by which error, and what its compensators wait for", async () => {
      const { host: newHost, clock } = await open();
      const definition = w()
        .saga((b) =>
          b
            .thenFn("charge", () => {})
            .compensateWithSequence((c) => c.waitFor("refunded", "k"))
            .thenFn("ship", () => {
              throw new Error("no parcel");
            })
            .onError(ErrorBehavior.compensate()),
        )
        .build("w", 1);
      const suspending = w()
        .saga((b) =>
          b
            .thenFn("charge", () => {})
            .compensateWithFn("refund", () => {})
            .thenFn("ship", () => {
              throw new Error("no parcel");
            })
            .onError(ErrorBehavior.compensate()),
        )
        .onError(ErrorBehavior.suspend())
        .build("suspending", 1);
      const host = await newHost(registers(definition, suspending));
      const id = await host.startWorkflow(definition, DATA);
      const other = await host.startWorkflow(suspending, DATA);
      await clock.advance("1m");
      const error = { code: "WFE_STEP_FAILED", message: "no parcel" };

      const undoing = await host.explain(id);
      const suspended = await host.explain(other);

      expect(reasonsOf(undoing)).toEqual({
        "waitFor refunded": { kind: "event", events: [{ name: "refunded", key: "k" }] },
        saga: { kind: "compensation", phase: "compensating", error, open: 1 },
      });
      expect(undoing.pointers[0]).toMatchObject({ step: "waitFor refunded", compensates: "2" });
      expect(undoing.summary).toContain('the compensator "waitFor refunded" waits for');
      expect(suspended.reasons).toMatchObject([{ kind: "suspended", by: "error", error }]);
      expect(reasonsOf(suspended)["saga"]).toMatchObject({ kind: "compensation", phase: "suspended", error });
    });

    it("goes into the first hundred of many pointers, and counts them all", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<{ keys: string[] }>()
        .forEach(
          (data) => data.keys,
          (b) => b.waitFor("go", (_, ctx) => String(ctx.item)),
        )
        .build("w", 1);
      const host = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, { keys: Array.from({ length: 250 }, (_, index) => `k${index}`) });
      await clock.advance("1m");

      const explanation = await host.explain(id);

      expect(explanation.openPointers).toBe(251);
      expect(explanation.pointers.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, index) => index));
      expect(explanation.pointers[99]?.reason).toEqual({ kind: "event", events: [{ name: "go", key: "k99" }] });
      expect(explanation.summary).toContain("- and 246 more open pointers");
      expect(explanation.summary.split("\n").length).toBeLessThan(20);
    });
  },
  { prepare: (builder) => builder.useHttpClient(http) },
);

function lookedAt({ summary }: WorkflowExplanation): string {
  return summary.split("\n").find((line) => line.startsWith("Looked at")) ?? "";
}

/** The same with instants as text. */
function asText(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(asText);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asText(each)]));
}
