import type { Clock } from "../../traits/clock.ts";
import { unless } from "../error-mapping.ts";
import type { StateChanges } from "./state-changes.ts";
import type { StateFiles } from "./state-files.ts";
import type { StoreFolders } from "./store-folders.ts";
import { isObjectName } from "./store-state.ts";
import { ABANDONED_MS, type Writer } from "../writer.ts";

/**
 * Removes what writers have left that are gone.
 *
 * Objects go in two steps, so that none is lost if a writer was only taken for gone: first the state says that they are garbage, which nobody
 * gives to an artifact from then on; then the file is removed. A writer that comes to itself makes another object of its bytes, or fails when those are gone, too.
 */
export class Leftovers {
  readonly #folders: StoreFolders;
  readonly #states: StateFiles;
  readonly #changes: StateChanges;
  readonly #writer: Writer;
  readonly #clock: Clock;
  /** Objects that this store is writing. */
  readonly #underWay: ReadonlySet<string>;

  constructor(folders: StoreFolders, states: StateFiles, changes: StateChanges, writer: Writer, clock: Clock, underWay: ReadonlySet<string>) {
    this.#folders = folders;
    this.#states = states;
    this.#changes = changes;
    this.#writer = writer;
    this.#clock = clock;
    this.#underWay = underWay;
  }

  async remove(): Promise<void> {
    await this.#removeTemporary();
    // Before the state is read: what is not listed yet may well be in it later.
    const listed = (await this.#folders.files.readdir(this.#folders.objects)).filter(isObjectName);
    const { state } = await this.#states.newest();
    const named = new Set([...state.artifacts.values()].map(({ object }) => object));
    const left: string[] = [];
    for (const object of listed) {
      if (named.has(object) || state.garbage.has(object)) continue;
      if (await this.#isLeft("objects", object, !this.#underWay.has(object))) left.push(object);
    }
    if (left.length > 0) {
      await this.#changes.make({
        decide(draft) {
          const nowNamed = new Set([...draft.artifacts.values()].map(({ object }) => object));
          for (const object of left) if (!nowNamed.has(object)) draft.discard(object);
        },
      });
    }
    await this.#changes.removeGarbage();
  }

  async #removeTemporary(): Promise<void> {
    for (const name of await this.#folders.files.readdir(this.#folders.temporary)) {
      // Those of this store are removed by who makes them.
      if (await this.#isLeft("temporary", name, false)) await unless(this.#folders.files.unlink(this.#folders.in("temporary", name)), "ENOENT");
    }
  }

  /** @param ofSelf - The answer for a file of this store itself. */
  async #isLeft(folder: "objects" | "temporary", name: string, ofSelf: boolean): Promise<boolean> {
    const presence = await this.#writer.presence(name);
    switch (presence) {
      case "self":
        return ofSelf;
      case "present":
        return false;
      case "gone":
        return true;
      case "unknown":
        return await this.#isOld(this.#folders.in(folder, name));
    }
  }

  async #isOld(file: string): Promise<boolean> {
    const found = await this.#folders.look(file);
    return found !== undefined && this.#clock.now() - Number(found.mtimeMs) >= ABANDONED_MS;
  }
}
