import { expect, it } from "vitest";
import { CONTAINERS, type ContainerKind, type Nest, NestedWorkflow } from "./nested-workflow.ts";
import { scenarios } from "./scenario.ts";

/** Four kinds in each other: the first two as given, the others such that over all pairs every kind comes at every depth. */
function kindsBelow(outer: number, inner: number): readonly ContainerKind[] {
  return [outer, inner, outer + 3 * inner + 1, 5 * outer + inner + 2].map((index) => CONTAINERS[index % CONTAINERS.length] ?? "ifDo");
}

/** Interruptions before a test gives up; a tenth of them is more than it takes. */
const MOST_ROUNDS = 300;

scenarios("containers in each other", (open) => {
  it.each(CONTAINERS)("to a depth of four, the outermost being %s, run each step once, in order, and join", async (kind) => {
    const { host: newHost, clock } = await open();
    const outer = CONTAINERS.indexOf(kind);
    const workflows = CONTAINERS.map((_, inner) => {
      const kinds = kindsBelow(outer, inner);
      const ran: string[] = [];
      return { kinds, ran, nested: new NestedWorkflow(kinds.join(" "), kinds, ran) };
    });
    const host = await newHost((h) => workflows.forEach(({ nested }) => h.registerWorkflowDefinition(nested.definition)));

    const runs = Promise.all(workflows.map(({ nested }) => host.runWorkflow(nested.definition, { seen: [], counts: {} })));
    await clock.advance("2s");

    const faults = (await runs).flatMap(({ seen }, index) => {
      const { nested, ran } = workflows[index] as (typeof workflows)[number]; // one run of each
      return [...nested.faults(ran), ...nested.faults(seen)];
    });
    expect(faults).toEqual([]);
  });

  it("run each step once when the host is stopped in the midst of them again and again", async () => {
    const { host: newHost, client: newClient, clock } = await open();
    const workflows = CONTAINERS.map((_, index) => {
      const ran: string[] = [];
      return { ran, nested: new NestedWorkflow(`workflow ${index}`, kindsBelow(index, index + 1), ran) };
    });
    const host = await newHost((h) => workflows.forEach(({ nested }) => h.registerWorkflowDefinition(nested.definition)));
    const client = await newClient();
    const ids = await Promise.all(workflows.map(({ nested }) => host.startWorkflow(nested.definition, { seen: [], counts: {} })));
    const stepsAtStop: number[] = [];
    const steps = (): number => workflows.reduce((count, { ran }) => count + ran.length, 0);

    for (let round = 0; round < MOST_ROUNDS && (await client.countWorkflows({ status: "complete" })) < ids.length; round += 1) {
      for (let turn = 0; turn < round; turn += 1) await new Promise<void>((resolve) => clock.defer(resolve));
      const stopping = host.stop();
      await clock.advance(10);
      await stopping;
      stepsAtStop.push(steps());
      await host.start();
    }

    const ends = await Promise.all(ids.map((id) => client.getWorkflow(id)));
    const faults = ends.flatMap(({ data }, index) => {
      const { nested, ran } = workflows[index] as (typeof workflows)[number];
      return [...nested.faults(ran), ...nested.faults((data as Nest).seen)];
    });
    expect(faults).toEqual([]);
    expect(stepsAtStop.filter((count) => count < steps()).length).toBeGreaterThan(1);
  });

  it("run each step once when they are suspended and resumed in the midst of them again and again", async () => {
    const { host: newHost, clock } = await open();
    const workflows = CONTAINERS.map((_, index) => {
      const ran: string[] = [];
      return { ran, nested: new NestedWorkflow(`workflow ${index}`, kindsBelow(index, index + 2), ran) };
    });
    const host = await newHost((h) => workflows.forEach(({ nested }) => h.registerWorkflowDefinition(nested.definition)));
    const ids = await Promise.all(workflows.map(({ nested }) => host.startWorkflow(nested.definition, { seen: [], counts: {} })));
    let suspensions = 0;

    for (let round = 0; round < MOST_ROUNDS && (await host.countWorkflows({ status: "complete" })) < ids.length; round += 1) {
      for (let turn = 0; turn < round; turn += 1) await new Promise<void>((resolve) => clock.defer(resolve));
      for (const id of ids) suspensions += (await host.suspendWorkflow(id)) ? 1 : 0;
      await clock.advance(10);
      for (const id of ids) await host.resumeWorkflow(id);
    }

    const ends = await Promise.all(ids.map((id) => host.getWorkflow(id)));
    const faults = ends.flatMap(({ data }, index) => {
      const { nested, ran } = workflows[index] as (typeof workflows)[number];
      return [...nested.faults(ran), ...nested.faults((data as Nest).seen)];
    });
    expect(faults).toEqual([]);
    expect(suspensions).toBeGreaterThan(ids.length);
  });
});
