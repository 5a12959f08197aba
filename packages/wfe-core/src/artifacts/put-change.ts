import { ArtifactError } from "../errors/artifact-errors.ts";
import type { ArtifactInfo } from "../models/artifact.ts";
import { expiryAfterPut } from "../runtime/artifact-arguments.ts";
import { isFileError, unless } from "./error-mapping.ts";
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

/** Makes an object that is written the bytes of its artifact. */
export class PutChange implements StateChange<ArtifactInfo> {
  readonly #folders: StoreFolders;
  readonly #request: PutRequest;
  readonly #newName: () => string;
  #object: string;
  /** Whether a state may name the object: then it is not ours to remove. */
  #mayBeNamed = false;
  #isOvertaken = false;

  constructor(folders: StoreFolders, object: string, request: PutRequest, newName: () => string) {
    this.#folders = folders;
    this.#object = object;
    this.#request = request;
    this.#newName = newName;
  }

  async prepare(state: StoreState): Promise<void> {
    const isNamed = state.artifacts.get(this.#request.digest)?.object === this.#object;
    // After an attempt of which nothing is known, a state may have named it and another one not any more: whoever made that removes the file.
    if (!isNamed && (this.#isOvertaken || state.garbage.has(this.#object))) await this.#giveNewName();
    this.#isOvertaken = false;
    this.#mayBeNamed = isNamed;
    await this.#found(this.#folders.files.lstat(this.#folders.in("objects", this.#object)));
  }

  decide(draft: StateDraft, now: number): ArtifactInfo {
    const { digest, size, mediaType, expiryMs, pinnedBy, signal } = this.#request;
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

  /** Removes what is left of a put that has failed. */
  async abandon(): Promise<void> {
    // What a state may name is left to the next sweep, which knows.
    if (!this.#mayBeNamed) await unless(this.#folders.files.unlink(this.#folders.in("objects", this.#object)), "ENOENT");
  }

  async #giveNewName(): Promise<void> {
    const before = this.#folders.in("objects", this.#object);
    const name = this.#newName();
    await this.#found(this.#folders.files.link(before, this.#folders.in("objects", name)));
    this.#object = name;
    await unless(this.#folders.files.unlink(before), "ENOENT");
  }

  async #found(operation: Promise<unknown>): Promise<void> {
    try {
      await operation;
    } catch (cause) {
      if (!isFileError(cause, "ENOENT")) throw cause;
      const problem = `the bytes of ${this.#request.digest} were removed before they were stored, as this process had stood still for too long: put them again`;
      throw new ArtifactError("WFE_ARTIFACT_BACKEND", problem, { cause, retryable: true });
    }
  }
}
