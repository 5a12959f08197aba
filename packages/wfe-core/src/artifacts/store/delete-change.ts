import type { ArtifactDigest } from "../../models/artifact.ts";
import { artifactPinned } from "../../runtime/artifact-refusals.ts";
import type { StateChange } from "./state-changes.ts";
import type { StateDraft } from "./state-draft.ts";

/** Removes an artifact that nobody keeps. */
export class DeleteChange implements StateChange<boolean> {
  readonly #digest: ArtifactDigest;
  #attempted: string | undefined;
  /** The object of an attempt of which nothing is known. */
  #perhapsRemoved: string | undefined;

  constructor(digest: ArtifactDigest) {
    this.#digest = digest;
  }

  decide(draft: StateDraft): boolean {
    const artifact = draft.live(this.#digest);
    // It is gone, by this attempt or by somebody else; what was put after that stays.
    if (this.#perhapsRemoved !== undefined && artifact?.object !== this.#perhapsRemoved) return true;
    if (artifact === undefined) return false;
    if (artifact.pins.size > 0) throw artifactPinned(this.#digest, artifact.pins);
    draft.remove(artifact);
    this.#attempted = artifact.object;
    return true;
  }

  overtaken(): void {
    this.#perhapsRemoved = this.#attempted;
  }
}
