import { CompensationReader } from "./compensation-reader.ts";
import type { PassInput } from "./pass-input.ts";
import type { ExecutorServices } from "./executor-services.ts";
import type { LeaseAttempts } from "./lease-attempts.ts";
import type { PassScope } from "./pass-scope.ts";
import { type SagaState, sagaState } from "./saga-state.ts";

/** Asks the store, for the sagas of a pass, what they have to undo next. */
export class CompensationQuestions {
  readonly #scope: PassScope;
  readonly #services: Pick<ExecutorServices, "persistence">;
  readonly #attempts: LeaseAttempts;
  readonly #heard: (input?: PassInput) => void;
  /** Made with the first question: hardly any pass has one. */
  #reader: CompensationReader | undefined;
  /** Sagas without an answer, and those whose answer is not committed yet. */
  #asked: Map<string, "open" | "answered"> | undefined;
  #open = 0;
  #isLeft = false;

  /** @param heard - Gets the answers; nothing for a question that is left without one: the lease has ended, or the host stops and does not reach the store. */
  constructor(scope: PassScope, services: Pick<ExecutorServices, "persistence">, attempts: LeaseAttempts, heard: (input?: PassInput) => void) {
    this.#scope = scope;
    this.#services = services;
    this.#attempts = attempts;
    this.#heard = heard;
  }

  /** How many have no answer yet. */
  get open(): number {
    return this.#open;
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
  ask(inputs: readonly PassInput[]): void {
    const { state, undo } = this.#scope;
    if (undo.size === 0 && this.#asked === undefined) return;
    const asked = (this.#asked ??= new Map());
    for (const input of inputs) if (input.kind === "undo") asked.delete(input.sagaId);
    for (const sagaId of undo) {
      const saga = state.pointer(sagaId);
      const kept = saga === undefined ? undefined : sagaState(this.#scope, saga);
      if (kept === undefined || asked.has(sagaId) || state.openChildren(sagaId) > 0) continue;
      asked.set(sagaId, "open");
      this.#open += 1;
      this.#read(asked, sagaId, kept);
    }
    undo.clear();
  }

  #read(asked: Map<string, "open" | "answered">, sagaId: string, kept: SagaState): void {
    const { state, definition } = this.#scope;
    const reader = (this.#reader ??= new CompensationReader(this.#services.persistence, state.row.id, definition));
    const what = `reading what the workflow ${state.row.id} has to undo`;
    const read = this.#attempts.untilEnd(
      what,
      () => reader.next(sagaId, kept),
      (undone) => ({ undone }),
    );
    read.then(
      (answer) => {
        this.#open -= 1;
        if (answer === undefined) {
          asked.delete(sagaId);
          this.#isLeft = true;
          return this.#heard();
        }
        asked.set(sagaId, "answered");
        this.#heard({ kind: "undo", sagaId, ...answer });
      },
      (error: unknown) => {
        this.#open -= 1;
        asked.delete(sagaId);
        this.#heard({ kind: "unanswered", error });
      },
    );
  }
}
