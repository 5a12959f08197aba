import { artifactRef, digestOf, parseArtifactRefAt } from "../artifacts/artifact-ref.ts";
import { extractArtifactToDir } from "../artifacts/archives/extract-artifact.ts";
import { ArtifactError } from "../errors/artifact-errors.ts";
import { NonRetryableError } from "../errors/step-errors.ts";
import type { ReadArchiveOptions } from "../models/archive-limits.ts";
import type { ArtifactDigest, ArtifactRef } from "../models/artifact.ts";
import type { ArtifactAccess } from "../traits/artifact-access.ts";
import type { ArtifactContent, ArtifactStore } from "../traits/artifact-store.ts";

/** The artifacts of one run of a step. */
export class StepArtifacts implements ArtifactAccess {
  readonly #store: ArtifactStore;
  readonly #workflowId: string;
  readonly #signal: AbortSignal;
  #inputs: Readonly<Record<string, ArtifactRef>> = {};

  constructor(store: ArtifactStore, workflowId: string, signal: AbortSignal) {
    this.#store = store;
    this.#workflowId = workflowId;
    this.#signal = signal;
  }

  get inputs(): Readonly<Record<string, ArtifactRef>> {
    return this.#inputs;
  }

  async put(content: ArtifactContent, options: { readonly mediaType?: string } = {}): Promise<ArtifactRef> {
    const { mediaType } = options;
    const pinned = { pinnedBy: this.#workflowId, signal: this.#signal };
    const { digest } = await this.#store.put(content, mediaType === undefined ? pinned : { ...pinned, mediaType });
    return artifactRef(digest);
  }

  get(artifact: ArtifactRef | ArtifactDigest): AsyncIterable<Uint8Array> {
    return this.#store.get(digestOf(artifact));
  }

  async extract(name: string, directory: string, options: ReadArchiveOptions = {}): Promise<void> {
    const input = Object.hasOwn(this.#inputs, name) ? this.#inputs[name] : undefined;
    if (input === undefined) {
      const declared = Object.keys(this.#inputs).map((each) => JSON.stringify(each));
      throw new RangeError(`the step has no artifact input ${JSON.stringify(name)}: it declares ${declared.join(", ") || "none"}`);
    }
    const signal = options.signal === undefined ? this.#signal : AbortSignal.any([this.#signal, options.signal]);
    await extractArtifactToDir(this.get(input), directory, { ...options, signal });
  }

  /**
   * Takes what the step has declared as its inputs, and pins it for the workflow.
   *
   * @param declared - What the author's selector gave.
   * @throws NonRetryableError when that is no object; ArtifactError `WFE_ARTIFACT_REF_INVALID`, and `WFE_ARTIFACT_NOT_FOUND` naming all that is missing.
   */
  async resolve(declared: unknown, step: string): Promise<void> {
    if (typeof declared !== "object" || declared === null || Array.isArray(declared)) {
      throw new NonRetryableError(`the artifact inputs of the step ${JSON.stringify(step)} are no object of references by name`);
    }
    const inputs = Object.entries(declared).map(
      ([name, ref]) => [name, parseArtifactRefAt(`the input ${JSON.stringify(name)} of the step ${JSON.stringify(step)}`, ref)] as const,
    );
    const present = new Set(
      await this.#store.pin(
        inputs.map(([, digest]) => digest),
        this.#workflowId,
      ),
    );
    const missing = inputs.filter(([, digest]) => !present.has(digest));
    if (missing.length > 0) {
      const shown = missing.map(([name, digest]) => `${JSON.stringify(name)} (${digest})`).join(", ");
      throw new ArtifactError(
        "WFE_ARTIFACT_NOT_FOUND",
        `inputs of the step ${JSON.stringify(step)} are not in the artifact store: ${shown}; they have expired, were deleted, or were put into another store`,
      );
    }
    this.#inputs = Object.freeze(Object.fromEntries(inputs.map(([name, digest]) => [name, artifactRef(digest)])));
  }
}
