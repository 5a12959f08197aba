import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ExecutionResult, type PollEndpointConfig, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  id: string;
  state: string;
}

/** States that a job goes through, one with each request. */
const jobs = new Map<string, string[]>();
let server: Server;
let origin = "";

beforeAll(async () => {
  server = createServer((request, response) => {
    const states = jobs.get(request.url ?? "") ?? [];
    const state = states.length > 1 ? states.shift() : states[0];
    response.writeHead(state === undefined ? 404 : 200, { "content-type": "application/json" }).end(JSON.stringify({ state: state ?? null }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

const config = (id: string): PollEndpointConfig => ({
  url: `${origin}/jobs/{id}`,
  params: { id },
  interval: "10s",
  timeout: "1m",
  until: { path: "state", equals: "done" },
});

/** Real requests and virtual time: lets both go on until a condition holds. */
async function until(holds: () => Promise<boolean> | boolean, step: () => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await holds()) return;
    await step();
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it never came to hold");
}

scenarios("a poll", (open) => {
  it("asks again until the endpoint says so, and gives its answer", async () => {
    const { host: newHost, clock } = await open();
    jobs.set("/jobs/a", ["new", "running", "done"]);
    const definition = new WorkflowBuilder<Data>()
      .pollEndpoint((data) => config(data.id))
      .output((answer, data) => {
        data.state = JSON.stringify(answer);
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { pollEndpoints: { allow: [origin] } });

    const id = await host.startWorkflow(definition, { id: "a", state: "" });
    await until(
      async () => (await host.getWorkflow(id)).status !== "runnable",
      () => clock.advance("1s"),
    );

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { state: '{"status":200,"body":{"state":"done"}}' } });
  });

  it("that a step asks for wakes it with the answer", async () => {
    const { host: newHost, clock } = await open();
    jobs.set("/jobs/b", ["new", "done"]);
    const definition = new WorkflowBuilder<Data>()
      .thenFn("step", (ctx) => (ctx.eventData === undefined ? ExecutionResult.pollEndpoint(config("b")) : JSON.stringify(ctx.eventData)))
      .output((text, data) => {
        data.state = text ?? "";
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { pollEndpoints: { allow: [origin] } });

    const id = await host.startWorkflow(definition, { id: "b", state: "" });
    await until(
      async () => (await host.getWorkflow(id)).status !== "runnable",
      () => clock.advance("1s"),
    );

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { state: '{"status":200,"body":{"state":"done"}}' } });
  });

  it("that is not content in time leads into its block", async () => {
    const { host: newHost, clock } = await open();
    jobs.set("/jobs/c", ["new"]);
    const definition = new WorkflowBuilder<Data>()
      .pollEndpoint(config("c"))
      .onTimeout((b) =>
        b
          .thenFn("late", () => "late")
          .output((text, data) => {
            data.state = text;
          }),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { pollEndpoints: { allow: [origin] } });

    const id = await host.startWorkflow(definition, { id: "c", state: "" });
    await until(
      async () => (await host.getWorkflow(id)).status !== "runnable",
      () => clock.advance("1s"),
    );

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { state: "late" } });
  });

  it("outside the allow-list fails at once, without a request", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>().pollEndpoint(() => config("d")).build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { pollEndpoints: { allow: ["https://example.org"] } });

    const id = await host.startWorkflow(definition, { id: "d", state: "" });
    await until(
      async () => (await host.getWorkflow(id)).status !== "runnable",
      () => clock.settle(),
    );

    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_POLL_URL_NOT_ALLOWED" } });
  });
});
