import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { list } from "tar";

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL("../../../", import.meta.url));

/** What `package.json` of a package says. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A package as it would be published. */
export interface PackedPackage {
  readonly manifest: Manifest;
  /** Of the archive. */
  readonly path: string;
  /** In bytes. */
  readonly packedSize: number;
  /** In bytes, of all its files. */
  readonly unpackedSize: number;
  /** Paths of its files in the package. */
  readonly files: readonly string[];
  textOf(file: string): string;
}

const LARGEST_OUTPUT = 64 * 1024 * 1024;

/** Runs pnpm in a copy of the repository. @returns What it prints. */
export async function pnpm(root: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("npx", ["-y", "pnpm@10", "--silent", ...words], { cwd: root, maxBuffer: LARGEST_OUTPUT });
  return stdout;
}

/** Builds all packages and packs them. @param folder - Where the archives go. @param root - Of the repository, or of a copy of it. */
export async function packAll(folder: string, root: string = ROOT): Promise<readonly PackedPackage[]> {
  await pnpm(root, "exec", "turbo", "run", "build", "--filter=./packages/*", "--output-logs=errors-only");
  const stdout = await pnpm(root, "-r", "--filter=./packages/*", "pack", "--json", "--pack-destination", folder);
  const packed = JSON.parse(stdout) as readonly { readonly filename: string }[];
  return Promise.all(packed.map(({ filename }) => opened(filename)));
}

async function opened(path: string): Promise<PackedPackage> {
  const contents = new Map<string, Buffer>();
  await list({
    file: path,
    onReadEntry: (entry) => {
      const pieces: Buffer[] = [];
      entry.on("data", (piece: Buffer) => pieces.push(piece));
      entry.on("end", () => contents.set(entry.path.replace(/^package\//, ""), Buffer.concat(pieces)));
    },
  });
  const textOf = (file: string): string => {
    const content = contents.get(file);
    if (content === undefined) throw new Error(`there is no ${file} in ${path}`);
    return content.toString("utf8");
  };
  return {
    manifest: JSON.parse(textOf("package.json")) as Manifest,
    path,
    packedSize: statSync(path).size,
    unpackedSize: [...contents.values()].reduce((sum, { length }) => sum + length, 0),
    files: [...contents.keys()].toSorted(),
    textOf,
  };
}

/** The range of a dependency that the workspace shares. @throws Error when the catalog has none */
export function catalogRange(name: string): string {
  const [, range] = new RegExp(`^  "?${name}"?: (\\S+)$`, "m").exec(readFileSync(`${ROOT}pnpm-workspace.yaml`, "utf8")) ?? [];
  if (range === undefined) throw new Error(`the catalog of pnpm-workspace.yaml has no ${name}`);
  return range;
}
