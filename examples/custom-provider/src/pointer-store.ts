import { isOpen, type PointerQuery, type PointerRow, type WorkflowRepository } from "wfe-core";
import type { JsonFile } from "./json-file.ts";
import { inOrder, type KeptWorkflow } from "./state.ts";

/** Pointers of instances that have very many. */
export class PointerStore implements Pick<WorkflowRepository, "getPointers"> {
  readonly #file: JsonFile;

  constructor(file: JsonFile) {
    this.#file = file;
  }

  async getPointers(workflowId: string, { scope, compensable, after, limit }: PointerQuery): Promise<readonly PointerRow[]> {
    if (!(Number.isSafeInteger(limit) && limit >= 1)) throw new RangeError(`limit must be a whole number, 1 or more: got ${limit}`);
    const pointers = await this.#file.read(({ workflows }) => [...(workflows.get(workflowId)?.pointers.values() ?? [])]);
    const inside = pointers.filter((pointer) => scope === undefined || pointer.scope.includes(scope));
    const found =
      compensable === undefined
        ? inOrder(inside).filter(({ seq }) => seq > (after ?? 0))
        : compensableOf(inside, new Set(compensable.stepIds), after);
    return found.slice(0, limit);
  }
}

/** What a pass needs: the open pointers, and the closed ones that these undo. */
export function passPointersOf({ pointers }: KeptWorkflow): readonly PointerRow[] {
  const open = [...pointers.values()].filter(({ status }) => isOpen(status));
  const undone = open.flatMap(({ compensates }) => (compensates === undefined ? [] : (pointers.get(compensates) ?? [])));
  return inOrder(new Set([...open, ...undone]));
}

function compensableOf(pointers: readonly PointerRow[], stepIds: ReadonlySet<number>, below = Infinity): readonly PointerRow[] {
  return pointers
    .filter(({ stepId, status, attempt, compensates, endSeq }) => {
      const hasEnded = status === "complete" || status === "cancelled" || status === "compensated";
      return hasEnded && attempt >= 1 && compensates === undefined && stepIds.has(stepId) && endSeq !== undefined && endSeq < below;
    })
    .sort((a, b) => (b.endSeq ?? 0) - (a.endSeq ?? 0));
}
