import { systemClock } from "../../runtime/system-clock.ts";
import { refusedArchive, shown } from "./archive-limits.ts";
import { linkTarget, refusedPath } from "./archive-path.ts";
import { LinkPlaces } from "./link-places.ts";

/** What an archive has in it. */
export type ArchiveEntryKind = "file" | "directory" | "symlink";

/** Links that are checked before others may work. */
const LINKS_AT_ONCE = 200;

interface TreeNode {
  kind: ArchiveEntryKind | "implied";
  children: Map<string, TreeNode> | undefined;
}

/** The names of an archive met up to now, and the rules among them. */
export class ArchiveTree {
  readonly #root: TreeNode = { kind: "implied", children: undefined };
  readonly #links: { readonly segments: readonly string[]; readonly target: string }[] = [];
  readonly #maxEntries: number;
  readonly #maxPathLength: number;
  #count = 0;

  constructor(limits: { readonly maxEntries: number; readonly maxPathLength: number }) {
    this.#maxEntries = limits.maxEntries;
    this.#maxPathLength = limits.maxPathLength;
  }

  /**
   * Adds an entry.
   *
   * @returns The directories that are to be made for it and were not there, from the top; it is the last of them if it is one.
   * @throws ArtifactError `WFE_ARCHIVE_REFUSED` for one that is there already, one below a file or a link, and one too many
   */
  add(kind: ArchiveEntryKind, segments: readonly string[], target: string = ""): readonly (readonly string[])[] {
    const path = segments.join("/");
    const missing: (readonly string[])[] = [];
    let node = this.#root;
    for (const [index, segment] of segments.entries()) {
      if (node.kind === "file" || node.kind === "symlink") {
        throw refusedPath(path, `leads through ${shown(segments.slice(0, index).join("/"))}, which is a ${node.kind}`);
      }
      node.children ??= new Map();
      let child = node.children.get(segment);
      if (child === undefined) {
        this.#countOne();
        child = { kind: "implied", children: undefined };
        node.children.set(segment, child);
        if (index < segments.length - 1 || kind === "directory") missing.push(segments.slice(0, index + 1));
      }
      node = child;
    }
    if (node.kind !== "implied" || (kind !== "directory" && (node === this.#root || node.children !== undefined))) {
      throw refusedPath(path, "is there already");
    }
    if (node === this.#root) this.#countOne();
    node.kind = kind;
    if (kind === "symlink") {
      // Its form is checked at once; where it leads, when all is known.
      linkTarget(path, target, this.#maxPathLength);
      this.#links.push({ segments, target });
    }
    return missing;
  }

  /** Whether there is such a file. */
  hasFile(segments: readonly string[]): boolean {
    let node: TreeNode | undefined = this.#root;
    for (const segment of segments) node = node?.children?.get(segment);
    return node?.kind === "file";
  }

  /**
   * Checks where links lead, when all entries are known. What a target goes through must not be a link itself: `..` behind one leads where
   * that link leads, not where it stands. Lets others work meanwhile: there may be many, and with many steps.
   *
   * @throws ArtifactError `WFE_ARCHIVE_REFUSED` for one that leads out, or through another one
   */
  async checkLinks(): Promise<void> {
    const places = new LinkPlaces(this.#links.map((link) => link.segments));
    for (const [index, { segments, target }] of this.#links.entries()) {
      if (index % LINKS_AT_ONCE === LINKS_AT_ONCE - 1) await new Promise<void>((resolve) => systemClock.defer(resolve));
      const path = segments.join("/");
      const steps = linkTarget(path, target, this.#maxPathLength);
      const problem = places.problemOf(segments.slice(0, -1), steps, /\/\.?$/.test(target));
      if (problem !== undefined) throw refusedArchive(`the link ${shown(path)} is refused: its target ${shown(target)} ${problem}`);
    }
  }

  #countOne(): void {
    this.#count += 1;
    if (this.#count > this.#maxEntries) {
      throw refusedArchive(`the archive has more than ${this.#maxEntries} entries: raise maxEntries if that is meant`);
    }
  }
}
