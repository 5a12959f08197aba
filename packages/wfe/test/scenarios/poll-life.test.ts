import { expect, it } from "vitest";
import {
  ErrorBehavior,
  ExecutionResult,
  type HttpClient,
  type PollEndpointConfig,
  WorkflowBuilder,
  type WorkflowDefinition,
  WorkflowHostBuilder,
  type WorkflowHost,
} from "../../src/index.ts";
import { type Scenario, scenarios } from "./scenario.ts";

interface Data {
  off: boolean;
  seen: string[];
}

const config: PollEndpointConfig = { url: "https://jobs.test/1", interval: "10s", timeout: "1m", until: { path: "state", equals: "done" } };
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const fresh = (): Data => ({ off: false, seen: [] });
const add = (value: unknown, data: Data): void => void data.seen.push(JSON.stringify(value));
const allows = { pollEndpoints: { allow: ["https://jobs.test"] }, sweepInterval: "1d" } as const;
const ANSWER = '{"status":200,"body":{"state":"done"}}';

/** An endpoint that says when it was asked, in seconds from now on, and is done from an instant on. */
function endpoint({ clock }: Scenario, doneAfterMs: number): { readonly asked: number[]; readonly http: HttpClient } {
  const start = clock.now();
  const asked: number[] = [];
  const http: HttpClient = () => {
    asked.push((clock.now() - start) / 1_000);
    return Promise.resolve(Response.json({ state: clock.now() - start >= doneAfterMs ? "done" : "new" }));
  };
  return { asked, http };
}

/** A started host that asks with a client. */
async function hostOf(scenario: Scenario, http: HttpClient, ...definitions: readonly WorkflowDefinition<Data>[]): Promise<WorkflowHost> {
  const host = new WorkflowHostBuilder()
    .useProviders(scenario.store.open())
    .useClock(scenario.clock)
    .useHttpClient(http)
    .withOptions({ ...allows, takeOverInterval: "1d" })
    .build();
  for (const definition of definitions) host.registerWorkflowDefinition(definition);
  await host.start();
  return host;
}

