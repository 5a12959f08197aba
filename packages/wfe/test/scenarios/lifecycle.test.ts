import { expect, it } from "vitest";
import {
  ErrorBehavior,
  LIFECYCLE_EVENT_TYPES,
  type LifecycleEvent,
  type Providers,
  WorkflowBuilder,
  type WorkflowDefinition,
  type WorkflowHost,
  WorkflowHostBuilder,
} from "../../src/index.ts";
import { InMemoryLifecycleBus, InMemoryLifecyclePublisher } from "../../src/test-support/index.ts";
import { type Scenario, scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

/** What there is to tell apart in an event, in one line. */
function line(event: LifecycleEvent): string {
  const step = "step" in event && event.step !== undefined ? ` ${event.step} #${event.attempt}` : "";
  return event.type === "error" ? `error${step}: ${event.error.message}` : `${event.type}${step}`;
}

/** Retries, skips, waits, holds a container, and has a step that suspends until it is mended. */
function eventful(isBroken: () => boolean): WorkflowDefinition<Count> {
  return new WorkflowBuilder<Count>()
    .thenFn("flaky", (ctx) => {
      if (ctx.attempt === 1) throw new Error("not yet");
    })
    .onError(ErrorBehavior.retry({ interval: "1s" }))
    .thenFn("skipped", () => {})
    .when(() => false)
    .ifDo(
      () => true,
      (b) =>
        b.forEach(
          () => ["x"],
          (c) => c.thenFn("inside", () => {}),
        ),
    )
    .parallel((p) => p.branch((b) => b.thenFn("branch", () => {})))
    .whileDo(
      (data) => data.n < 1,
      (b) => b.thenFn("count", (ctx) => ctx.data.n + 1).saveAs("n"),
    )
    .thenFn("broken", () => {
      if (isBroken()) throw new Error("broken");
    })
    .onError(ErrorBehavior.suspend())
    .build("eventful", 3);
}

const WHOLE_RUN: readonly string[] = [
  "started",
  "stepStarted flaky #1",
  "error flaky #1: not yet",
  "stepRetrying flaky #1",
  "stepStarted flaky #2",
  "stepCompleted flaky #2",
  "stepSkipped skipped #0",
  "stepStarted inside #1",
  "stepCompleted inside #1",
  "stepStarted branch #1",
  "stepCompleted branch #1",
  "stepStarted count #1",
  "stepCompleted count #1",
  "stepStarted broken #1",
  "error broken #1: broken",
  "suspended",
  "resumed",
  "stepStarted broken #2",
  "stepCompleted broken #2",
  "completed",
];

/** A host whose events go to this publisher; the caller stops it. */
async function publishing(scenario: Scenario, definition: WorkflowDefinition<Count>, publisher: InMemoryLifecyclePublisher, providers?: Providers) {
  const host = new WorkflowHostBuilder()
    .useProviders(providers ?? scenario.store.open())
    .useClock(scenario.clock)
    .useLifecyclePublisher(publisher)
    .build();
  host.registerWorkflowDefinition(definition);
  await host.start();
  return host;
}

async function wholeRun({ clock }: Scenario, host: WorkflowHost, definition: WorkflowDefinition<Count>, mend: () => void): Promise<void> {
  await host.startWorkflow(definition, { n: 0 }, { id: "x", reference: "r" });
  await clock.advance("2s");
  expect((await host.getWorkflow("x")).status).toBe("suspended");
  mend();
  await host.resumeWorkflow("x");
  await clock.settle();
  expect((await host.getWorkflow("x")).status).toBe("complete");
}

scenarios("lifecycle events", (open) => {
  it("tell a whole run in order, each thing once, and nothing of the engine's containers", async () => {
    const scenario = await open();
    let broken = true;
    const definition = eventful(() => broken);
    const host = await scenario.host((h) => h.registerWorkflowDefinition(definition));
    const events = scenario.record(host);

    await wholeRun(scenario, host, definition, () => (broken = false));

    expect(events.map(line)).toEqual(WHOLE_RUN);
  });

  it("say of which instance, step and pointer they are, and when it was", async () => {
    const scenario = await open();
    let broken = true;
    const definition = eventful(() => broken);
    const host = await scenario.host((h) => h.registerWorkflowDefinition(definition));
    const events = scenario.record(host);
    const began = scenario.clock.now();

    await wholeRun(scenario, host, definition, () => (broken = false));

    const history = await host.getHistory("x");
    for (const event of events) {
      expect(event).toMatchObject({ workflowId: "x", definitionId: "eventful", version: 3, reference: "r" });
      if (!("pointerId" in event)) continue;
      const pointer = history.find(({ id }) => id === event.pointerId);
      expect(pointer, line(event)).toMatchObject({ stepId: event.stepId, stepName: event.step });
    }
    const at = (text: string): number | undefined => events.find((event) => line(event) === text)?.at.getTime();
    expect(at("started")).toBe(began);
    expect(at("stepRetrying flaky #1")).toBe(began);
    expect(at("stepStarted flaky #2")).toBe(began + 1_000);
    expect(at("completed")).toBe((await host.getWorkflow("x")).completedAt?.getTime());
    expect(events.filter(({ type }) => type === "error")).toMatchObject(
      (await host.getErrors("x")).map(({ code, message, pointerId, attempt, step, at: time }) => ({
        error: { code, message },
        pointerId,
        attempt,
        step,
        at: time,
      })),
    );
  });

  it("come after the commit that they report: the store says the same to the listener", async () => {
    const scenario = await open();
    let broken = true;
    const definition = eventful(() => broken);
    const publisher = new InMemoryLifecyclePublisher();
    const { persistence } = scenario.store.open();
    await persistence.start();
    const host = await publishing(scenario, definition, publisher);
    const read: Promise<void>[] = [];
    await publisher.subscribe((event) => {
      read.push(
        Promise.all([persistence.getWorkflowInstance(event.workflowId), persistence.getErrors(event.workflowId)]).then(([row, errors]) => {
          const pointer = "pointerId" in event ? row?.pointers.find(({ id }) => id === event.pointerId) : undefined;
          const known = {
            started: () => row !== undefined,
            resumed: () => row?.status !== "suspended",
            suspended: () => row?.status === "suspended",
            completed: () => row?.status === "complete" && row.completedAt !== undefined,
            terminated: () => row?.status === "terminated",
            error: () => errors.some(({ pointerId, attempt }) => "pointerId" in event && pointerId === event.pointerId && attempt === event.attempt),
            stepStarted: () => pointer !== undefined && "attempt" in event && pointer.attempt >= (event.attempt ?? 0) && pointer.status !== "pending",
            stepCompleted: () => pointer?.status === "complete",
            stepRetrying: () => (pointer?.retryCount ?? 0) > 0,
            stepSkipped: () => pointer?.status === "skipped",
            stepCompensated: () => pointer?.status === "compensated" || pointer?.status === "complete",
          }[event.type]();
          expect(known, line(event)).toBe(true);
        }),
      );
    });

    await wholeRun(scenario, host, definition, () => (broken = false));
    await Promise.all(read);
    await host.stop();
    await persistence.stop();

    expect(read).toHaveLength(WHOLE_RUN.length);
  });

  it("are published once when a commit was refused and is made again", async () => {
    const scenario = await open();
    const definition = eventful(() => false);
    const providers = scenario.store.open();
    let refusals = 3;
    const persistence = new Proxy(providers.persistence, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (key === "persistWorkflow" && refusals-- > 0) return () => Promise.reject(new Error("the store is away"));
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    const publisher = new InMemoryLifecyclePublisher();
    const host = await publishing(scenario, definition, publisher, { ...providers, persistence });
    const events: LifecycleEvent[] = [];
    await publisher.subscribe((event) => events.push(event));

    await host.startWorkflow(definition, { n: 0 }, { id: "x" });
    await scenario.clock.advance("2m");
    const end = await host.getWorkflow("x");
    await host.stop();

    expect(end.status).toBe("complete");
    const ends = events.map(line).filter((text) => !text.startsWith("stepStarted"));
    expect(ends).toEqual([...new Set(ends)]);
    expect(ends.at(-1)).toBe("completed");
  });

  it("tell suspensions, resumptions and terminations by command, once each, and none that did nothing", async () => {
    const { host: newHost, record, clock } = await open();
    const definition = new WorkflowBuilder<Count>().waitFor("never", "k").build("waits", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.settle();

    for (const verb of ["suspend", "suspend", "resume", "resume", "terminate", "terminate"] as const) {
      await host[`${verb}Workflow`](id);
      await clock.settle();
    }

    expect(events.map(({ type }) => type)).toEqual(["started", "stepStarted", "suspended", "resumed", "terminated"]);
    expect(events.at(-1)).toMatchObject({ workflowId: id, at: new Date(clock.now()) });
  });

  it("tell a termination by a failing step after its error", async () => {
    const { host: newHost, record, clock } = await open();
    const definition = new WorkflowBuilder<Count>()
      .thenFn("fail", () => {
        throw new Error("declined");
      })
      .onError(ErrorBehavior.terminate())
      .build("fails", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);

    await host.startWorkflow(definition, { n: 0 });
    await clock.settle();

    expect(events.map(line)).toEqual(["started", "stepStarted fail #1", "error fail #1: declined", "terminated"]);
  });

  it("are of every type there is", async () => {
    const { host: newHost, record, clock } = await open();
    let broken = true;
    const definition = new WorkflowBuilder<Count>()
      .saga((b) =>
        b
          .thenFn("book", () => {})
          .compensateWithFn("cancel", () => {})
          .thenFn("pay", () => {
            throw new Error("declined");
          })
          .onError(ErrorBehavior.compensate()),
      )
      .subWorkflow("eventful", (data) => ({ n: data.n }))
      .waitFor("never", "k")
      .build("whole", 1);
    const host = await newHost((h) => {
      h.registerWorkflowDefinition(eventful(() => broken));
      h.registerWorkflowDefinition(definition);
    });
    const events = record(host);

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("2s");
    const child = events.find(({ definitionId }) => definitionId === "eventful")?.workflowId ?? "";
    broken = false;
    await host.resumeWorkflow(child);
    await clock.settle();
    await host.terminateWorkflow(id);
    await clock.settle();

    expect([...new Set(events.map(({ type }) => type))].toSorted()).toEqual([...LIFECYCLE_EVENT_TYPES].toSorted());
    expect(events.filter(({ workflowId }) => workflowId === child).map(line)).toEqual(WHOLE_RUN);
    expect(events.filter(({ workflowId }) => workflowId === id).map(line)).toEqual([
      "started",
      "stepStarted book #1",
      "stepCompleted book #1",
      "stepStarted pay #1",
      "error pay #1: declined",
      "stepStarted cancel #1",
      "stepCompleted cancel #1",
      "stepCompensated book #1",
      "stepStarted subWorkflow eventful #1",
      "stepCompleted subWorkflow eventful #1",
      "stepStarted waitFor never #1",
      "terminated",
    ]);
  });

  it("are those of the own host alone, and with a publisher those of all hosts", async () => {
    const scenario = await open();
    const definition = new WorkflowBuilder<Count>().thenFn("a", () => {}).build("w", 1);
    const [one, two] = [await scenario.host((h) => h.registerWorkflowDefinition(definition)), await scenario.host()];
    const [ofOne, ofTwo] = [scenario.record(one), scenario.record(two)];
    await one.startWorkflow(definition, { n: 0 });
    await scenario.clock.settle();
    expect(ofOne.map(line)).toEqual(["started", "stepStarted a #1", "stepCompleted a #1", "completed"]);
    expect(ofTwo).toEqual([]);

    const bus = new InMemoryLifecycleBus();
    const three = await publishing(scenario, definition, new InMemoryLifecyclePublisher({ bus }));
    const four = await publishing(scenario, definition, new InMemoryLifecyclePublisher({ bus }));
    const [ofThree, ofFour] = [scenario.record(three), scenario.record(four)];
    await three.startWorkflow(definition, { n: 0 });
    await scenario.clock.settle();
    await three.stop();
    await four.stop();

    expect(ofFour.map(line)).toEqual(["started", "stepStarted a #1", "stepCompleted a #1", "completed"]);
    expect(ofThree).toEqual(ofFour);
  });
});
