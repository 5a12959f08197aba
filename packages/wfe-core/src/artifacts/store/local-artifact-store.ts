import * as nodeFiles from "node:fs/promises";
import type { ArtifactDigest, ArtifactInfo } from "../../models/artifact.ts";
import { type ArtifactStoreLimits, checkedLimits, checkedMediaType, checkedOwner, isLive } from "../../runtime/artifact-arguments.ts";
import { artifactCorrupt, artifactNotFound } from "../../runtime/artifact-refusals.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import { systemEntropy } from "../../runtime/system-entropy.ts";
import type { ArtifactContent, ArtifactStore, ArtifactSweep, PutArtifactOptions } from "../../traits/artifact-store.ts";
import type { Clock } from "../../traits/clock.ts";
import type { Entropy } from "../../traits/entropy.ts";
import { checkedDigest } from "../artifact-ref.ts";
import { DeleteChange } from "./delete-change.ts";
import { isFileError, mapped, unless } from "../error-mapping.ts";
import { Leftovers } from "./leftovers.ts";
import { verifiedPieces } from "./object-reader.ts";
import { ObjectWriter } from "./object-writer.ts";
import { PublicLayout } from "./public-layout.ts";
import { PutChange } from "./put-change.ts";
import { StateChanges } from "./state-changes.ts";
import { StateFiles } from "./state-files.ts";
import { type FileSystem, StoreFolders } from "./store-folders.ts";
import { openFolders } from "./store-opening.ts";
import { infoOf, type StoredArtifact } from "./store-state.ts";
import { Writer } from "../writer.ts";

/** What a {@link LocalArtifactStore} can be opened with. */
export interface LocalArtifactStoreOptions extends ArtifactStoreLimits {
  /** Judges what has expired. @default the clock of the machine */
  readonly clock?: Clock;
  /** For names of files, which have to be different for every store on one folder. @default the randomness of the machine */
  readonly entropy?: Entropy;
}

/**
 * Artifacts in a folder, which is an OCI image layout that other tools can read. Any number of processes may work on it, and be killed or
 * frozen at any moment; the folder has to be on a file system with hard links. What is below `.wfe`, and to write anywhere in the folder, is the
 * store's alone.
 *
 * Holds nothing open between two calls, so there is nothing to close.
 */
export class LocalArtifactStore implements ArtifactStore {
  readonly #folders: StoreFolders;
  readonly #writer: Writer;
  readonly #clock: Clock;
  readonly #expiryMs: number;
  readonly #objects: ObjectWriter;
  readonly #states: StateFiles;
  readonly #layout: PublicLayout;
  readonly #changes: StateChanges;
  readonly #leftovers: Leftovers;
  readonly #underWay = new Set<string>();

  private constructor(folders: StoreFolders, writer: Writer, options: LocalArtifactStoreOptions) {
    const { expiryMs, maxBlobBytes } = checkedLimits(options);
    this.#folders = folders;
    this.#writer = writer;
    this.#clock = options.clock ?? systemClock;
    this.#expiryMs = expiryMs;
    this.#objects = new ObjectWriter(folders, maxBlobBytes);
    this.#states = new StateFiles(folders, writer);
    this.#layout = new PublicLayout(folders, this.#states, writer);
    this.#changes = new StateChanges(folders, this.#states, this.#layout, this.#clock);
    this.#leftovers = new Leftovers(folders, this.#states, this.#changes, writer, this.#clock, this.#underWay);
  }

