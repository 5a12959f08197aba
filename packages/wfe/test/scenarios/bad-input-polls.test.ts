import { beforeEach, expect, it } from "vitest";
import { ErrorBehavior, type HttpClient, type PollEndpointConfig, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  id: string;
}

const ORIGIN = "https://jobs.test";
const config: PollEndpointConfig = { url: `${ORIGIN}/v1/{id}`, interval: "1s", timeout: "1m", until: { path: "state", equals: "done" } };
const asked: string[] = [];
beforeEach(() => void asked.splice(0));

/** What the endpoint answers depends on the last part of the path. */
const http: HttpClient = (url) => {
  asked.push(url);
  const answers: Readonly<Record<string, () => Response>> = {
    away: () => new Response(null, { status: 302, headers: { location: "https://elsewhere.test/v1/done" } }),
    down: () => new Response(null, { status: 302, headers: { location: "http://jobs.test/v1/done" } }),
    up: () => new Response(null, { status: 302, headers: { location: "/internal" } }),
    long: () => new Response(JSON.stringify({ state: "done", text: "x".repeat(1_000) })),
    no: () => new Response(null, { status: 403 }),
  };
  return Promise.resolve((answers[new URL(url).pathname.split("/").at(-1) ?? ""] ?? (() => Response.json({ state: "done" })))());
};

scenarios(
  "a poll that may not be",
  (open) => {
    it.each<[string, string, Partial<PollEndpointConfig>, number]>([
      ["WFE_POLL_URL_NOT_ALLOWED", "another host", { url: "https://elsewhere.test/v1/{id}" }, 0],
      ["WFE_POLL_URL_NOT_ALLOWED", "another scheme", { url: "http://jobs.test/v1/{id}" }, 0],
      ["WFE_POLL_URL_NOT_ALLOWED", "another port", { url: `${ORIGIN}:8443/v1/{id}` }, 0],
      ["WFE_POLL_URL_NOT_ALLOWED", "another path", { url: `${ORIGIN}/v10/{id}` }, 0],
      ["WFE_STEP_FAILED", "a path that leads out", { url: `${ORIGIN}/v1/../internal/{id}` }, 0],
      ["WFE_POLL_URL_INVALID", "a placeholder that leads out", { params: { id: ".." } }, 0],
      ["WFE_POLL_URL_INVALID", "a placeholder without a value", { url: `${ORIGIN}/v1/{unknown}` }, 0],
      ["WFE_POLL_SECRET_MISSING", "a secret that is missing", { headers: { authorization: "Bearer {secret:NONE}" } }, 0],
      ["WFE_POLL_REDIRECT_REFUSED", "a redirect to another host", { params: { id: "away" } }, 1],
      ["WFE_POLL_REDIRECT_REFUSED", "a redirect to another scheme", { params: { id: "down" } }, 1],
      ["WFE_POLL_REDIRECT_REFUSED", "a redirect out of the path", { params: { id: "up" } }, 1],
      ["WFE_POLL_BODY_TOO_LARGE", "a body that is too long", { params: { id: "long" } }, 1],
      ["WFE_POLL_REJECTED", "an answer that says no", { params: { id: "no" } }, 1],
    ])("fails its step with %s, once, and asks nobody else: %s", async (code, _, changes, requests) => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<Data>()
        .pollEndpoint(() => ({ ...config, ...changes }))
        .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 3 }))
        .build("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition), { pollEndpoints: { allow: [`${ORIGIN}/v1`], maxBodySize: 500 } });

      const id = await host.startWorkflow(definition, { id: "7" });
      await clock.advance("2m");

      expect((await host.getErrors(id)).map((error) => [error.attempt, error.code])).toEqual([[1, code]]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code } });
      expect(asked.length).toBe(requests);
      expect(asked.filter((url) => !url.startsWith(`${ORIGIN}/v1/`))).toEqual([]);
    });

    it("is refused by a host that allows nothing", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<Data>().pollEndpoint(config).build("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));

      const id = await host.startWorkflow(definition, { id: "7" });
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_POLL_URL_NOT_ALLOWED" } });
      expect(asked).toEqual([]);
    });
  },
  { prepare: (builder) => builder.useHttpClient(http) },
);
