import { expect, it } from "vitest";
import { runWorkflowSync, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const one = new WorkflowBuilder<Count>()
  .thenFn("one", () => 1)
  .saveAs("n")
  .build("one", 1);
/** What the compiler would refuse, as it comes from JavaScript. */
const wrong = (value: unknown): never => value as never;

scenarios("bad arguments", (open) => {
  it.each([
    ["an id that is no text", { id: wrong(5) }, "a workflow's id must be a string: got 5"],
    ["a blank id", { id: " " }, 'a workflow\'s id must have 1 to 200 bytes, and not only blanks: got " "'],
    ["a name that is no text", { name: wrong({}) }, "a workflow's name must be a string: got an object"],
    ["a reference that is no text", { reference: wrong(5) }, "a workflow's reference must be a string: got 5"],
    ["a startAt that is no Date", { startAt: wrong("2030-01-01") }, 'startAt must be a Date: got "2030-01-01"'],
    ["a startAt that is invalid", { startAt: new Date(Number.NaN) }, "startAt is an invalid Date"],
  ])("of a start are refused with what is wrong, and nothing is stored: %s", async (_, options, message) => {
    const { host: newHost } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(one));

    await expect(host.startWorkflow(one, { n: 0 }, options)).rejects.toThrow(message);

    expect(await host.countWorkflows()).toBe(0);
  });

  it("of runWorkflow are refused before anything starts: a timeout, a signal, an onSuspended", async () => {
    const { host: newHost } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(one));

    await expect(host.runWorkflow(one, { n: 0 }, { timeout: wrong("5 minutes") })).rejects.toThrow("timeout must be milliseconds");
    await expect(host.runWorkflow(one, { n: 0 }, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "WFE_CANCELLED" });
    await expect(host.runWorkflow(one, { n: 0 }, { onSuspended: wrong("ignore") })).rejects.toThrow('onSuspended must be "reject" or "wait"');
    await expect(runWorkflowSync(host, "one", 1, { n: 0 }, wrong("soon"))).rejects.toThrow("timeout must be milliseconds");

    expect(await host.countWorkflows()).toBe(0);
  });

  it("of a start by id say that a version is needed", async () => {
    const { host: newHost } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(one));

    const started = (host.startWorkflow as unknown as (id: string, input: unknown) => Promise<string>).call(host, "one", { n: 0 });

    await expect(started).rejects.toThrow("needs a version");
  });

  it("of look-ups and of events are refused with what is wrong", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(one));

    await expect(host.getWorkflow(wrong(undefined))).rejects.toThrow("a workflow's id or name must be a string: got undefined");
    await expect(host.waitForWorkflow(wrong(undefined) as WorkflowDefinition<Count>, wrong(5))).rejects.toThrow("must be a string");
    await expect(host.publishEvent("e", wrong(5), 1)).rejects.toThrow("an event's key must be a string: got 5");
    await expect(host.publishEvent("e", "k", 1, { id: wrong(5) })).rejects.toThrow("an event's id must be a string: got 5");
    await expect(host.publishEvent("e", "k", 1, { id: "" })).rejects.toThrow("an event's id must have 1 to 200 bytes");
    await expect(host.publishEvent("e", "k", 1, { id: "wfe.completed/x" })).rejects.toThrow("the engine's own");
    await expect(host.publishEvent("e", "k", 1, { time: wrong("2030-01-01") })).rejects.toThrow('the event\'s time must be a Date: got "2030-01-01"');
    await clock.settle();

    expect(await host.countWorkflows()).toBe(0);
  });
});
