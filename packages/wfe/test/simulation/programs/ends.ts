import { WorkflowBuilder } from "../../../src/index.ts";
import type { ProgramFactory, Stimulus } from "../../../src/test-support/index.ts";

interface Log {
  readonly key: string;
  log: string[];
}

/** An instance that ends while it waits, for an event and for a child; and an event of before its creation, which is not for it. */
export const ends: ProgramFactory = (bodies) => {
  const child = new WorkflowBuilder<Log>().waitFor("nothing", (d) => d.key).build("endless", 1);
  const definition = new WorkflowBuilder<Log>()
    .parallel((p) =>
      p
        .branch((b) => b.waitFor("never", (d) => d.key))
        .branch((b) => b.subWorkflow(child, (d) => ({ key: d.key, log: [] })))
        .branch((b) =>
          b
            .waitFor("early", (d) => d.key, { timeout: 600 })
            .output((_, d) => void d.log.push("early"))
            .onTimeout((t) => t.thenFn("late", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("late")))
            .endWorkflow(),
        ),
    )
    .build("ends", 1);
  const ids = ["n1", "n2", "n3"];
  return {
    name: "ends",
    definitions: [definition, child],
    stimuli: ids.flatMap((id): readonly Stimulus[] => [
      { name: `publish ${id}`, atMs: 0, act: (client) => client.publishEvent("early", id, 1, { id: `early ${id}` }) },
      {
        name: `start ${id}`,
        atMs: 100,
        after: [`publish ${id}`],
        act: (client) => client.startWorkflow(definition, { key: id, log: [] }, { id }),
      },
    ]),
    workflowIds: ids,
    verdict: ({ records }) =>
      [...records.values()].flatMap(({ id, parent, status, data }) => {
        const [is, should] =
          parent === undefined ? [`${status} ${(JSON.parse(data) as Log).log.join()}`, "complete late"] : [String(status), "terminated"];
        return is === should ? [] : [`${id} is ${is}, and should be ${should}`];
      }),
  };
};
