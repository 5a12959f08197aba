import { ArtifactError } from "../../errors/artifact-errors.ts";
import type { ArtifactInfo } from "../../models/artifact.ts";
import { expiryAfterPut } from "../../runtime/artifact-arguments.ts";
import { isFileError, unless } from "../error-mapping.ts";
import type { Written } from "./object-writer.ts";
import type { StateChange } from "./state-changes.ts";
import type { StateDraft } from "./state-draft.ts";
import type { StoreFolders } from "./store-folders.ts";
import { infoOf, type StoreState } from "./store-state.ts";

/** What a put asks for. */
export interface PutRequest extends Written {
  readonly mediaType: string;
  readonly expiryMs: number;
  readonly pinnedBy: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Makes bytes that are written those of their artifact. They keep a name of their own, which no state ever has, until the put is over: so they are
 * there still if a state has named their object, and others have removed it, while this process stood still.
 */
export class PutChange implements StateChange<ArtifactInfo> {
  readonly #folders: StoreFolders;
  /** The path of the bytes. */
  readonly #written: string;
  readonly #request: PutRequest;
  readonly #newName: () => string;
  #object: string | undefined;
  /** Whether a state may name the object: then it is not ours to remove. */
  #mayBeNamed = false;
  #isOvertaken = false;

  constructor(folders: StoreFolders, written: string, request: PutRequest, newName: () => string) {
    this.#folders = folders;
    this.#written = written;
    this.#request = request;
    this.#newName = newName;
  }

  async prepare(state: StoreState): Promise<void> {
    const isNamed = this.#object !== undefined && state.artifacts.get(this.#request.digest)?.object === this.#object;
    // After an attempt of which nothing is known, a state may have named it and another one not any more: whoever made that removes the file.
    if (!isNamed && (this.#isOvertaken || !(await this.#isThere(state)))) await this.#makeObject();
    this.#isOvertaken = false;
    this.#mayBeNamed = isNamed;
  }

  decide(draft: StateDraft, now: number): ArtifactInfo {
    const { digest, size, mediaType, expiryMs, pinnedBy, signal } = this.#request;
    if (this.#object === undefined) throw new Error("a put is decided before it is prepared");
    if (!this.#mayBeNamed) signal?.throwIfAborted();
    const before = draft.live(digest);
    const pins = new Map(before?.pins);
    if (pinnedBy !== undefined && !pins.has(pinnedBy)) pins.set(pinnedBy, now);
    // The new bytes, though they are the same: those that are there may have been damaged since.
    const artifact = {
      digest,
      size,
      mediaType: before?.mediaType ?? mediaType,
      createdAt: before?.createdAt ?? now,
      expiresAt: expiryAfterPut(now, expiryMs, before),
      object: this.#object,
      pins,
    };
    draft.set(artifact);
    this.#mayBeNamed = true;
    return infoOf(artifact);
  }

  overtaken(): void {
    this.#isOvertaken = true;
  }

  /** Removes the object of a put that has failed. */
  async abandon(): Promise<void> {
    // What a state may name is left to the next sweep, which knows.
    if (!this.#mayBeNamed) await this.#removeObject();
  }

  /** Whether the object is there to stay: what is garbage goes. */
  async #isThere(state: StoreState): Promise<boolean> {
    if (this.#object === undefined || state.garbage.has(this.#object)) return false;
    return (await this.#folders.look(this.#folders.in("objects", this.#object))) !== undefined;
  }

  async #makeObject(): Promise<void> {
    const name = this.#newName();
    try {
      await this.#folders.files.link(this.#written, this.#folders.in("objects", name));
    } catch (cause) {
      if (!isFileError(cause, "ENOENT")) throw cause;
      const problem = `the bytes of ${this.#request.digest} were removed before they were stored, as this process had stood still for too long: put them again`;
      throw new ArtifactError("WFE_ARTIFACT_BACKEND", problem, { cause, retryable: true });
    }
    await this.#removeObject();
    this.#object = name;
  }

  async #removeObject(): Promise<void> {
    if (this.#object !== undefined) await unless(this.#folders.files.unlink(this.#folders.in("objects", this.#object)), "ENOENT");
  }
}
