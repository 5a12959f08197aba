import { Slots } from "../../runtime/slots.ts";
import { isFileError, unless } from "../error-mapping.ts";
import { EMPTY_CONFIG_HEX, EMPTY_CONFIG_TEXT, hexOf, LAYOUT_TEXT } from "./oci-manifest.ts";
import type { NumberedState, StateFiles } from "./state-files.ts";
import type { StoreFolders } from "./store-folders.ts";
import { manifestOfStored, type StoredArtifact, type StoreState } from "./store-state.ts";
import type { Writer } from "../writer.ts";

/** Repairs that are under way at the same time. */
const AT_ONCE = 16;
const ATTEMPTS = 3;

/**
 * What other tools see: the OCI image layout. All of it follows from the newest state, and is made again from it where it differs; the store
 * itself never reads it. Whoever changes the state brings it up to date, and looks afterwards whether the state is still the same: so a process
 * that was frozen with an old state in hand repairs what it has overwritten.
 */
export class PublicLayout {
  readonly #folders: StoreFolders;
  readonly #states: StateFiles;
  readonly #writer: Writer;

  constructor(folders: StoreFolders, states: StateFiles, writer: Writer) {
    this.#folders = folders;
    this.#states = states;
    this.#writer = writer;
  }

  /** Brings it up to date for artifacts that came or went. */
  async publish(touched: readonly StoredArtifact[]): Promise<void> {
    await this.#untilStable(async ({ state, text }) => {
      const here = touched.flatMap(({ digest }) => state.artifacts.get(digest) ?? []);
      await each(here, (artifact) => this.#show(artifact));
      await this.#replace(this.#folders.in("root", "index.json"), text, true);
      await this.#hide(touched.flatMap(namesOf), state);
    });
    await Promise.all([this.#folders.sync(this.#folders.blobs), this.#folders.sync(this.#folders.root)]);
  }

  /** Makes good whatever differs, for all artifacts. */
  async repair(): Promise<void> {
    const { files } = this.#folders;
    await this.#untilStable(async () => {
      // Before the state is read: what is there already, and not in the state, is not to come.
      const present = new Set(await files.readdir(this.#folders.blobs));
      const { state, text } = await this.#states.newest();
      await this.#ensureText(this.#folders.in("root", "oci-layout"), LAYOUT_TEXT);
      await this.#ensureText(this.#folders.in("blobs", EMPTY_CONFIG_HEX), EMPTY_CONFIG_TEXT);
      await each([...state.artifacts.values()], (artifact) => this.#show(artifact));
      await this.#ensureText(this.#folders.in("root", "index.json"), text);
      await this.#hide(
        [...present].filter((name) => /^[0-9a-f]{64}$/.test(name)),
        state,
      );
    });
    await Promise.all([this.#folders.sync(this.#folders.blobs), this.#folders.sync(this.#folders.root)]);
  }

  async #untilStable(update: (newest: NumberedState) => Promise<void>): Promise<void> {
    let newest = await this.#states.newest();
    for (;;) {
      await update(newest);
      const after = await this.#states.newest();
      if (after.number === newest.number) return;
      newest = after;
    }
  }

  async #show(artifact: StoredArtifact): Promise<void> {
    await this.#link(artifact);
    await this.#ensureManifest(artifact);
  }

  async #ensureManifest(artifact: StoredArtifact): Promise<void> {
    const { text, size, digest } = manifestOfStored(artifact);
    const file = this.#folders.in("blobs", hexOf(digest));
    // Not synced, as there are many and they can be made again: what a loss of power has left of one has another size.
    if ((await this.#folders.look(file))?.size !== BigInt(size)) await this.#replace(file, text, false);
  }

  /** Makes the blob of an artifact its object. */
  async #link(artifact: StoredArtifact): Promise<void> {
    const { files } = this.#folders;
    const object = this.#folders.in("objects", artifact.object);
    const blob = this.#folders.in("blobs", hexOf(artifact.digest));
    // ENOENT: the artifact is gone, and the state is another one.
    if (await unless(files.link(object, blob), "EEXIST", "ENOENT")) return;
    const [ours, theirs] = await Promise.all([this.#folders.look(object), this.#folders.look(blob)]);
    if (ours === undefined || ours.ino === theirs?.ino) return;
    const temporary = this.#folders.in("temporary", this.#writer.name());
    if (!(await unless(files.link(object, temporary), "ENOENT"))) return;
    await unless(files.rename(temporary, blob), "ENOENT");
    // Two names of one file are left as they are by a rename.
    await unless(files.unlink(temporary), "ENOENT");
  }

  /** Removes blobs that the state does not need. */
  async #hide(names: readonly string[], state: StoreState): Promise<void> {
    if (names.length === 0) return;
    // A blob may be one artifact, and the manifest of another.
    const needed = new Set([EMPTY_CONFIG_HEX, ...[...state.artifacts.values()].flatMap(namesOf)]);
    const unneeded = names.filter((name) => !needed.has(name));
    await each(unneeded, (name) => unless(this.#folders.files.unlink(this.#folders.in("blobs", name)), "ENOENT"));
  }

  /** Writes a file that can be made again, unless it is as it should be. */
  async #ensureText(file: string, text: string): Promise<void> {
    const found = await this.#folders.files.readFile(file, "utf8").catch(() => undefined);
    if (found !== text) await this.#replace(file, text, true);
  }

  async #replace(file: string, text: string, isSynced: boolean): Promise<void> {
    const { files } = this.#folders;
    for (let attempt = 1; ; attempt += 1) {
      const temporary = this.#folders.in("temporary", this.#writer.name());
      try {
        await this.#folders.write(temporary, text, isSynced);
        await files.rename(temporary, file);
        return;
      } catch (error) {
        await unless(files.unlink(temporary), "ENOENT");
        // Taken for a file of a crash, by a machine that cannot see this process: that happens once.
        if (!isFileError(error, "ENOENT") || attempt === ATTEMPTS) throw error;
      }
    }
  }
}

/** The blobs of an artifact. */
function namesOf(artifact: StoredArtifact): readonly string[] {
  return [hexOf(artifact.digest), hexOf(manifestOfStored(artifact).digest)];
}

async function each<T>(values: readonly T[], run: (value: T) => Promise<unknown>): Promise<void> {
  const slots = new Slots(AT_ONCE);
  await Promise.all(values.map((value) => slots.run(() => run(value))));
}
