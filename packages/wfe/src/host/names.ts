import type { PersistenceProvider } from "wfe-core";
import { checkKey } from "./arguments.ts";

/** Numbers reserved at a time; a host that stops leaves a gap. */
const BLOCK = 100;
const LOOKS_LIKE_A_CHILD = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const LOOKS_LIKE_AN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Gives instances their names: `{definitionId}-{n}`, the numbers reserved in blocks, outside of any commit. */
export class Names {
  readonly #persistence: PersistenceProvider;
  readonly #blocks = new Map<string, { next: number; end: number; refill: Promise<void> | undefined }>();

  constructor(persistence: PersistenceProvider) {
    this.#persistence = persistence;
  }

  /** The next generated name of a definition. Unique in the store. */
  async next(definitionId: string): Promise<string> {
    const block = this.#blocks.get(definitionId) ?? { next: 1, end: 1, refill: undefined };
    this.#blocks.set(definitionId, block);
    while (block.next >= block.end) {
      block.refill ??= this.#persistence
        .nextDefinitionSequence(definitionId, BLOCK)
        .then((first) => {
          block.next = first;
          block.end = first + BLOCK;
        })
        .finally(() => {
          block.refill = undefined;
        });
      await block.refill;
    }
    const name = `${definitionId}-${block.next}`;
    block.next += 1;
    return name;
  }
}

/**
 * A name that a user gives.
 *
 * @throws TypeError when it is no text; RangeError when it is blank, too long, looks like an id, or like a name that is generated.
 */
export function checkName(name: string, definitionId: string): string {
  const trimmed = checkKey(name, "a workflow's name").trim();
  if (LOOKS_LIKE_AN_ID.test(trimmed)) throw new RangeError(`a workflow's name may not look like an id: got ${JSON.stringify(name)}`);
  if (trimmed.startsWith(`${definitionId}-`) && /^\d+$/.test(trimmed.slice(definitionId.length + 1))) {
    throw new RangeError(`a workflow's name may not look like a generated one ({definition id}-{number}): got ${JSON.stringify(name)}`);
  }
  return trimmed;
}

/**
 * An id that a user gives.
 *
 * @throws TypeError when it is no text; RangeError when it is blank, longer than a lock's name may be, or has the form of a sub-workflow's: a
 * parent would take that instance for the child that it is about to start.
 */
export function checkId(id: string): string {
  if (LOOKS_LIKE_A_CHILD.test(checkKey(id, "a workflow's id")))
    throw new RangeError(`UUIDs of version 8 are the ids of sub-workflows: got ${JSON.stringify(id)}; take one of another version`);
  return id;
}
