import { createHash } from "node:crypto";
import type { WorkflowFilter } from "../models/workflow-filter.ts";

/** A path into the data of instances that a store keeps an index of. */
export interface IndexedPath {
  /** As filters name it. */
  readonly path: string;
  /** Its keys: letters, digits, `_` and `-`, so that they may stand in a statement as they are. */
  readonly keys: readonly string[];
  /** End of the name of its index: of 16 plain characters, and always the same. */
  readonly name: string;
}

/** A value that a filter asks for at a path that is indexed. */
export interface IndexedValue extends IndexedPath {
  readonly value: string | number | boolean | null;
}

const KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const LONGEST = 200;
const MOST = 16;

/**
 * What the option `indexedData` of a store says.
 *
 * @throws TypeError for what is no list of texts, RangeError for more than 16 paths, a path twice, or one that is not made of plain keys.
 */
export function indexedPaths(paths: readonly string[] = []): readonly IndexedPath[] {
  if (!Array.isArray(paths)) throw new TypeError(`indexedData must be a list of paths: got ${String(paths)}`);
  if (paths.length > MOST) throw new RangeError(`indexedData may have ${MOST} paths: got ${paths.length}`);
  for (const [index, path] of (paths as readonly unknown[]).entries()) {
    if (typeof path !== "string") throw new TypeError(`indexedData must be a list of paths: got ${String(path)} in it`);
    if (paths.indexOf(path) !== index) throw new RangeError(`indexedData has the path ${JSON.stringify(path)} twice`);
    if (path.length > LONGEST || !path.split(".").every((key) => KEY.test(key)))
      throw new RangeError(
        `a path of indexedData has keys with dots between them, each a letter or "_", then letters, digits, "_" or "-"; ${LONGEST} characters at most: ` +
          `got ${JSON.stringify(path)}`,
      );
  }
  return paths.map((path) => ({ path, keys: path.split("."), name: createHash("sha256").update(path).digest("hex").slice(0, 16) }));
}

/**
 * The value of a filter by whose path an index finds instances; none when no path of it is indexed, or databases would write the value in another
 * way than data does: half of a cut emoji, and numbers so small that they have few digits.
 */
export function indexedValue(data: NonNullable<WorkflowFilter["data"]>, paths: readonly IndexedPath[]): IndexedValue | undefined {
  for (const indexed of paths) {
    const value = Object.hasOwn(data, indexed.path) ? data[indexed.path] : undefined;
    if (value !== undefined && isPlain(value)) return { ...indexed, value };
  }
  return undefined;
}

function isPlain(value: string | number | boolean | null): boolean {
  if (typeof value === "number") return Number.isFinite(value) && (value === 0 || Math.abs(value) > 1e-290);
  // ES2024, in Node since 20; the compiler's library is ES2023.
  return typeof value !== "string" || (value as string & { isWellFormed(): boolean }).isWellFormed();
}
