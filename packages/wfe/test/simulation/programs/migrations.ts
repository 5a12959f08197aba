import { type AnyDefinition, defineEvent, ExecutionResult, isWfeError, NonRetryableError, WorkflowBuilder } from "../../../src/index.ts";
import type { FinalState, ProgramFactory, Stimulus } from "../../../src/test-support/index.ts";
import { data, type Log } from "./log.ts";

const go = defineEvent<number>("go");
const MARK = "migrated";

/**
 * Instances are taken to another version wherever they are, running steps called off: each goes on where it was, undoes what it has done in its
 * saga, and has its data made anew once.
 */
export const migrations: ProgramFactory = (bodies) => {
  const version = (n: number): AnyDefinition => {
    const builder = new WorkflowBuilder<Log>();
    return (n === 1 ? builder : builder.thenFn("new", (ctx) => bodies.pause(ctx)))
      .thenFn("a", (ctx) => bodies.sleep(ctx, 200))
      .output((_, d) => void d.log.push("a"))
      .saga((s) =>
        (n === 1 ? s : s.thenFn("also new", (ctx) => bodies.pause(ctx)).compensateWithFn("undo also new", () => undefined))
          .thenFn("b", (ctx) => bodies.sleep(ctx, 300))
          .output((_, d) => void d.log.push("b"))
          .compensateWithFn("undo b", async (ctx) => {
            await bodies.pause(ctx);
            return ExecutionResult.next({ output: { log: [...ctx.data.log, "undo b"] } });
          })
          .parallel((p) =>
            p
              .branch((b) => b.waitFor(go, (d) => d.key))
              .branch((b) =>
                b
                  .delay(400)
                  .thenFn("timed", (ctx) => bodies.pause(ctx))
                  .output((_, d) => void d.log.push("timed")),
              ),
          )
          .thenFn("c", async (ctx) => {
            await bodies.pause(ctx);
            if (ctx.data.key.startsWith("fails")) throw new NonRetryableError("declined");
          })
          .output((_, d) => void d.log.push("c")),
      )
      .thenFn("d", (ctx) => bodies.sleep(ctx, 200))
      .output((_, d) => void d.log.push("d"))
      .build("migrations", n);
  };
  const [one, two] = [version(1), version(2)];
  const ids = ["ends 1", "ends 2", "fails 1", "fails 2"];
  const migrate = (id: string, index: number): Stimulus => ({
    name: `migrate ${id}`,
    atMs: 150 + 350 * index,
    after: [`start ${id}`],
    everyMs: 2_000,
    act: async (client) => {
      const options = { interruptRunning: true, data: (d: Readonly<Log>) => ({ ...d, log: [...d.log, MARK] }) };
      try {
        return (await client.migrateWorkflow<Log, Log>(id, 2, options)).migrated;
      } catch (error) {
        if (!isWfeError(error, "WFE_MIGRATION_REFUSED")) throw error;
        return error.message; // it is over
      }
    },
  });
  return {
    name: "migrations",
    definitions: [one, two],
    stimuli: [
      ...ids.map(
        (id): Stimulus => ({
          name: `start ${id}`,
          atMs: 0,
          act: (client) => client.startWorkflow("migrations", 1, data(id), { id, name: `name of ${id}` }),
        }),
      ),
      ...ids.map(
        (id): Stimulus => ({
          name: `go ${id}`,
          atMs: 1_000,
          after: [`start ${id}`],
          act: (client) => client.publishEvent(go, id, 1, { id: `go ${id}` }),
        }),
      ),
      ...ids.map(migrate),
    ],
    workflowIds: ids,
    verdict: (final) =>
      ids.flatMap((id) => faultsOf(final, id, id.startsWith("fails") ? ["a", "b", "timed", "undo b", "d"] : ["a", "b", "timed", "c", "d"])),
  };
};

function faultsOf(final: FinalState, id: string, expected: readonly string[]): readonly string[] {
  const record = final.records.get(id);
  const log = record === undefined ? [] : (JSON.parse(record.data) as Log).log;
  const marks = log.filter((line) => line === MARK).length;
  const is = JSON.stringify([record?.status, log.filter((line) => line !== MARK), marks]);
  const should = JSON.stringify(["complete", expected, record?.version === 2 ? 1 : 0]);
  return is === should ? [] : [`${id} is ${is}, and should be ${should}`];
}
