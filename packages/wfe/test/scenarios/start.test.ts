import { expect, it } from "vitest";
import {
  DefinitionExistsError,
  DefinitionNotFoundError,
  WorkflowBuilder,
  type WorkflowDefinition,
  WorkflowAlreadyExistsError,
  WorkflowNameTakenError,
} from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

/** Adds one to its number; `ran` tells how often. */
function counting(id: string, version: number, ran: string[] = []): WorkflowDefinition<Count> {
  return new WorkflowBuilder<Count>()
    .thenFn("add", (ctx) => {
      ran.push(ctx.workflow.id);
      return ctx.data.n + 1;
    })
    .saveAs("n")
    .build(id, version);
}

scenarios(
  "start",
  (open) => {
    it("gives the id and starts nothing when a start with an id is repeated, before and after the end, on any host", async () => {
      const { host: newHost, clock } = await open();
      const ran: string[] = [];
      const definition = counting("w", 1, ran);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const other = await newHost((h) => h.registerWorkflowDefinition(definition));

      expect(await host.startWorkflow(definition, { n: 1 }, { id: "mine", name: "My own" })).toBe("mine");
      expect(await host.startWorkflow(definition, { n: 1 }, { id: "mine", name: "My own" })).toBe("mine");
      await clock.advance("1m");
      expect(await host.startWorkflow("w", 1, { n: 1 }, { id: "mine" })).toBe("mine");
      expect(await other.startWorkflow(definition, { n: 1 }, { id: "mine" })).toBe("mine");
      await clock.advance("1m");

      expect(ran).toEqual(["mine"]);
      expect(await host.countWorkflows()).toBe(1);
      expect(await other.getWorkflow("mine")).toMatchObject({ status: "complete", data: { n: 2 }, name: "My own" });
    });

    it("takes the same input with its keys in another order for the same", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<{ a: number; b: { c: number; d: number } }>().thenFn("a", () => {}).build("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));

      await host.startWorkflow(definition, { a: 1, b: { c: 2, d: 3 } }, { id: "x" });

      expect(await host.startWorkflow(definition, { b: { d: 3, c: 2 }, a: 1 }, { id: "x" })).toBe("x");
      await clock.settle();
      expect(await host.countWorkflows()).toBe(1);
    });

    it("refuses an id in use for other input, another definition or another version, and leaves the instance alone", async () => {
      const { host: newHost, clock } = await open();
      const definitions = [counting("w", 1), counting("w", 2), counting("v", 1)] as const;
      const host = await newHost((h) => {
        for (const definition of definitions) h.registerWorkflowDefinition(definition);
      });
      await host.startWorkflow(definitions[0], { n: 1 }, { id: "x" });

      for (const [definition, n] of [
        [definitions[0], 2],
        [definitions[1], 1],
        [definitions[2], 1],
      ] as const) {
        const refused = host.startWorkflow(definition, { n }, { id: "x" });
        await expect(refused).rejects.toBeInstanceOf(WorkflowAlreadyExistsError);
        await expect(refused).rejects.toMatchObject({
          code: "WFE_WORKFLOW_ALREADY_EXISTS",
          workflowId: "x",
          existing: { definitionId: "w", version: 1 },
        });
      }
      await clock.settle();

      expect(await host.countWorkflows()).toBe(1);
      expect(await host.getWorkflow("x")).toMatchObject({ status: "complete", version: 1, data: { n: 2 } });
    });

    it("makes one instance of concurrent repeats from two hosts, and runs it once", async () => {
      const { host: newHost, clock } = await open();
      const ran: string[] = [];
      const definition = counting("w", 1, ran);
      const [one, two] = [
        await newHost((h) => h.registerWorkflowDefinition(definition)),
        await newHost((h) => h.registerWorkflowDefinition(definition)),
      ];

      const starts = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? one : two).startWorkflow(definition, { n: 1 }, { id: "x" }));
      expect(await Promise.all(starts)).toEqual(Array.from({ length: 10 }, () => "x"));
      await clock.advance("1m");

      expect(ran).toEqual(["x"]);
      expect(await one.countWorkflows()).toBe(1);
      expect(await two.getWorkflow("x")).toMatchObject({ status: "complete", data: { n: 2 } });
    });

    it("finds an instance by the name given and by a reference, and refuses a name that is taken", async () => {
      const { host: newHost, clock } = await open();
      const definition = counting("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await host.startWorkflow(definition, { n: 1 }, { name: "order of Ada", reference: "customer 7" });
      await host.startWorkflow(definition, { n: 5 }, { reference: "customer 8" });
      await clock.settle();

      const refused = host.startWorkflow(definition, { n: 1 }, { name: "order of Ada" });
      await expect(refused).rejects.toBeInstanceOf(WorkflowNameTakenError);
      await expect(refused).rejects.toMatchObject({ code: "WFE_WORKFLOW_NAME_TAKEN", workflowName: "order of Ada" });

      expect(await host.getWorkflow("order of Ada")).toMatchObject({ id, name: "order of Ada", reference: "customer 7", data: { n: 2 } });
      expect(await host.waitForWorkflow(definition, "order of Ada")).toMatchObject({ id });
      expect((await host.getHistory("order of Ada")).map(({ stepName }) => stepName)).toEqual(["add"]);
      expect((await host.listWorkflows({ reference: "customer 7" })).items.map((item) => item.id)).toEqual([id]);
      expect((await host.listWorkflows({ name: "order of Ada" })).items.map((item) => item.id)).toEqual([id]);
      expect(await host.countWorkflows()).toBe(2);
    });

    it("does not run an instance before its startAt, then runs it, near and far", async () => {
      const { host: newHost, clock } = await open();
      const ran: string[] = [];
      const definition = counting("w", 1, ran);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1m" });
      const at = (ms: number): Date => new Date(clock.now() + ms);

      const near = await host.startWorkflow(definition, { n: 1 }, { startAt: at(60_000), id: "near" });
      const far = await host.startWorkflow(definition, { n: 1 }, { startAt: at(18_000_000), id: "far" });
      await host.startWorkflow(definition, { n: 1 }, { startAt: at(-60_000), id: "past" });
      await clock.advance(59_999);
      expect(ran).toEqual(["past"]);
      expect(await host.getWorkflow(near)).toMatchObject({ status: "runnable", data: { n: 1 } });
      await clock.advance(1);
      expect(ran).toEqual(["past", "near"]);
      await clock.advance(18_000_000 - 60_001);
      expect(ran).toEqual(["past", "near"]);
      await clock.advance(60_001); // a far one is found by the sweep

      expect(ran).toEqual(["past", "near", "far"]);
      expect(await host.getWorkflow(far)).toMatchObject({ status: "complete", data: { n: 2 } });
    });

    it("runs an instance at its startAt on another host when the one that took it has stopped", async () => {
      const { host: newHost, clock } = await open();
      const ran: string[] = [];
      const definition = counting("w", 1, ran);
      const first = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await first.startWorkflow(definition, { n: 1 }, { startAt: new Date(clock.now() + 60_000) });
      await first.stop();
      const second = await newHost((h) => h.registerWorkflowDefinition(definition));
      await clock.advance("59s");
      expect(ran).toEqual([]);

      await clock.advance("2s");

      expect(await second.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
      expect(ran).toEqual([id]);
    });

    it("refuses a definition or version that the host does not know, and another graph under a known one", async () => {
      const { host: newHost } = await open();
      const definition = counting("w", 1);
      const changed = new WorkflowBuilder<Count>()
        .thenFn("add", () => {})
        .thenFn("another", () => {})
        .build("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));

      await expect(host.startWorkflow("none", 1, { n: 1 })).rejects.toBeInstanceOf(DefinitionNotFoundError);
      await expect(host.startWorkflow("w", 2, { n: 1 })).rejects.toMatchObject({ code: "WFE_DEFINITION_NOT_FOUND", definitionId: "w", version: 2 });
      await expect(host.startWorkflow(counting("v", 1), { n: 1 })).rejects.toBeInstanceOf(DefinitionNotFoundError);
      await expect(host.startWorkflow(changed, { n: 1 })).rejects.toBeInstanceOf(DefinitionExistsError);
      await expect(host.startWorkflow(changed, { n: 1 })).rejects.toMatchObject({ code: "WFE_DEFINITION_EXISTS" });
      expect(await host.countWorkflows()).toBe(0);
    });

    it.each([
      ["an invalid startAt", { startAt: new Date(Number.NaN) }],
      ["a blank id", { id: " " }],
      ["a long id", { id: "é".repeat(101) }],
      ["a blank name", { name: "  " }],
      ["a long name", { name: "n".repeat(201) }],
      ["a name that looks like an id", { name: "6f8c1f0e-0a7e-4a43-9d3b-0d5c5f1f2a3b" }],
      ["a name that looks generated", { name: "w-17" }],
    ])("refuses %s with a RangeError, and stores nothing", async (_, options) => {
      const { host: newHost } = await open();
      const definition = counting("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));

      await expect(host.startWorkflow(definition, { n: 1 }, options)).rejects.toBeInstanceOf(RangeError);

      expect(await host.countWorkflows()).toBe(0);
    });
  },
  { sweeping: true },
);
