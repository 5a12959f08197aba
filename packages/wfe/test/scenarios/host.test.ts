import { expect, it } from "vitest";
import {
  DefinitionError,
  DefinitionExistsError,
  ExecutionResult,
  type HostOptions,
  type Providers,
  type StepBody,
  StepKeyTakenError,
  StepNotRegisteredError,
  stepRef,
  WorkflowBuilder,
  type WorkflowDefinition,
  WorkflowHostBuilder,
} from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

function counting(id: string, version = 1): WorkflowDefinition<Count> {
  return new WorkflowBuilder<Count>()
    .thenFn("add", (ctx) => ctx.data.n + 1)
    .saveAs("n")
    .build(id, version);
}

class Charge implements StepBody<Count> {
  readonly by: number;
  total = 0;
  constructor(by: number) {
    this.by = by;
  }
  run = (ctx: { data: Readonly<Count> }): ExecutionResult => {
    this.total = ctx.data.n + this.by;
    return ExecutionResult.next();
  };
}

function charging(): WorkflowDefinition<Count> {
  return new WorkflowBuilder<Count>()
    .then(Charge)
    .output((step, data) => void (data.n = step.total))
    .build("charging", 1);
}

/** Providers whose starts and stops are written down; `fails` says which of them fail. */
function observed(providers: Providers, log: string[], fails: (what: string) => boolean = () => false): Providers {
  const observe = <T extends { start(): Promise<void>; stop(): Promise<void> }>(name: string, provider: T): T =>
    new Proxy(provider, {
      get: (target, key) => {
        if (key === "start" || key === "stop") {
          return async (): Promise<void> => {
            const what = `${name} ${key}`;
            log.push(what);
            if (fails(what)) throw new Error(`no ${what}`);
            await target[key]();
          };
        }
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  return {
    persistence: observe("persistence", providers.persistence),
    locks: observe("locks", providers.locks),
    queue: observe("queue", providers.queue),
  };
}

scenarios(
  "host",
  (open) => {
    it("starts once, however often and concurrently start is called", async () => {
      const { build, store, clock } = await open();
      const log: string[] = [];
      const definition = counting("w");
      const host = build((h) => h.registerWorkflowDefinition(definition), {}, observed(store.open(), log));

      await Promise.all([host.start(), host.start(), host.start()]);
      await host.start();

      expect(log).toEqual(["persistence start", "locks start", "queue start"]);
      const done = host.runWorkflow(definition, { n: 1 });
      await clock.settle();
      expect(await done).toEqual({ n: 2 });
    });

    it("stays stopped when a provider cannot be started, gives back the others, and can be started later", async () => {
      const { build, store, clock } = await open();
      const log: string[] = [];
      let away = true;
      const definition = counting("w");
      const host = build(
        (h) => h.registerWorkflowDefinition(definition),
        {},
        observed(store.open(), log, (what) => away && what === "queue start"),
      );

      await expect(host.start()).rejects.toThrow("no queue start");
      expect(log).toEqual(["persistence start", "locks start", "queue start", "locks stop", "persistence stop"]);
      await expect(host.startWorkflow(definition, { n: 1 })).rejects.toMatchObject({ code: "WFE_HOST_NOT_RUNNING" });
      away = false;
      await host.start();
      const done = host.runWorkflow(definition, { n: 1 });
      await clock.settle();

      expect(await done).toEqual({ n: 2 });
    });

    it("stops the others when a provider cannot be stopped, says so, and can be started again", async () => {
      const { build, store, clock } = await open();
      const log: string[] = [];
      let stuck = true;
      const definition = counting("w");
      const host = build(
        (h) => h.registerWorkflowDefinition(definition),
        {},
        observed(store.open(), log, (what) => stuck && what === "locks stop"),
      );
      await host.start();

      await expect(host.stop()).rejects.toThrow("no locks stop");
      expect(log.slice(3)).toEqual(["queue stop", "locks stop", "persistence stop"]);
      stuck = false;
      await host.start();
      const done = host.runWorkflow(definition, { n: 1 });
      await clock.settle();

      expect(await done).toEqual({ n: 2 });
    });

    it("names every provider that is missing when it is built", () => {
      const build = (): unknown => new WorkflowHostBuilder().build();
      expect(build).toThrow(
        expect.objectContaining({
          code: "WFE_PROVIDER_MISSING",
          message: expect.stringMatching(/usePersistence.*useLockProvider.*useQueueProvider/) as string,
        }) as Error,
      );
      expect(() => new WorkflowHostBuilder().buildClient()).toThrow(
        expect.objectContaining({
          code: "WFE_PROVIDER_MISSING",
          message: expect.stringMatching(/usePersistence(?!.*useLockProvider).*useQueueProvider/) as string,
        }) as Error,
      );
    });

    it.each<[keyof HostOptions, unknown]>([
      ["maxConcurrentWorkflows", 0],
      ["maxConcurrentWorkflows", 1.5],
      ["maxConcurrentStepsPerWorkflow", 0],
      ["sweepInterval", 9],
      ["sweepInterval", "soon"],
      ["lockTtl", "29ms"],
      ["shutdownTimeout", -1],
      ["maxCrashes", 0],
      ["eventRetention", Number.NaN],
      ["maxDataSize", 0],
      ["maxEventSize", -5],
      ["maxOpenPointers", Number.POSITIVE_INFINITY],
    ])("refuses the option %s: %s with a RangeError that names it", async (option, value) => {
      const { build } = await open();
      const made = (): unknown => build(undefined, { [option]: value });
      expect(made).toThrow(RangeError);
      expect(made).toThrow(option);
    });

    it("refuses to start with steps that it cannot make, naming each, and starts when there are factories for them", async () => {
      const { build, clock } = await open();
      const elsewhere = new WorkflowBuilder<Count>()
        .then(stepRef<Charge>("elsewhere"))
        .output((step, data) => void (data.n = step.total))
        .build("elsewhere", 1);
      const host = build((h) => {
        h.registerWorkflowDefinition(charging());
        h.registerWorkflowDefinition(elsewhere);
      });

      await expect(host.start()).rejects.toBeInstanceOf(StepNotRegisteredError);
      await expect(host.start()).rejects.toMatchObject({ code: "WFE_STEP_NOT_REGISTERED", stepTypes: ["Charge", "elsewhere"] });
      await expect(host.countWorkflows()).rejects.toMatchObject({ code: "WFE_HOST_NOT_RUNNING" });
      host.registerStepFactory(Charge, () => new Charge(10));
      host.registerStepFactory("elsewhere", () => new Charge(100));
      await host.start();
      const done = Promise.all([host.startWorkflow("charging", 1, { n: 1 }), host.startWorkflow("elsewhere", 1, { n: 1 })]);
      await clock.settle();

      expect(await Promise.all((await done).map(async (id) => (await host.getWorkflow(id)).data))).toEqual([{ n: 11 }, { n: 101 }]);
    });

    it("refuses a definition with such a step at its registration when it is started, and takes it after the factory", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost();
      const definition = charging();

      expect(() => host.registerWorkflowDefinition(definition)).toThrow(StepNotRegisteredError);
      await expect(host.startWorkflow(definition, { n: 1 })).rejects.toMatchObject({ code: "WFE_DEFINITION_NOT_FOUND" });
      host.registerStepFactory(Charge, () => new Charge(5));
      host.registerWorkflowDefinition(definition);
      const done = host.runWorkflow(definition, { n: 1 });
      await clock.settle();

      expect(await done).toEqual({ n: 6 });
    });

    it("refuses two classes, or two factories, under one key", async () => {
      const { build } = await open();
      const other = {
        Charge: class Charge implements StepBody<Count> {
          run = (): ExecutionResult => ExecutionResult.next();
        },
      };
      const taken = expect.objectContaining({ code: "WFE_STEP_KEY_TAKEN" }) as Error;
      const host = build((h) => h.registerWorkflowDefinition(charging()));

      expect(() => host.registerStep(other.Charge)).toThrow(StepKeyTakenError);
      expect(() => host.registerWorkflowDefinition(new WorkflowBuilder<Count>().then(other.Charge).build("other", 1))).toThrow(taken);
      expect(() => host.registerStepFactory(other.Charge, () => new other.Charge())).toThrow(taken);
      host.registerStepFactory(Charge, () => new Charge(1));
      expect(() => host.registerStepFactory(Charge, () => new Charge(2))).toThrow(taken);
      host.registerStep(Charge); // the same class again
    });

    it("believes nothing of a definition that was made by hand: its graph is checked, its fingerprint worked out anew", async () => {
      const { build } = await open();
      const definition = counting("w");
      const other = new WorkflowBuilder<Count>()
        .thenFn("add", (ctx) => ctx.data.n + 1)
        .delay("1s")
        .build("w", 1);
      const host = build((h) => h.registerWorkflowDefinition(definition));
      const register = (literal: unknown) => (): void => host.registerWorkflowDefinition(literal as WorkflowDefinition<Count>);

      expect(register(JSON.parse(JSON.stringify(definition)))).toThrow(DefinitionError);
      expect(register({ ...other, fingerprint: definition.fingerprint })).toThrow(DefinitionExistsError);
      expect(register(new WorkflowBuilder<Count>().thenFn("a", () => {}))).toThrow("build");
      expect(register({ ...definition })).not.toThrow();
    });

    it("keeps no step of a definition that it refuses", async () => {
      const { build } = await open();
      const one = class implements StepBody<Count> {
        static readonly stepType = "one";
        run = (): ExecutionResult => ExecutionResult.next();
      };
      const other = class implements StepBody<Count> {
        static readonly stepType = "one";
        run = (): ExecutionResult => ExecutionResult.next();
      };
      const host = build((h) => h.registerWorkflowDefinition(counting("w")));

      const refused = new WorkflowBuilder<Count>().then(one).then(other).build("two of one key", 1);
      expect(() => host.registerWorkflowDefinition(refused)).toThrow(StepKeyTakenError);
      const known = new WorkflowBuilder<Count>().then(one).build("w", 1);
      expect(() => host.registerWorkflowDefinition(known)).toThrow(DefinitionExistsError);

      expect(() => host.registerStep(other)).not.toThrow();
    });

    it("takes a definition again that has the same graph, and refuses another graph under its id and version", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(counting("w")));
      const other = new WorkflowBuilder<Count>()
        .thenFn("add", () => {})
        .thenFn("more", () => {})
        .build("w", 1);

      host.registerWorkflowDefinition(counting("w"));
      expect(() => host.registerWorkflowDefinition(other)).toThrow(DefinitionExistsError);
      const id = await host.startWorkflow("w", 1, { n: 1 });
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
      expect(await host.getHistory(id)).toHaveLength(1);
    });

    it("leaves an instance of a definition it does not know to the host that does", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const definition = counting("known to one", 2);
      const ignorant = await newHost((h) => h.registerWorkflowDefinition(counting("known to one", 1)));
      const client = await newClient();
      const id = await client.startWorkflow(definition, { n: 1 });
      await clock.advance("5m");
      expect(await ignorant.getWorkflow(id)).toMatchObject({ status: "runnable", data: { n: 1 } });
      expect(await ignorant.getErrors(id)).toEqual([]);

      const knowing = await newHost((h) => h.registerWorkflowDefinition(definition));
      await clock.advance("31s");

      expect(await knowing.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
    });

    it("lets a definition take part from the next sweep that is registered while it runs", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const definition = counting("late");
      const host = await newHost();
      const id = await (await newClient()).startWorkflow(definition, { n: 1 });
      await clock.advance("10s");
      expect((await host.getWorkflow(id)).status).toBe("runnable");

      host.registerWorkflowDefinition(definition);
      await clock.advance("1s");
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });

      const inPlace = host.registerWorkflow<Count>("in place", 1, (b) => b.thenFn("add", (ctx) => ctx.data.n + 2).saveAs("n"));
      const done = host.runWorkflow(inPlace, { n: 1 });
      await clock.settle();
      expect(await done).toEqual({ n: 3 });
    });
  },
  { sweeping: true },
);
