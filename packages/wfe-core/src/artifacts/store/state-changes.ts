import type { Clock } from "../../traits/clock.ts";
import { unless } from "../error-mapping.ts";
import type { PublicLayout } from "./public-layout.ts";
import { StateDraft } from "./state-draft.ts";
import type { NumberedState, ReplaceOutcome, StateFiles } from "./state-files.ts";
import type { StoreFolders } from "./store-folders.ts";
import type { StoredArtifact, StoreState } from "./store-state.ts";

/** What somebody wants of the state. It is asked anew as often as another process was first. */
export interface StateChange<T> {
  /** What has to hold outside the state; before each {@link StateChange.decide}. A rejection is that of the change alone. */
  prepare?(state: StoreState): Promise<void>;
  /** Changes the draft, or throws and leaves it as it is. */
  decide(draft: StateDraft, now: number): T;
  /** Whether it was made cannot be told: it is decided anew, and may find that it has happened. */
  overtaken?(): void;
}

/** A change that waits, and its outcome at the last attempt. */
interface Pending {
  readonly change: StateChange<unknown>;
  outcome: { readonly value: unknown } | { readonly error: unknown };
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Changes the state for all who ask within one process. What comes while a change is being written is one change together, the next: many
 * puts at the same moment write the state a few times, and not once each.
 */
export class StateChanges {
  readonly #folders: StoreFolders;
  readonly #states: StateFiles;
  readonly #layout: PublicLayout;
  readonly #clock: Clock;
  readonly #pending: Pending[] = [];
  #isWriting = false;
  /** Garbage that is removed, and stands in the state still. */
  readonly #removed = new Set<string>();

  constructor(folders: StoreFolders, states: StateFiles, layout: PublicLayout, clock: Clock) {
    this.#folders = folders;
    this.#states = states;
    this.#layout = layout;
    this.#clock = clock;
  }

  /** Makes a change. When it resolves, it survives a loss of power, and other tools see it. */
  make<T>(change: StateChange<T>): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.push({ change, outcome: { value: undefined }, resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    }) as Promise<T>; // resolved with what `decide` of this very change has given
  }

  /** Removes all garbage of the newest state, whoever has left it, and strikes it out. */
  async removeGarbage(): Promise<void> {
    const { state } = await this.#states.newest();
    if (state.garbage.size === 0) return;
    const gone = [...state.garbage];
    // Whoever wrote it may not have come so far; an older state, which names them, must not come back.
    await this.#states.sync();
    await this.#remove(gone);
    await this.make({ decide: (draft) => draft.forget(gone, true) });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0);
      try {
        await this.#write(batch);
        for (const { outcome, resolve, reject } of batch) {
          if ("error" in outcome) reject(outcome.error);
          else resolve(outcome.value);
        }
      } catch (error) {
        for (const { outcome, reject } of batch) reject("error" in outcome ? outcome.error : error);
      }
    }
    this.#isWriting = false;
  }

  async #write(batch: readonly Pending[]): Promise<void> {
    /** Of attempts of which nothing is known: what follows from them is done with the last. */
    const perhaps: StoredArtifact[] = [];
    for (;;) {
      const before = await this.#states.newest();
      const draft = await this.#decide(batch, before);
      const outcome = draft.isChanged ? await this.#replace(before, draft) : await this.#states.sync().then(() => "done");
      if (outcome === "unknown") {
        perhaps.push(...draft.touched);
        for (const { change } of batch) change.overtaken?.();
      }
      if (outcome !== "done") continue;
      const touched = [...perhaps, ...draft.touched];
      if (draft.isChanged || touched.length > 0) await this.#layout.publish(touched);
      await this.#remove([...draft.garbage].filter((object) => perhaps.length > 0 || !before.state.garbage.has(object)));
      return;
    }
  }

  async #replace(before: NumberedState, draft: StateDraft): Promise<ReplaceOutcome> {
    const struck = [...this.#removed];
    draft.forget(struck, false);
    // The objects that the draft names are in their folder for good before it is the truth.
    const beforehand = async (): Promise<void> => {
      if (draft.touched.length > 0) await this.#folders.sync(this.#folders.objects);
    };
    const outcome = await this.#states.replace(before.number, draft, beforehand);
    if (outcome === "done") for (const object of struck) this.#removed.delete(object);
    return outcome;
  }

  async #decide(batch: readonly Pending[], { state }: NumberedState): Promise<StateDraft> {
    const prepared = await Promise.allSettled(batch.map(async ({ change }) => await change.prepare?.(state)));
    const now = this.#clock.now();
    const draft = new StateDraft(state, now);
    for (const [index, pending] of batch.entries()) {
      const ready = prepared[index];
      pending.outcome = ready?.status === "rejected" ? { error: ready.reason } : decided(pending.change, draft, now);
    }
    return draft;
  }

  async #remove(objects: readonly string[]): Promise<void> {
    for (const object of objects) {
      await unless(this.#folders.files.unlink(this.#folders.in("objects", object)), "ENOENT");
      this.#removed.add(object);
    }
  }
}

function decided(change: StateChange<unknown>, draft: StateDraft, now: number): Pending["outcome"] {
  try {
    return { value: change.decide(draft, now) };
  } catch (error) {
    return { error };
  }
}
