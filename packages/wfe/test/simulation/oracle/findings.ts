import type { PointerRow } from "../../../src/index.ts";
import { entryOf } from "./build.ts";
import type { Verdict } from "./fates.ts";
import type { Place } from "./place.ts";
import { type InstanceRecord, isOpenPointer, shown } from "./record.ts";
import type { Names, Node, Tree } from "./tree.ts";

/** A failure for good. */
export interface Failure {
  readonly pointer: PointerRow;
  readonly forGood: Verdict;
  /** The saga that it undoes. */
  readonly saga: PointerRow | undefined;
}

/** What the interpreter finds out while it walks an instance, shared by its parts. */
export class Findings {
  readonly faults: string[] = [];
  readonly record: InstanceRecord;
  readonly names: Names;
  readonly byDefault: Tree["onError"];
  /** The node of each pointer that has been come to. */
  readonly nodes: Map<PointerRow, Node> = new Map();
  /** Failures for good. */
  readonly failures: Failure[] = [];
  /** What outputs have written. */
  readonly log: { readonly pointer: PointerRow; readonly entry: string }[] = [];
  readonly counts: Record<string, number> = {};
  /** Keys that results have written their pointer's id to. */
  readonly patches: { readonly pointer: PointerRow; readonly key: string }[] = [];
  readonly #explained = new Set<PointerRow>();
  readonly #later: (() => void)[] = [];

  constructor(names: Names, byDefault: Tree["onError"], record: InstanceRecord) {
    this.names = names;
    this.byDefault = byDefault;
    this.record = record;
  }

  readonly fault = (text: string): void => {
    this.faults.push(`${this.record.row.id}: ${text}`);
  };

  /** Looks at something when all has been walked. */
  later(look: () => void): void {
    this.#later.push(look);
  }

  /** All has been walked. */
  lookBack(): void {
    for (const look of this.#later) look();
    for (const pointer of this.record.pointers) if (!this.#explained.has(pointer)) this.fault(`nothing explains ${shown(pointer)}`);
  }

  explain(pointer: PointerRow): void {
    if (this.#explained.has(pointer)) this.fault(`${shown(pointer)} stands in two places`);
    this.#explained.add(pointer);
  }

  /** Explains a pointer by the step that is to stand there. */
  expect(pointer: PointerRow, name: string, node?: Node): void {
    this.explain(pointer);
    if (node !== undefined) this.nodes.set(pointer, node);
    if (pointer.stepName !== name) this.fault(`${shown(pointer)} stands where ${name} is to be`);
  }

  /** Notes that an output has written. */
  writes(pointer: PointerRow, rest = ""): void {
    this.log.push({ pointer, entry: entryOf(pointer.id, pointer.stepName ?? "", rest) });
  }

  /** Notes that a result has counted. */
  count(key: string): void {
    this.counts[key] = (this.counts[key] ?? 0) + 1;
  }

  /** What follows a pointer in its chain. */
  next(pointer: PointerRow, { containers }: Place): PointerRow | undefined {
    return this.record.next(
      pointer,
      containers.map(({ id }) => id),
    );
  }

  /** Something may be open only in an instance that stands still. */
  unlessOpen(pointer: PointerRow, text: string): void {
    if (!isOpenPointer(pointer) || this.record.row.status !== "suspended") this.fault(`${shown(pointer)} ${text}`);
  }

  /** A resume sets the count of failures back. */
  get mayHaveBeenResumed(): boolean {
    return this.record.row.controlSeq > 0;
  }
}
