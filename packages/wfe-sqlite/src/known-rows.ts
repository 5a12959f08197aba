/** Instances whose rows are remembered; more than a host has under way. */
const MOST = 4_096;

/**
 * In which rows of `wfe_workflows` the instances are that commits come for: so most of these need no look for it. It is a hint, as a row may be deleted and
 * its number used again: what is written to such a row is written where its `id` is that of the instance.
 */
export class KnownRows {
  readonly #rows = new Map<string, number>();

  get(workflowId: string): number | undefined {
    return this.#rows.get(workflowId);
  }

  /** Of too many, the first is forgotten. */
  add(workflowId: string, row: number): void {
    this.#rows.set(workflowId, row);
    if (this.#rows.size <= MOST) return;
    for (const first of this.#rows.keys()) {
      this.#rows.delete(first);
      return;
    }
  }

  forget(workflowId: string): void {
    this.#rows.delete(workflowId);
  }
}
