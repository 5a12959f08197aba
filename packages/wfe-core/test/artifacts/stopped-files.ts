import * as nodeFiles from "node:fs/promises";
import type { FileSystem } from "../../src/artifacts/store/store-folders.ts";

/** A file system on which one operation stops, as the process that asks for it does when it is frozen, until it is told to go on. */
export class StoppedFiles {
  readonly files: FileSystem;
  /** Resolves when the operation has come to its place. */
  readonly reached: Promise<void>;
  #reach = (): void => {};
  #goOn = (): void => {};
  #isArmed = false;
  readonly #stopped: Promise<void>;

  /**
   * @param operation - The first one of this name and these arguments, after {@link arm}.
   * @param place - Whether it stops before it is done, or after.
   */
  constructor(operation: keyof FileSystem, matches: (...args: string[]) => boolean, place: "before" | "after" = "before") {
    this.reached = new Promise((resolve) => (this.#reach = resolve));
    this.#stopped = new Promise((resolve) => (this.#goOn = resolve));
    const original = nodeFiles[operation] as (...args: any[]) => Promise<unknown>;
    const stopping = async (...args: any[]): Promise<unknown> => {
      const isIt = this.#isArmed && matches(...args.map(String));
      if (isIt) this.#isArmed = false;
      if (isIt && place === "before") await this.#stop();
      const result = await original(...args);
      if (isIt && place === "after") await this.#stop();
      return result;
    };
    this.files = { ...nodeFiles, [operation]: stopping };
  }

  arm(): void {
    this.#isArmed = true;
  }

  goOn(): void {
    this.#goOn();
  }

  async #stop(): Promise<void> {
    this.#reach();
    await this.#stopped;
  }
}
