import type { JsonValue } from "../models/json.ts";
import type { BlockNode } from "./step-node.ts";
import type { RecordedBlock } from "./step-recorder.ts";

/** Records one block of a container. */
export type RecordBlock = (role: string, block: RecordedBlock, more?: { readonly name?: string; readonly value?: unknown }) => BlockNode;

/** Records the branches of a `parallel`. */
export class BranchesRecorder {
  readonly blocks: BlockNode[] = [];
  readonly #record: RecordBlock;

  constructor(record: RecordBlock) {
    this.#record = record;
  }

  branch(nameOrBlock: string | RecordedBlock, block?: RecordedBlock): this {
    // The types allow (block) and (name, block).
    this.blocks.push(
      typeof nameOrBlock === "function" ? this.#record("branch", nameOrBlock) : this.#record("branch", block as RecordedBlock, { name: nameOrBlock }),
    );
    return this;
  }
}

/** Records the cases of a `decide`. */
export class CasesRecorder {
  readonly blocks: BlockNode[] = [];
  readonly #record: RecordBlock;

  constructor(record: RecordBlock) {
    this.#record = record;
  }

  case(value: JsonValue, block: RecordedBlock): this {
    this.blocks.push(this.#record("case", block, { value }));
    return this;
  }

  otherwise(block: RecordedBlock): this {
    this.blocks.push(this.#record("otherwise", block));
    return this;
  }
}
