import type { PointerRow } from "../../../src/index.ts";
import { itemsIn, keyOf } from "./build.ts";
import type { CallingOff } from "./calling-off.ts";
import type { Findings } from "./findings.ts";
import { type Flow, hasStopped, type Place, turnsOf, type Walker, within } from "./place.ts";
import { shown } from "./record.ts";
import type { BranchNode, Chain, EachNode, Node, ParallelNode, RecurNode, WhileNode } from "./tree.ts";

/** What stands in containers: one block or several, beside each other or one after the other. */
export class Containers {
  readonly #found: Findings;
  readonly #callingOff: CallingOff;
  readonly #walker: Walker;

  constructor(found: Findings, callingOff: CallingOff, walker: Walker) {
    this.#found = found;
    this.#callingOff = callingOff;
    this.#walker = walker;
  }

  /** Walks what stands in a node other than a saga. @returns How its chains have ended. */
  inside(node: Node, place: Place, pointer: PointerRow): readonly Flow[] {
    const inner = within(node, place, pointer);
    switch (node.kind) {
      case "branch":
      case "each":
        return this.#items(node, place, pointer);
      case "if":
      case "decide": {
        const block = node.kind === "decide" ? (node.cases[node.value] ?? node.otherwise) : node.holds ? node.block : node.otherwise;
        return block === undefined ? [] : [this.block(block, inner, pointer)];
      }
      case "schedule":
        return [this.block(node.block, inner, pointer)];
      case "parallel":
        return this.#branches(node, inner, pointer);
      case "while":
      case "recur":
        return this.#turns(node, inner, pointer);
      default:
        return [];
    }
  }

  /** The only block of a container. One that was cancelled or stopped may not have begun. */
  block(chain: Chain, inner: Place, container: PointerRow): Flow {
    const [entry] = this.#found.record.entries(container);
    return entry === undefined && hasStopped(container) ? "cut" : this.#walker.chain(chain, inner, entry);
  }

  /** The step that counts a turn. */
  turn(name: string, place: Place, pointer: PointerRow): Flow {
    this.#found.expect(pointer, `${name}turn`);
    if (pointer.status === "cancelled") return this.#callingOff.cancelled({ kind: "end" }, place, pointer);
    if (pointer.status !== "complete") {
      this.#found.unlessOpen(pointer, "is to count a turn");
      return "open";
    }
    this.#found.count(keyOf(name, turnsOf(place)));
    return "on";
  }

  #items(node: BranchNode | EachNode, place: Place, pointer: PointerRow): readonly Flow[] {
    const { record, names, fault } = this.#found;
    const entries = record.entries(pointer);
    let before: Flow = "on";
    return itemsIn(place.item, names.of(node), node.items).map((item) => {
      const entry = entries.find((each) => each.item === JSON.stringify(item));
      const waits = node.kind === "each" && !node.parallel && before !== "on" && before !== "ended";
      if (entry === undefined && (hasStopped(pointer) || waits)) return "cut";
      if (entry !== undefined && waits) fault(`${shown(entry)} begins before its turn`);
      const flow = this.#walker.chain(node.block, within(node, place, pointer, item), entry);
      before = flow;
      return flow;
    });
  }

  #branches({ branches }: ParallelNode, inner: Place, pointer: PointerRow): readonly Flow[] {
    const entries = this.#found.record.entries(pointer);
    return branches.map((branch) => {
      const entry = entries.find(({ stepName }) => stepName === this.#nameOfEntry(branch));
      return entry === undefined && hasStopped(pointer) ? "cut" : this.#walker.chain(branch, inner, entry);
    });
  }

  #nameOfEntry([first]: Chain): string {
    if (first === undefined || first.kind === "end") return "endWorkflow";
    const name = this.#found.names.of(first);
    return first.kind === "again" ? `${name}turn` : first.kind === "skip" ? `${name}if` : name;
  }

  /** A loop, whose every turn counts first. */
  #turns(node: WhileNode | RecurNode, inner: Place, pointer: PointerRow): readonly Flow[] {
    const { record, names, counts, fault } = this.#found;
    const name = names.of(node);
    const inside = node.kind === "recur" ? { ...inner, recur: pointer } : inner;
    const flows: Flow[] = [];
    let turns = 0;
    for (const entry of record.entries(pointer)) {
      if (turns >= node.times) fault(`${shown(entry)} is one turn too many`);
      const before = flows.at(-1);
      if (node.kind === "while" && (before === "cut" || before === "open")) fault(`${shown(entry)} begins before the last turn has ended`);
      const flow = this.turn(name, inside, entry);
      if (flow === "on") turns = counts[keyOf(name, pointer.id + inside.item)] ?? 0;
      const next = this.#found.next(entry, inside);
      flows.push(
        flow !== "on" ? flow : next === undefined ? this.#callingOff.cutBehind(entry, inside) : this.#walker.chain(node.block, inside, next),
      );
    }
    if (turns < node.times && !hasStopped(pointer)) fault(`${shown(pointer)} has made ${turns} turns, and not ${node.times}`);
    return flows;
  }
}
