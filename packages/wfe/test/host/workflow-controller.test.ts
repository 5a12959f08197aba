import { describe, expect, it } from "vitest";
import {
  DefinitionNotFoundError,
  EventNotFoundError,
  type EventRow,
  InputInvalidError,
  type LifecycleEvent,
  type Middleware,
  MiddlewareRunner,
  type PersistenceProvider,
  type StandardSchema,
  WfeError,
  WorkflowBuilder,
  WorkflowNotFoundError,
  WorkflowSuspendedError,
} from "../../src/index.ts";
import { CompletionWaiter } from "../../src/host/completion-waiter.ts";
import { InstanceLookup } from "../../src/host/instance-lookup.ts";
import { WorkflowCommands } from "../../src/host/workflow-commands.ts";
import { WorkflowController } from "../../src/host/workflow-controller.ts";
import { WorkflowMigrator } from "../../src/host/workflow-migrator.ts";
import { WorkflowStarter } from "../../src/host/workflow-starter.ts";
import { instant, sampleChange, sampleEvent, sampleSubscription, sampleWorkflow } from "../../src/test-support/index.ts";
import type { Replacements } from "../replacing.ts";
import { hostSetting, messages } from "./host-setting.ts";

/** A controller over a store with the instance "w", and what it leaves to its process. */
async function setting(persistence: Replacements<PersistenceProvider> = {}, middleware: readonly Middleware[] = []) {
  const of = await hostSetting({ persistence }, {}, new MiddlewareRunner(middleware, () => undefined));
  const { services } = of;
  const changed: string[] = [];
  const published: EventRow[] = [];
  const events: LifecycleEvent[] = [];
  const process = { running: true };
  const waiter = new CompletionWaiter(services);
  waiter.start();
  const lookup = new InstanceLookup(services);
  const commands = new WorkflowCommands(services, lookup, {
    changed: (id) => void changed.push(id),
    published: (event) => void published.push(event),
    commanded: () => undefined,
    lifecycle: (event) => void events.push(event),
    ended: ({ id, status }) => waiter.notify(id, status),
  });
  const starter = new WorkflowStarter(services, () => undefined);
  const migrator = new WorkflowMigrator(services, lookup, starter, (id) => void changed.push(id));
  const controller = new WorkflowController(services, starter, waiter, lookup, commands, migrator, {
    assertRunning: () => {
      if (!process.running) throw new WfeError("WFE_HOST_NOT_RUNNING", "not running");
    },
    published: (event) => void published.push(event),
    changed: (id) => void changed.push(id),
  });
  await services.persistence.createNewWorkflow(sampleWorkflow("w"), instant());
  return { ...of, controller, changed, published, events, process };
}

describe("a command", () => {
  it("moves the instance, is told, and has it looked at", async () => {
    const { services, controller, changed, published, events } = await setting();

    expect(await controller.command("w", "suspend")).toBe(true);

    expect(await services.persistence.getWorkflowInstance("w")).toMatchObject({ status: "suspended", controlSeq: 1 });
    expect([changed, published]).toEqual([["w"], []]);
    expect(events).toEqual([{ type: "suspended", workflowId: "w", definitionId: "sample", version: 1, at: instant() }]);
  });

  it("by the instance's name does the same", async () => {
    const { controller, changed } = await setting();

    expect([await controller.command("name of w", "suspend"), changed]).toEqual([true, ["w"]]);
  });

  it("wakes those who wait for the instance, at once", async () => {
    const { services, clock, controller } = await setting();
    await services.persistence.createNewWorkflow(sampleWorkflow("v"), instant());
    const suspended = expect(controller.waitForWorkflow("w", {})).rejects.toEqual(new WorkflowSuspendedError("w", undefined));
    const ended = controller.waitForWorkflow("v", {});
    await clock.settle();

    await controller.command("w", "suspend");
    await controller.command("v", "terminate");

    await suspended;
    expect((await ended).status).toBe("terminated");
  });

  it("that the status does not allow changes nothing", async () => {
    const { controller, changed, events } = await setting();

    expect(await controller.command("w", "resume")).toBe(false);

    expect([changed, events]).toEqual([[], []]);
  });

  it("to terminate sends the end, with the data of the last commit, to those who wait for it", async () => {
    const { controller, published } = await setting();

    await controller.command("w", "terminate");

    expect(published).toEqual([
      {
        id: `wfe.completed/w/${instant().getTime()}/0`,
        name: "wfe.workflow.completed",
        key: "w",
        data: '{"status":"terminated","data":{"total":1}}',
        time: instant(),
      },
    ]);
  });

  it("to terminate goes without the data when that cannot be decoded", async () => {
    const { services, controller, published, warnings } = await setting();
    await services.persistence.createNewWorkflow(sampleWorkflow("v", { data: "another codec's" }), instant());

    expect(await controller.command("v", "terminate")).toBe(true);

    expect(published.map(({ data }) => data)).toEqual(['{"status":"terminated"}']);
    expect(messages(warnings)).toEqual(["the workflow v is terminated without telling its data"]);
  });

  it("for an instance that there is not, or no more, is refused", async () => {
    const { controller } = await setting();
    const removed = await setting({ command: () => Promise.resolve(undefined) });

    await expect(controller.command("nobody", "suspend")).rejects.toEqual(new WorkflowNotFoundError("nobody"));
    await expect(removed.controller.command("w", "suspend")).rejects.toEqual(new WorkflowNotFoundError("w"));
    expect(removed.changed).toEqual([]);
  });
});

