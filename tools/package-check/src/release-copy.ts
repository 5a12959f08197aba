import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Manifest, packAll, type PackedPackage, pnpm, ROOT } from "./packed-packages.ts";

const run = promisify(execFile);

/** What a release is made from, and what it would be. */
export interface Release {
  readonly version: string;
  /** Whether changesets were turned into this version here; they are committed elsewhere before anything is published. */
  readonly isPending: boolean;
  /** In the order in which they are published: what others depend on first. */
  readonly packages: readonly PackedPackage[];
}

/** A clone of what is committed, in which a release is put together: the repository itself stays as it is. */
export class ReleaseCopy {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Clones, and installs what is needed to build. @throws Error when git or pnpm fail */
  static async make(): Promise<ReleaseCopy> {
    const copy = new ReleaseCopy(mkdtempSync(join(tmpdir(), "wfe-release-")));
    try {
      await run("git", ["clone", "--quiet", "--shared", ROOT, copy.#root]);
      // Nothing is compiled: a build needs no driver.
      await pnpm(copy.#root, "install", "--frozen-lockfile", "--prefer-offline", "--ignore-scripts");
      return copy;
    } catch (error) {
      copy.dispose();
      throw error;
    }
  }

  get #root(): string {
    return join(this.#folder, "repository");
  }

  /**
   * Gives the packages their next version when changesets wait, builds and packs them.
   *
   * @param repository - Where the sources are, which npm shows and compares with who publishes; `undefined` leaves it out.
   */
  async pack(repository: string | undefined): Promise<Release> {
    const isPending = this.#pending().length > 0;
    if (isPending) await pnpm(this.#root, "exec", "changeset", "version");
    if (repository !== undefined) for (const folder of readdirSync(join(this.#root, "packages"))) this.#nameRepository(folder, repository);
    const packages = inOrder(await packAll(this.#folder, this.#root));
    return { version: packages[0]?.manifest.version ?? "", isPending, packages };
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #pending(): readonly string[] {
    return readdirSync(join(this.#root, ".changeset")).filter((name) => name.endsWith(".md") && name !== "README.md");
  }

  #nameRepository(folder: string, repository: string): void {
    const path = join(this.#root, "packages", folder, "package.json");
    const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
    const named = { ...manifest, repository: { type: "git", url: `git+${repository}.git`, directory: `packages/${folder}` } };
    writeFileSync(path, `${JSON.stringify(named, undefined, 2)}\n`);
  }
}

/** Each behind those of the others that it depends on. */
function inOrder(packages: readonly PackedPackage[]): readonly PackedPackage[] {
  const left = [...packages].toSorted((a, b) => a.manifest.name.localeCompare(b.manifest.name));
  const ordered: PackedPackage[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ manifest }) => !left.some((other) => other.manifest.name in { ...manifest.dependencies, ...peersOf(manifest) }));
    if (next === -1) throw new Error(`${left.map(({ manifest }) => manifest.name).join(", ")} depend on each other`);
    ordered.push(...left.splice(next, 1));
  }
  return ordered;
}

function peersOf(manifest: Manifest): Readonly<Record<string, string>> {
  return (manifest["peerDependencies"] ?? {}) as Readonly<Record<string, string>>;
}
