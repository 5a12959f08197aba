/** A signal whose controller is made when somebody asks for it: most are never looked at, and a controller costs more than the rest of a run. */
export class LateSignal {
  #controller: AbortController | undefined;
  #reason: (() => Error) | undefined;

  /** Always the same. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason());
    }
    return this.#controller.signal;
  }

  /** The first reason stays. @param reason - Makes it, if somebody has asked for the signal, or does so later. */
  abort(reason: () => Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason());
  }
}