describe("an event", () => {
  it("without a payload is stored as null, so that whoever waits sees that something came", async () => {
    const { services, controller } = await setting();

    const id = await controller.publishEvent("paid", "1", undefined, {});

    expect(await services.persistence.getEvent(id)).toMatchObject({ id, name: "paid", key: "1", time: instant(), data: "null" });
    expect((await controller.getEvent(id)).data).toBeNull();
  });

  it("is what its schema makes of the payload, or is refused by it", async () => {
    const { services, controller } = await setting();
    const positive: StandardSchema<number, number> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) => (Number(value) > 0 ? { value: Number(value) } : { issues: [{ message: "is not positive" }] }),
      },
    };

    const id = await controller.publishEvent({ name: "paid", schema: positive } as never, "1", "7", {});
    const refused = controller.publishEvent({ name: "paid", schema: positive } as never, "1", "-7", {});

    await expect(refused).rejects.toEqual(new InputInvalidError('the payload of the event "paid"', ["is not positive"]));
    expect(await services.persistence.getEvents("paid", "1", new Date(0))).toEqual([id]);
    expect(await services.persistence.getEvent(id)).toMatchObject({ data: "7" });
  });

  it("of the future is eligible at its time, any other at once", async () => {
    const { services, controller, published } = await setting();

    const ids: string[] = [];
    for (const time of [instant(-5), instant(), instant(5)]) ids.push(await controller.publishEvent("paid", "1", 1, { time }));

    expect(await Promise.all(ids.map((id) => services.persistence.getEvent(id)))).toMatchObject([
      { time: instant(-5), delivered: true },
      { time: instant(), delivered: true },
      { time: instant(5), eligibleAt: instant(5), delivered: false },
    ]);
    expect(published.map(({ eligibleAt }) => eligibleAt)).toEqual([instant(5)]);
  });

  /** Has "w" wait for the event. */
  const waits = (persistence: PersistenceProvider): Promise<unknown> =>
    persistence.persistWorkflow(sampleChange("w", "c1", { openSubscriptions: [sampleSubscription("s")] }), instant());

  it("is given to those who wait with its storing, who are looked at", async () => {
    const { services, controller, changed, published } = await setting({ deliverEvents: () => Promise.reject(new Error("it is delivered")) });
    await waits(services.persistence);

    await controller.publishEvent("paid", "1", 1, {});

    expect((await services.persistence.loadForPass("w"))?.deliveries).toMatchObject([{ subscriptionId: "s" }]);
    expect([changed, published]).toEqual([["w"], []]);
  });

  it("that the store has not given to all who wait is left to a delivery, and those who have it are looked at", async () => {
    const { controller, changed, published } = await setting({ publishEvent: () => Promise.resolve({ reached: ["x", "y"], delivered: false }) });

    const id = await controller.publishEvent("paid", "1", 1, {});

    expect(changed).toEqual(["x", "y"]);
    expect(published).toMatchObject([{ id, name: "paid", key: "1" }]);
  });

  it.each<[string, Replacements<PersistenceProvider>, readonly Middleware[]]>([
    ["a store that publishes none", { publishEvent: undefined }, []],
    ["a host with middleware around deliveries", {}, [{ aroundDelivery: async (_, next) => void (await next()) }]],
  ])("of %s is stored, and left to a delivery", async (_, persistence, middleware) => {
    const { services, controller, changed, published } = await setting(persistence, middleware);
    await waits(services.persistence);

    const id = await controller.publishEvent("paid", "1", 1, {});

    expect(await services.persistence.getEvent(id)).toMatchObject({ delivered: false });
    expect([changed, published.map((event) => event.id)]).toEqual([[], [id]]);
  });

  it.each<[string, unknown, unknown, Parameters<WorkflowController["publishEvent"]>[3]]>([
    ["an empty name", "", "1", {}],
    ["a name that is no string", { name: 7 }, "1", {}],
    ["a name of the engine's own", "wfe.workflow.completed", "1", {}],
    ["a key that is no string", "paid", 7, {}],
    ["an invalid time", "paid", "1", { time: new Date(Number.NaN) }],
  ])("with %s is refused before anything is written", async (_, event, key, options) => {
    const { services, controller, published } = await setting();
    const isWrongArgument = (error: unknown): boolean => error instanceof RangeError || error instanceof TypeError;

    await expect(controller.publishEvent(event as string, key as string, 1, options)).rejects.toSatisfy(isWrongArgument);

    expect(published).toEqual([]);
    expect(await services.persistence.getRunnableEvents(instant(), { limit: 10, claimUntil: instant(1) })).toEqual([]);
  });

  it("that another program has stored without a payload can be had", async () => {
    const { services, controller } = await setting();
    const { data: _, ...bare } = sampleEvent("e");
    await services.persistence.createEvent(bare, instant());

    expect(await controller.getEvent("e")).toMatchObject({ id: "e", name: "paid", data: undefined });
    await expect(controller.getEvent("nothing")).rejects.toEqual(new EventNotFoundError("nothing"));
  });
});

