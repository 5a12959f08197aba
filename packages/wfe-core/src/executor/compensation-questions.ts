import { CompensationReader } from "./compensation-reader.ts";
import type { PassInput } from "./pass-input.ts";
import type { ExecutorServices } from "./executor-services.ts";
import type { LeaseAttempts } from "./lease-attempts.ts";
import type { PassScope } from "./pass-scope.ts";
import { sagaState } from "./saga-state.ts";

/** Asks the store, for the sagas of a pass, what they have to undo next. */
export class CompensationQuestions {
  readonly #reader: CompensationReader;
  readonly #attempts: LeaseAttempts;
  readonly #heard: (input?: PassInput) => void;
  readonly #open = new Set<string>();
  /** Sagas whose answer is not committed yet. */
  readonly #answered = new Set<string>();
  #isLeft = false;

  /** @param heard - Gets the answers; nothing for a question that is left without one: the lease has ended, or the host stops and does not reach the store. */
  constructor(scope: PassScope, services: ExecutorServices, attempts: LeaseAttempts, heard: (input?: PassInput) => void) {
    this.#reader = new CompensationReader(services.persistence, scope.state.row.id, scope.definition);
    this.#attempts = attempts;
    this.#heard = heard;
  }

  /** How many have no answer yet. */
  get open(): number {
    return this.#open.size;
  }

  /** Whether one is left without an answer: whoever goes on with the instance asks it anew. Until then nothing else says that there is something to do. */
  get isLeft(): boolean {
    return this.#isLeft;
  }

  /**
   * Asks what the last decision wants to know. Not again what has no answer yet, or one that is still to be followed, nor while a compensator is open:
   * of two answers one would be of no use, and its step would be passed over. To be called once the decision is committed: the answer depends on it.
   *
   * @param inputs - What the decision has followed.
   */
  ask(scope: PassScope, inputs: readonly PassInput[]): void {
    for (const input of inputs) if (input.kind === "undo") this.#answered.delete(input.sagaId);
    for (const sagaId of scope.undo) {
      const saga = scope.state.pointer(sagaId);
      const kept = saga === undefined ? undefined : sagaState(scope, saga);
      if (kept === undefined || this.#open.has(sagaId) || this.#answered.has(sagaId) || scope.state.openChildren(sagaId) > 0) continue;
      this.#open.add(sagaId);
      const what = `reading what the workflow ${scope.state.row.id} has to undo`;
      const read = this.#attempts.untilEnd(what, async () => ({ undone: await this.#reader.next(sagaId, kept) }));
      read.then(
        (answer) => {
          this.#open.delete(sagaId);
          if (answer === undefined) {
            this.#isLeft = true;
            return this.#heard();
          }
          this.#answered.add(sagaId);
          this.#heard({ kind: "undo", sagaId, ...answer });
        },
        (error: unknown) => {
          this.#open.delete(sagaId);
          this.#heard({ kind: "unanswered", error });
        },
      );
    }
    scope.undo.clear();
  }
}
