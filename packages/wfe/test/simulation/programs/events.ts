import { defineEvent, WorkflowBuilder } from "../../../src/index.ts";
import type { ProgramFactory, Stimulus } from "../../../src/test-support/index.ts";
import { data, ended, sorted, type Log } from "./log.ts";

const go = defineEvent<number>("go");

/** Waits in a loop and beside each other, timeouts, and events before, while and after them. */
export const events: ProgramFactory = (bodies) => {
  const definition = new WorkflowBuilder<Log>()
    .thenFn("begin", (ctx) => bodies.pause(ctx))
    .forEach(
      () => [0, 1, 2],
      (each) => each.waitFor(go, (d) => d.key).output((n, d) => void d.log.push(`go ${String(n)}`)),
      { parallel: false },
    )
    .parallel((p) =>
      p
        .branch((b) => b.waitFor(go, (d) => `${d.key} shared`).output((_, d) => void d.log.push("left")))
        .branch((b) => b.waitFor(go, (d) => `${d.key} shared`).output((_, d) => void d.log.push("right")))
        .branch((b) =>
          b
            .waitFor("never", (d) => d.key, { timeout: 1_500 })
            .onTimeout((t) => t.thenFn("late", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("timeout"))),
        ),
    )
    .build("events", 1);
  const ids = ["e1", "e2"];
  const publish = (id: string, n: number, atMs: number, key = id): Stimulus => ({
    name: `publish ${key} ${n}`,
    atMs,
    after: [`start ${id}`],
    act: (client) => client.publishEvent(go, key, n, { id: `${key} ${n}`, time: new Date(Date.UTC(2025, 0, 1) + n) }),
  });
  return {
    name: "events",
    definitions: [definition],
    stimuli: ids.flatMap((id) => [
      { name: `start ${id}`, atMs: 100, act: (client) => client.startWorkflow(definition, data(id), { id }) } satisfies Stimulus,
      publish(id, 0, 0),
      publish(id, 1, 900),
      publish(id, 2, 900),
      publish(id, 3, 1_400, `${id} shared`),
    ]),
    workflowIds: ids,
    verdict: (final) => [
      ...ids.flatMap((id) => ended(final, id, "complete", sorted, ["go 0", "go 1", "go 2", "left", "right", "timeout"])),
      ...ids.flatMap((id) => {
        const used = new Set(final.consumed.filter(({ workflowId }) => workflowId === id).map(({ eventId }) => eventId));
        return used.size === 4 ? [] : [`${id} has used ${[...used].join(", ")}`];
      }),
    ],
  };
};
