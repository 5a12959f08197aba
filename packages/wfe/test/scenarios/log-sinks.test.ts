import { expect, it } from "vitest";
import { bufferedLogSink, type LogEntry, type LogSink, WorkflowBuilder } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const LINES = 100;

/** 20 steps that log much, and write much output. */
const talks = new WorkflowBuilder<Data>()
  .whileDo(
    ({ n }) => n < 20,
    (b) =>
      b
        .thenFn("talk", (ctx) => {
          for (let line = 0; line < LINES; line += 1) ctx.log.info(`line ${line}`, { n: ctx.data.n });
          ctx.log.stream("stdout", "x".repeat(200_000));
          return ctx.data.n + 1;
        })
        .saveAs("n"),
  )
  .build("talks", 1);

const bad: Readonly<Record<string, (entry: LogEntry) => unknown>> = {
  throws: () => {
    throw new Error("the disk is full");
  },
  rejects: () => Promise.reject(new Error("the disk is full")),
  hangs: () => new Promise(() => {}),
};
let sink: LogSink = { write: () => {} };

scenarios(
  "a log sink",
  (open) => {
    it.each(Object.keys(bad))("that %s disturbs nothing", async (how) => {
      const { host: newHost, clock } = await open();
      sink = { write: bad[how] as LogSink["write"] };
      const host = await newHost(registers(talks));

      const done = host.runWorkflow(talks, { n: 0 }, { id: "w" });
      await clock.advance("1s");

      expect(await done).toEqual({ n: 20 });
      expect(await host.getErrors("w")).toEqual([]);
    });

    it("that is buffered before a destination that hangs keeps its bound, and tells what was lost when it goes on", async () => {
      const { host: newHost, clock } = await open();
      const written: LogEntry[] = [];
      let goOn = (): void => {};
      const hangs = new Promise<void>((resolve) => (goOn = resolve));
      const buffered = bufferedLogSink(
        async (entries) => {
          await hangs;
          written.push(...entries);
        },
        { maxEntries: 50, clock },
      );
      sink = buffered;
      const host = await newHost(registers(talks));

      const done = host.runWorkflow(talks, { n: 0 });
      await clock.advance("1s");
      const whileHanging = written.length;
      const data = await done;
      goOn();
      const flushed = await buffered.flush();

      const steps = written.filter(({ step }) => step !== undefined);
      const dropped = written.flatMap(({ fields }) => (fields as { dropped?: number } | undefined)?.dropped ?? []);
      expect([data, whileHanging, flushed]).toEqual([{ n: 20 }, 0, true]);
      expect(steps.length).toBeLessThanOrEqual(50 + 50);
      expect(dropped.reduce((sum, n) => sum + n, 0)).toBe(20 * (LINES + 4) - steps.length); // 200,000 characters come in four pieces
      expect(steps.at(-1)).toMatchObject({ stream: "stdout", chunk: "x".repeat(200_000 - 3 * 65_536), step: "talk", definitionId: "talks" });
    });
  },
  { prepare: (builder) => builder.useLogSink(sink) },
);
