/** Runs pieces of work one after the other, each seeing the end of the one before, however that ended. */
export class OneAtATime {
  #last: Promise<void> = Promise.resolve();

  run(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined); // told to who asked for it
    return done;
  }
}