describe("a start", () => {
  const definition = new WorkflowBuilder<{ n: number }>().thenFn("a", () => {}).build("known", 1);

  it("by the definition's id and version, or by the definition itself, takes the options", async () => {
    const { services, controller } = await setting();
    services.registry.register(definition);

    const ids = [
      await controller.startWorkflow("known", [1, { n: 1 }, { id: "a" }]),
      await controller.startWorkflow(definition, [{ n: 2 }, { id: "b" }]),
    ];

    expect(ids).toEqual(["a", "b"]);
    expect((await services.persistence.getWorkflowInstance("b"))?.data).toBe('{"n":2}');
  });

  it("needs no options", async () => {
    const { services, controller } = await setting();
    services.registry.register(definition);

    const ids = [await controller.startWorkflow("known", [1, { n: 1 }]), await controller.startWorkflow(definition, [{ n: 2 }])];

    expect(await Promise.all(ids.map(async (id) => (await services.persistence.getWorkflowInstance(id))?.name))).toEqual(["known-1", "known-2"]);
  });

  it("of a definition that is not registered is refused", async () => {
    const { controller } = await setting();

    await expect(controller.startWorkflow("unknown", [1, {}])).rejects.toEqual(new DefinitionNotFoundError("unknown", 1));
  });
});

describe("a process that is not running", () => {
  it("answers nothing", async () => {
    const { controller, process } = await setting();
    process.running = false;

    for (const verb of [
      () => controller.startWorkflow("w", [1, {}]),
      () => controller.command("w", "suspend"),
      () => controller.publishEvent("paid", "1", 1, {}),
      () => controller.waitForWorkflow("w", {}),
      () => controller.getWorkflow("w"),
      () => controller.listWorkflows({}, {}),
      () => controller.countWorkflows({}),
      () => controller.getErrors("w"),
      () => controller.getHistory("w"),
      () => controller.getEvent("e"),
      () => controller.purgeWorkflows({ status: "complete", olderThan: 0 }),
    ])
      await expect(verb()).rejects.toEqual(new WfeError("WFE_HOST_NOT_RUNNING", "not running"));
  });
});
