import type { PointerRow } from "../models/pointer-row.ts";
import type { WorkflowRepository } from "../traits/workflow-repository.ts";
import type { CompiledDefinition } from "./compiled-definition.ts";
import type { SagaState } from "./saga-state.ts";

const PAGE = 100;

/** How far a saga has been read. */
interface Reading {
  /** Pointers not looked at yet, the last ended first. */
  readonly rows: PointerRow[];
  after: number | undefined;
  isAtEnd: boolean;
  /** Sagas inside it that are undone as a whole, by their own compensator. */
  readonly undoneAsOne: Set<string>;
}

/**
 * Finds out what a saga has to undo next, from what the store has: the steps that have ended inside it, the last first. Asked again when the
 * compensator of the last answer has ended and that is committed. Reads each pointer once.
 */
export class CompensationReader {
  readonly #store: Pick<WorkflowRepository, "getPointers">;
  readonly #workflowId: string;
  readonly #definition: CompiledDefinition;
  readonly #readings = new Map<string, Reading>();

  constructor(store: Pick<WorkflowRepository, "getPointers">, workflowId: string, definition: CompiledDefinition) {
    this.#store = store;
    this.#workflowId = workflowId;
    this.#definition = definition;
  }

  /** @returns `undefined` when nothing inside the saga is left to be undone. */
  async next(sagaId: string, { failed, undoesFailed }: SagaState): Promise<PointerRow | undefined> {
    // Another failure is another compensation of the saga.
    const key = `${sagaId}/${failed}/${undoesFailed}`;
    const reading = this.#readings.get(key) ?? { rows: [], after: undefined, isAtEnd: false, undoneAsOne: new Set<string>() };
    this.#readings.set(key, reading);
    for (;;) {
      const row = reading.rows.shift();
      if (row === undefined) {
        if (reading.isAtEnd) return undefined;
        await this.#read(sagaId, reading);
      } else if (undoesFailed ? row.id === failed : this.#isLeft(row, reading)) return row;
    }
  }

  async #read(sagaId: string, reading: Reading): Promise<void> {
    const rows = await this.#store.getPointers(this.#workflowId, {
      scope: sagaId,
      compensable: { stepIds: this.#definition.compensable },
      limit: PAGE,
      ...(reading.after === undefined ? {} : { after: reading.after }),
    });
    reading.rows.push(...rows);
    reading.after = rows.at(-1)?.endSeq;
    reading.isAtEnd = rows.length < PAGE;
  }

  /** A saga ends after all that is inside it, and so comes before that. */
  #isLeft(row: PointerRow, { undoneAsOne }: Reading): boolean {
    if (row.scope.some((id) => undoneAsOne.has(id))) return false;
    const wasUndone = row.status === "compensated";
    if (this.#definition.isSaga(row.stepId) && (row.status === "complete" || wasUndone)) undoneAsOne.add(row.id);
    return !wasUndone;
  }
}
