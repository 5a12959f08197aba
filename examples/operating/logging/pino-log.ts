import type { Logger } from "pino";
import type { LogSink, Middleware } from "wfe";

/** What steps and the engine log goes to pino. */
export function pinoLogSink(logger: Logger): LogSink {
  return {
    write: ({ at: _, pointerId: __, level, message, chunk, fields, ...where }) => {
      const text = typeof chunk === "object" ? new TextDecoder().decode(chunk) : chunk;
      logger[level]({ ...where, ...fields, ...(text === undefined ? {} : { chunk: text }) }, message);
    },
  };
}

/** A line for each run of a step, with what came of it. */
export function stepLines(logger: Logger): Middleware {
  return {
    aroundStep: async ({ workflow, step, attempt }, next) => {
      const line = logger.child({ workflowId: workflow.id, step: step.name, attempt });
      try {
        const result = await next();
        line.info({ result: result.kind }, "step done");
        return result;
      } catch (error) {
        line.warn({ error }, "step failed");
        throw error; // what it means is the engine's to say
      }
    },
  };
}
