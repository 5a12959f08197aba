import type { StepExecutionContext } from "wfe";
import { RecordFile } from "./record-file.ts";

/** One start of a step body. */
export interface JournalEntry {
  readonly orderId: string;
  readonly pointer: string;
  readonly attempt: number;
  /** {@link labelOf} the step. */
  readonly label: string;
  readonly idempotencyKey: string;
  /** The process it ran in. */
  readonly pid: number;
}

/** What has really been run, kept apart from the engine's store, so that one can be checked against the other. */
export class Journal {
  readonly #file: RecordFile<JournalEntry>;

  constructor(path: string) {
    this.#file = new RecordFile(path);
  }

  /** Notes the start of a step body; returns when the line is written. */
  write(ctx: StepExecutionContext): void {
    const { workflow, pointer, attempt, idempotencyKey } = ctx;
    this.#file.append({
      orderId: workflow.id,
      pointer: pointer.id,
      attempt,
      label: labelOf(ctx.step.name, ctx.index),
      idempotencyKey,
      pid: process.pid,
    });
  }

  close(): void {
    this.#file.close();
  }
}

/** What a piece of an order's work is called in journal, data and check: `dough`, or `stretch #2` for the second pizza. */
export function labelOf(step: string, index: number | undefined): string {
  return index === undefined ? step : `${step} #${index + 1}`;
}
