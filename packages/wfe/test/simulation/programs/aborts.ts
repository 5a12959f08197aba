import { WorkflowBuilder } from "../../../src/index.ts";
import type { ProgramFactory } from "../../../src/test-support/index.ts";
import { data, type Log } from "./log.ts";

/** Far longer than it takes to hear of a command. */
const LONG_MS = 400_000;

/** Bodies that would run for minutes are called off when their instance is terminated, on whatever host, in children too. */
export const aborts: ProgramFactory = (bodies) => {
  let late = 0;
  const runsLong = async (ctx: Parameters<typeof bodies.sleep>[0]): Promise<void> => {
    await bodies.sleep(ctx, LONG_MS);
    late += 1;
  };
  const child = new WorkflowBuilder<Log>().thenFn("inner", runsLong).build("aborts-child", 1);
  const definition = new WorkflowBuilder<Log>()
    .parallel((p) => p.branch((b) => b.thenFn("outer", runsLong)).branch((b) => b.subWorkflow(child, (d) => data(d.key))))
    .build("aborts", 1);
  const ids = ["t1", "t2", "t3"];
  return {
    name: "aborts",
    definitions: [definition, child],
    stimuli: ids.flatMap((id, n) => [
      { name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) },
      { name: `terminate ${id}`, atMs: 1_000 + 3_000 * n, after: [`start ${id}`], act: (client) => client.terminateWorkflow(id) },
    ]),
    workflowIds: ids,
    verdict: ({ records }) => [
      ...(late === 0 ? [] : [`${late} bodies have run to their end`]),
      ...[...records.values()].flatMap(({ id, status }) => (status === "terminated" ? [] : [`${id} is ${status}`])),
    ],
  };
};
