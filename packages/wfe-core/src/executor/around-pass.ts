import { MiddlewareError } from "../errors/middleware-error.ts";
import { CancelledError, type CancelReason, TimeoutError } from "../errors/step-errors.ts";
import type { Timer } from "../traits/clock.ts";
import type { PassContext } from "../traits/middleware.ts";
import type { ExecutorServices } from "./executor-services.ts";
import type { Onion } from "./middleware-runner.ts";
import type { PassEnd } from "./pass-end.ts";

/** A pass, for {@link AroundPass}. One of the two is called, and once. */
export interface WrappedPass {
  /** Goes on with the instance. */
  begin(): Promise<PassEnd>;
  /** The middleware has failed before the pass: what is stored as running was not started. */
  giveUp(): Promise<PassEnd>;
}

/** A pass inside the middleware of its host. */
export class AroundPass {
  readonly #onion: Onion<PassContext, void>;
  readonly #services: ExecutorServices;
  readonly #controller = new AbortController();

  constructor(onion: Onion<PassContext, void>, services: ExecutorServices) {
    this.#onion = onion;
    this.#services = services;
  }

  /** The pass is called off: the middleware is told, and not waited for any longer. */
  abort(reason: CancelReason): void {
    this.#controller.abort(new CancelledError(reason));
  }

  /** Runs the pass. Once it has begun, what it comes to counts, whatever the middleware does then. Never rejects unless `giveUp` does. */
  async run(workflow: PassContext["workflow"], pass: WrappedPass): Promise<PassEnd> {
    const { signal } = this.#controller;
    let running: Promise<PassEnd> | undefined;
    let ended = (): void => {};
    const hasEnded = new Promise<void>((resolve) => (ended = resolve));
    const begin = (): Promise<PassEnd> => {
      running = pass.begin().catch((error: unknown) => ({ kind: "failed", error }));
      void running.then(ended);
      return running;
    };
    let isLeft = false;
    const core = async (): Promise<void> => {
      if (isLeft || running !== undefined)
        throw new MiddlewareError("next() of an aroundWorkflow was called for a pass that has run, or was called off");
      const end = await begin();
      if (end.kind === "failed") throw end.error;
    };
    const onion = this.#onion({ workflow, signal }, core).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    await this.#orLeft(Promise.race([onion, hasEnded]));
    isLeft = true;
    if (running === undefined && !signal.aborted) {
      const { error } = (await onion) ?? { error: new MiddlewareError("an aroundWorkflow has returned without next(): the pass was not run") };
      const end = await pass.giveUp();
      return end.kind === "lost" ? end : { kind: "failed", error };
    }
    const end = await (running ?? begin()); // called off: the pass itself sees to what that means
    const failed = onion.then((failure) => {
      if (failure !== undefined && !(end.kind === "failed" && end.error === failure.error))
        this.#services.warn(`an aroundWorkflow has failed behind the pass of the workflow ${workflow.id}, which stands`, failure.error);
    });
    await this.#orLeft(failed, `an aroundWorkflow behind the pass of the workflow ${workflow.id}`);
    return end;
  }

  /** Waits, but no longer than until the pass is called off; with `what`, which names it in a warning, for a lease at most. */
  #orLeft(work: Promise<unknown>, what?: string): Promise<void> {
    const { signal } = this.#controller;
    const { clock, options } = this.#services;
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const end = (): void => {
        timer?.cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      if (signal.aborted) return end();
      signal.addEventListener("abort", end);
      if (what !== undefined) {
        timer = clock.setTimer(options.lockTtlMs, () => {
          this.#services.warn(`${what} is left behind`, new TimeoutError(what, options.lockTtlMs));
          end();
        });
      }
      work.then(end, end);
    });
  }
}