scenarios("a poll", (open) => {
  it("is one start of its step and one completion, however often it asks", async () => {
    const scenario = await open();
    const { asked, http } = endpoint(scenario, 25_000);
    const definition = w().pollEndpoint(config).output(add).build("w", 1);
    const host = await hostOf(scenario, http, definition);
    const events = scenario.record(host);

    const id = await host.startWorkflow(definition, fresh());
    await scenario.clock.advance("1m");

    expect(asked).toEqual([0, 10, 20, 30]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: [ANSWER] } });
    expect(events.flatMap((event) => ("step" in event ? [`${event.type} ${event.attempt}`] : []))).toEqual(["stepStarted 1", "stepCompleted 4"]);
    expect((await host.getHistory(id))[0]).not.toHaveProperty("eventName");
    await host.stop();
  });

  it("goes on where it was at the host that takes over, with the deadline that it has", async () => {
    const scenario = await open();
    const { asked, http } = endpoint(scenario, 1e9);
    const definition = w()
      .pollEndpoint(config)
      .onTimeout((b) => b.thenFn("late", () => "late").output(add))
      .build("w", 1);
    const first = await hostOf(scenario, http, definition);
    const id = await first.startWorkflow(definition, fresh());
    await scenario.clock.advance("15s");
    await first.stop();
    await scenario.clock.advance("27s");

    const second = await hostOf(scenario, http, definition);
    await scenario.clock.advance("5m");

    expect(asked).toEqual([0, 10, 42, 52, 60]);
    expect(await second.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ['"late"'] } });
    await second.stop();
  });

  it("repeats a request that its host did not live to hear the answer of", async () => {
    const scenario = await open();
    const { asked, http } = endpoint(scenario, 15_000);
    const signals: AbortSignal[] = [];
    const hangs: HttpClient = (_url, { signal }) => {
      signals.push(signal);
      return signals.length < 2 ? Promise.resolve(Response.json({ state: "new" })) : new Promise(() => {});
    };
    const definition = w().pollEndpoint(config).output(add).build("w", 1);
    const first = await hostOf(scenario, hangs, definition);
    const id = await first.startWorkflow(definition, fresh());
    await scenario.clock.advance("12s");
    await first.stop({ timeout: 0 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);

    const second = await hostOf(scenario, http, definition);
    await scenario.clock.advance("5m");

    expect(asked).toEqual([12, 22]);
    expect(await second.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: [ANSWER] } });
    expect(await second.getErrors(id)).toEqual([]);
    await second.stop();
  });

  it("that was too slow fails, and is another poll with another deadline where the step asks for retries", async () => {
    const scenario = await open();
    const { asked, http } = endpoint(scenario, 100_000);
    const retried = w()
      .pollEndpoint({ ...config, timeout: "15s" })
      .output(add)
      .onError(ErrorBehavior.retry({ interval: "30s", maxRetries: 5 }))
      .build("retried", 1);
    const given = w()
      .defaultErrorBehavior(ErrorBehavior.retry({ interval: "1s", maxRetries: 9 }))
      .pollEndpoint({ ...config, timeout: "15s" })
      .build("given up", 1);
    const host = await hostOf(scenario, http, retried, given);

    const id = await host.startWorkflow(retried, fresh());
    await scenario.clock.advance("3m");

    expect(asked).toEqual([0, 10, 15, 45, 55, 60, 90, 100]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: [ANSWER] } });
    const late = await host.startWorkflow(given, fresh());
    expect((await host.getErrors(id)).map(({ code, attempt }) => [code, attempt])).toEqual([
      ["WFE_TIMEOUT", 3],
      ["WFE_TIMEOUT", 6],
    ]);
    await scenario.clock.settle();
    expect((await host.getWorkflow(late)).status).toBe("complete");
    await host.stop();
  });

  it("asks nothing while its instance is suspended, and once more at resume, even after its deadline", async () => {
    const scenario = await open();
    const { asked, http } = endpoint(scenario, 100_000);
    const definition = w().pollEndpoint(config).output(add).build("w", 1);
    const host = await hostOf(scenario, http, definition);
    const id = await host.startWorkflow(definition, fresh());
    await scenario.clock.advance("5s");
    expect(await host.suspendWorkflow(id)).toBe(true);
    await scenario.clock.advance("115s");
    expect(asked).toEqual([0]);

    await host.resumeWorkflow(id);
    await scenario.clock.settle();

    expect(asked).toEqual([0, 120]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: [ANSWER] } });
    await host.stop();
  });

  it("is not retried when its address is refused or its selected config is none, whatever its onError says; resume polls anew", async () => {
    const scenario = await open();
    const { http } = endpoint(scenario, 0);
    let selected: PollEndpointConfig = { ...config, url: "https://elsewhere.test/1" };
    const retry = ErrorBehavior.retry({ interval: "1s", maxRetries: 5 });
    const refused = w()
      .pollEndpoint(() => selected)
      .onError(retry)
      .build("refused", 1);
    const bad = w()
      .pollEndpoint(() => ({ ...config, interval: 0 }))
      .onError(retry)
      .build("bad", 1);
    const none = w()
      .pollEndpoint(() => undefined as unknown as PollEndpointConfig)
      .onError(ErrorBehavior.terminate())
      .build("none", 1);
    const host = await hostOf(scenario, http, refused, bad, none);

    const ids = await Promise.all([refused, bad, none].map((definition) => host.startWorkflow(definition, fresh())));
    await scenario.clock.advance("1m");

    const errors = await Promise.all(ids.map((id) => host.getErrors(id)));
    expect(errors.map((rows) => rows.map(({ code, message }) => [code, message]))).toMatchObject([
      [["WFE_POLL_URL_NOT_ALLOWED", expect.stringContaining("https://elsewhere.test")]],
      [["WFE_STEP_FAILED", "interval of pollEndpoint must be longer than 0"]],
      [["WFE_STEP_FAILED", "pollEndpoint takes its config, or a function that gives one"]],
    ]);
    const statuses = await Promise.all(ids.map(async (id) => (await host.getWorkflow(id)).status));
    expect(statuses).toEqual(["suspended", "suspended", "terminated"]);

    selected = config;
    await host.resumeWorkflow(ids[0] ?? "");
    await scenario.clock.settle();
    expect((await host.getWorkflow(ids[0] ?? "")).status).toBe("complete");
    await host.stop();
  });

  it("ends with its cancelWhen: between two requests, and during one, which is aborted", async () => {
    const scenario = await open();
    const signals: AbortSignal[] = [];
    const http: HttpClient = (url, { signal }) => {
      if (url.endsWith("1")) return Promise.resolve(Response.json({}));
      signals.push(signal);
      return new Promise(() => {});
    };
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .pollEndpoint(config)
              .cancelWhen((data) => data.off, { proceed: true })
              .thenFn("one", () => 1)
              .output(add),
          )
          .branch((b) =>
            b
              .pollEndpoint({ ...config, url: "https://jobs.test/2" })
              .cancelWhen((data) => data.off)
              .thenFn("two", () => expect.fail("its chain has ended")),
          )
          .branch((b) =>
            b
              .delay("15s")
              .thenFn("off", () => true)
              .saveAs("off"),
          ),
      )
      .build("w", 1);
    const host = await hostOf(scenario, http, definition);

    const id = await host.startWorkflow(definition, fresh());
    await scenario.clock.advance("15s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["1"] } });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    const polls = (await host.getHistory(id)).filter(({ stepName }) => stepName?.startsWith("pollEndpoint"));
    expect(polls.map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    for (const poll of polls) expect(poll).not.toHaveProperty("eventKey");
    await host.stop();
  });

  it("that a step has asked for keeps the step's state, and its end without an answer is the step's failure", async () => {
    const scenario = await open();
    const { asked, http } = endpoint(scenario, 25_000);
    const persists = w()
      .thenFn("persists", (ctx) => {
        if (ctx.persistenceData === undefined) return ExecutionResult.persist({ kept: "state" });
        if (ctx.eventData === undefined) return ExecutionResult.pollEndpoint(config);
        return [ctx.persistenceData, ctx.eventData];
      })
      .output(add)
      .build("persists", 1);
    const late = w()
      .thenFn("late", () => ExecutionResult.pollEndpoint({ ...config, timeout: "15s" }))
      .onError(ErrorBehavior.suspend())
      .build("late", 1);
    const host = await hostOf(scenario, http, persists, late);

    const ids = [await host.startWorkflow(persists, fresh()), await host.startWorkflow(late, fresh())] as const;
    await scenario.clock.advance("1m");

    expect(asked.toSorted((a, b) => a - b)).toEqual([0, 0, 10, 10, 15, 20, 30]);
    expect(await host.getWorkflow(ids[0])).toMatchObject({ status: "complete", data: { seen: [`[{"kept":"state"},${ANSWER}]`] } });
    expect(await host.getWorkflow(ids[1])).toMatchObject({ status: "suspended", error: { code: "WFE_TIMEOUT" } });
    await host.stop();
  });
});
