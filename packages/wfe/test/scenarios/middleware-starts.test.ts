import { expect, it } from "vitest";
import { isWfeError, type Middleware, type StartContext, type WorkflowClient, WfeError, WorkflowBuilder } from "../../src/index.ts";
import { replacing } from "../replacing.ts";
import { registers, type Scenario, scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const counts = new WorkflowBuilder<Data>()
  .thenFn("count", ({ data }) => data.n + 1)
  .saveAs("n")
  .build("counts", 1);

/** What a start is refused with. */
async function refusal(start: Promise<unknown>): Promise<unknown> {
  return start.then(
    () => "nothing",
    (error: unknown) => error,
  );
}

scenarios("middleware around starts", (open) => {
  /** A started host or client that knows `counts`. */
  const starterOf = (kind: "host" | "client", { host, client }: Scenario): Promise<WorkflowClient> =>
    kind === "host" ? host(registers(counts)) : client();

  it.each(["host", "client"] as const)(
    "of a %s sees what is asked for, and may change the options; those of the caller stay as they are",
    async (kind) => {
      const setting = await open();
      const seen: StartContext[] = [];
      setting.use(
        {
          aroundStart: (ctx, next) => {
            seen.push({ ...ctx, options: { ...ctx.options } });
            ctx.options = { ...ctx.options, reference: "set", name: "named" };
            return next();
          },
        },
        {
          aroundStart: (ctx, next) => {
            seen.push({ ...ctx, options: { ...ctx.options } });
            (ctx.options as { reference?: string }).reference += " twice";
            return next();
          },
        },
      );
      const starter = await starterOf(kind, setting);
      const options = Object.freeze({ id: "w" });

      const id = await starter.startWorkflow(counts, { n: 1 }, options);

      expect(id).toBe("w");
      expect(await starter.getWorkflow("named")).toMatchObject({ id: "w", reference: "set twice" });
      expect(seen).toEqual([
        { definitionId: "counts", version: 1, input: { n: 1 }, options: { id: "w" } },
        { definitionId: "counts", version: 1, input: { n: 1 }, options: { id: "w", reference: "set", name: "named" } },
      ]);
    },
  );

  it.each(["host", "client"] as const)("of a %s refuses a start with what it throws, and nothing is stored", async (kind) => {
    const setting = await open();
    const error = new Error("not you");
    setting.use({
      aroundStart: () => {
        throw error;
      },
    });
    const starter = await starterOf(kind, setting);

    const refused = await refusal(starter.startWorkflow(counts, { n: 1 }));

    expect(refused).toBe(error);
    expect(await starter.countWorkflows()).toBe(0);
  });

  it("checks the options that it leaves, before anything is stored", async () => {
    const { host: newHost, use } = await open();
    let options: unknown = { id: " " };
    use({
      aroundStart: (ctx, next) => {
        ctx.options = options as StartContext["options"];
        return next();
      },
    });
    const host = await newHost(registers(counts));

    const first = await refusal(host.startWorkflow(counts, { n: 1 }));
    options = "w";
    const second = await refusal(host.startWorkflow(counts, { n: 1 }));

    expect([first, second]).toEqual([expect.any(RangeError), expect.any(TypeError)]);
    expect(await host.countWorkflows()).toBe(0);
  });

  it("is not entered for what cannot be started at all", async () => {
    const { host: newHost, use } = await open();
    let entered = 0;
    use({ aroundStart: (_ctx, next) => (entered++, next()) });
    const host = await newHost(registers(counts));

    const refused = await refusal(host.startWorkflow("unknown", 1, { n: 1 }));

    expect(isWfeError(refused, "WFE_DEFINITION_NOT_FOUND")).toBe(true);
    expect(entered).toBe(0);
  });

  it("is around runWorkflow and what steps start, and not around sub-workflows", async () => {
    const { host: newHost, use, clock } = await open();
    const entered: string[] = [];
    use({ aroundStart: (ctx, next) => (entered.push(ctx.definitionId), next()) });
    const starts = new WorkflowBuilder<Data>()
      .subWorkflow(counts, (data) => data)
      .thenFn("start", async (ctx) => void (await ctx.host.startWorkflow(counts, { n: 5 }, { id: ctx.idempotencyKey })))
      .build("starts", 1);
    const host = await newHost(registers(starts, counts));

    const done = host.runWorkflow(starts, { n: 0 });
    await clock.advance("1s");

    await done;
    expect(entered).toEqual(["starts", "counts"]);
  });

  it("may call next again when it has failed; the answer that was lost does not start it twice", async () => {
    const { build, use, store, clock } = await open();
    const providers = store.open();
    const { persistence } = providers;
    let tries = 0;
    const losing = replacing(persistence, {
      createNewWorkflow: async (workflow, now) => {
        tries += 1;
        const id = await persistence.createNewWorkflow(workflow, now);
        if (tries === 1) throw new WfeError("WFE_STORE_UNREACHABLE", "the answer was lost", { retryable: true });
        return id;
      },
    });
    use({ aroundStart: (_ctx, run) => run().catch(() => run()) });
    const host = build(registers(counts), { sweepInterval: "1s" }, { ...providers, persistence: losing });
    await host.start();

    const id = await host.startWorkflow(counts, { n: 1 });
    await clock.advance("31s"); // whose first answer was lost is another's to run for a lease

    expect(tries).toBe(2);
    expect(await host.countWorkflows()).toBe(1);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
  });

  it("that throws, or gives something else, when the workflow is started has that logged, and the caller gets the id", async () => {
    const { host: newHost, use, warnings } = await open();
    const error = new Error("afterwards");
    const ends: (() => Promise<string>)[] = [
      () => Promise.reject(error),
      () => Promise.resolve("other"),
      () => undefined as unknown as Promise<string>,
    ];
    let end = ends[0];
    use({ aroundStart: async (_ctx, next) => (await next(), end?.()) as never });
    const host = await newHost(registers(counts));

    const ids: string[] = [];
    for (const [n, given] of ends.entries()) {
      end = given;
      ids.push(await host.startWorkflow(counts, { n: 1 }, { id: `w${n}` }));
    }

    expect(ids).toEqual(["w0", "w1", "w2"]);
    const told = "aroundStart of the middleware number 1 has failed after next(); what it is around was done, and stands";
    expect(warnings.map(({ message, fields }) => [message, String((fields as { error: unknown }).error)])).toEqual([
      [told, "Error: afterwards"],
      [told, 'MiddlewareError: aroundStart of the middleware number 1 must return the id that next() gave, "w1": got "other"'],
      [told, 'MiddlewareError: aroundStart of the middleware number 1 must return the id that next() gave, "w2": got undefined'],
    ]);
  });

  it("that throws while the start is under way is waited for, so that a refusal means that nothing is stored", async () => {
    const { host: newHost, use, warnings } = await open();
    use({
      aroundStart: (_ctx, next) => {
        void next();
        return Promise.reject(new Error("too hasty"));
      },
    });
    const host = await newHost(registers(counts));

    const id = await host.startWorkflow(counts, { n: 1 }, { id: "w" });

    expect(id).toBe("w");
    expect(warnings).toHaveLength(1);
  });

  it("may give the id of a workflow that is there without next, and nothing else", async () => {
    const { host: newHost, use } = await open();
    const answers: unknown[] = ["w", "", undefined];
    use({ aroundStart: (ctx, next) => (ctx.options.id === "w" ? next() : Promise.resolve(answers.shift() as string)) });
    const host = await newHost(registers(counts));
    await host.startWorkflow(counts, { n: 1 }, { id: "w" });

    const id = await host.startWorkflow(counts, { n: 2 });
    const refused = [await refusal(host.startWorkflow(counts, { n: 3 })), await refusal(host.startWorkflow(counts, { n: 3 }))];

    expect(id).toBe("w");
    expect(refused.map((error) => isWfeError(error, "WFE_MIDDLEWARE_INVALID"))).toEqual([true, true]);
    expect(await host.countWorkflows()).toBe(1);
  });

  it("that calls next twice starts one workflow", async () => {
    const { host: newHost, use } = await open();
    const refused: unknown[] = [];
    use({
      aroundStart: async (_ctx, next) => {
        const [first, second] = await Promise.allSettled([next(), next()]);
        refused.push((second as PromiseRejectedResult).reason);
        return (first as PromiseFulfilledResult<string>).value;
      },
    });
    const host = await newHost(registers(counts));

    await host.startWorkflow(counts, { n: 1 });

    expect(refused).toEqual([expect.objectContaining({ code: "WFE_MIDDLEWARE_INVALID" })]);
    expect(await host.countWorkflows()).toBe(1);
  });

  it.each(["host", "client"] as const)("of a %s that hangs keeps stop for its time at most, and starts nothing afterwards", async (kind) => {
    const setting = await open();
    let goOn = (): void => {};
    const kept = new Promise<void>((resolve) => (goOn = resolve));
    const waits: Middleware["aroundStart"] = async (_ctx, next) => {
      await kept;
      return next();
    };
    setting.use({ aroundStart: waits });
    const starter = await starterOf(kind, setting);
    const start = refusal(starter.startWorkflow(counts, { n: 1 }));

    const stopped = (starter as unknown as { stop(): Promise<void> }).stop();
    await setting.clock.advance("31s");
    await stopped;
    goOn();

    expect(isWfeError(await start, "WFE_HOST_NOT_RUNNING")).toBe(true);
    setting.use();
    expect(await (await setting.client()).countWorkflows()).toBe(0);
  });
});