  /**
   * Opens the store in a folder, made when there is none. Removes what crashed processes have left, and makes good what differs in the layout.
   *
   * @param files - The file system; for tests. @default that of Node
   * @throws ArtifactError `WFE_ARTIFACT_BACKEND` for a folder that holds something else, is on a file system without hard links, or cannot be written.
   * @throws RangeError for options out of bounds.
   */
  static async open(root: string, options: LocalArtifactStoreOptions = {}, files: FileSystem = nodeFiles): Promise<LocalArtifactStore> {
    checkedLimits(options);
    const folders = new StoreFolders(root, files);
    const writer = await Writer.create(options.entropy ?? systemEntropy);
    const store = new LocalArtifactStore(folders, writer, options);
    await mapped(`open ${folders.root}`, async () => {
      await openFolders(folders, store.#states, writer);
      await store.#cleanUp();
    });
    return store;
  }

  async put(content: ArtifactContent, options: PutArtifactOptions = {}): Promise<ArtifactInfo> {
    const mediaType = checkedMediaType(options.mediaType);
    const pinnedBy = options.pinnedBy === undefined ? undefined : checkedOwner(options.pinnedBy);
    const { signal } = options;
    const names: string[] = [];
    const newName = (): string => {
      const name = this.#writer.name();
      names.push(name);
      this.#underWay.add(name);
      return name;
    };
    const file = this.#folders.in("temporary", this.#writer.name());
    const written = await this.#objects.write(file, content, signal);
    const change = new PutChange(this.#folders, file, { ...written, mediaType, pinnedBy, signal, expiryMs: this.#expiryMs }, newName);
    try {
      return await mapped("put an artifact", () => this.#changes.make(change));
    } catch (error) {
      await mapped("remove what a put has left", () => change.abandon());
      throw error;
    } finally {
      await mapped("remove what a put has left", () => unless(this.#folders.files.unlink(file), "ENOENT"));
      for (const name of names) this.#underWay.delete(name);
    }
  }

  get(digest: ArtifactDigest): AsyncIterable<Uint8Array> {
    const checked = checkedDigest(digest);
    return { [Symbol.asyncIterator]: () => this.#read(checked) };
  }

  async stat(digest: ArtifactDigest): Promise<ArtifactInfo | undefined> {
    const checked = checkedDigest(digest);
    const artifact = await mapped("look for an artifact", () => this.#find(checked));
    return artifact && infoOf(artifact);
  }

  async pin(digests: readonly ArtifactDigest[], owner: string): Promise<readonly ArtifactDigest[]> {
    const checked = new Set(digests.map(checkedDigest));
    checkedOwner(owner);
    if (checked.size === 0) return [];
    return await mapped("pin artifacts", () =>
      this.#changes.make({
        decide(draft, now) {
          const found = [...checked].flatMap((digest) => draft.live(digest) ?? []);
          for (const artifact of found) if (!artifact.pins.has(owner)) draft.set({ ...artifact, pins: new Map([...artifact.pins, [owner, now]]) });
          return found.map(({ digest }) => digest);
        },
      }),
    );
  }

  async unpin(owners: readonly string[]): Promise<void> {
    if (owners.length === 0) return;
    const gone = new Set(owners);
    await mapped("unpin artifacts", () =>
      this.#changes.make({
        decide(draft) {
          for (const artifact of [...draft.artifacts.values()]) {
            const pins = new Map([...artifact.pins].filter(([owner]) => !gone.has(owner)));
            if (pins.size < artifact.pins.size) draft.set({ ...artifact, pins });
          }
        },
      }),
    );
  }

  async *owners({ pinnedBefore }: { readonly pinnedBefore: Date }): AsyncGenerator<string, void> {
    const { state } = await mapped("list the owners of pins", () => this.#states.newest());
    const owners = new Set<string>();
    for (const { pins } of state.artifacts.values()) {
      for (const [owner, since] of pins) if (since < pinnedBefore.getTime()) owners.add(owner);
    }
    yield* [...owners].toSorted();
  }

  async *list(): AsyncGenerator<ArtifactInfo, void> {
    const { state } = await mapped("list artifacts", () => this.#states.newest());
    const now = this.#clock.now();
    const live = [...state.artifacts.values()].filter((artifact) => isLive(artifact, now));
    for (const artifact of live.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))) yield infoOf(artifact);
  }

  async delete(digest: ArtifactDigest): Promise<boolean> {
    const change = new DeleteChange(checkedDigest(digest));
    return await mapped("delete an artifact", () => this.#changes.make(change));
  }

  async sweep(): Promise<ArtifactSweep> {
    return await mapped("sweep", async () => {
      const swept = await this.#changes.make({
        decide(draft) {
          const expired = draft.expired();
          for (const artifact of expired) draft.remove(artifact);
          return { artifacts: expired.length, bytes: expired.reduce((sum, { size }) => sum + size, 0) };
        },
      });
      await this.#cleanUp();
      return swept;
    });
  }

  async #cleanUp(): Promise<void> {
    await this.#leftovers.remove();
    await this.#layout.repair();
  }

  async #find(digest: ArtifactDigest): Promise<StoredArtifact | undefined> {
    const artifact = (await this.#states.newest()).state.artifacts.get(digest);
    return artifact !== undefined && isLive(artifact, this.#clock.now()) ? artifact : undefined;
  }

  async *#read(digest: ArtifactDigest): AsyncGenerator<Uint8Array, void> {
    const { handle, artifact } = await mapped("open an artifact", () => this.#openObject(digest));
    yield* verifiedPieces(handle, artifact);
  }

  async #openObject(digest: ArtifactDigest): Promise<{ readonly handle: nodeFiles.FileHandle; readonly artifact: StoredArtifact }> {
    for (let missing: string | undefined; ; ) {
      const artifact = await this.#find(digest);
      if (artifact === undefined) throw artifactNotFound(digest);
      try {
        return { handle: await this.#folders.files.open(this.#folders.in("objects", artifact.object), "r"), artifact };
      } catch (error) {
        if (!isFileError(error, "ENOENT")) throw error;
        // It was put again, or removed, meanwhile; then the state is another one now.
        if (missing === artifact.object) throw artifactCorrupt(digest, "has lost its file");
        missing = artifact.object;
      }
    }
  }
}
