import type { PointerRow } from "../../../src/index.ts";
import { CallingOff } from "./calling-off.ts";
import { Containers } from "./containers.ts";
import { endFaults } from "./end-faults.ts";
import { Failing } from "./failing.ts";
import type { Family } from "./family.ts";
import { type Fate, fateAt } from "./fates.ts";
import { Findings } from "./findings.ts";
import { Jumps } from "./jumps.ts";
import { type Flow, isFork, type Place, type Step, type Walker, within } from "./place.ts";
import { type InstanceRecord, isOpenPointer, shown } from "./record.ts";
import { Results } from "./results.ts";
import { SagaRuns } from "./saga-runs.ts";
import type { Chain, Names, Node, Tree } from "./tree.ts";
import { Undoing } from "./undoing.ts";

/**
 * Walks a tree along the record of an instance. The tree and the semantics say what must follow; the record is asked only for what they leave
 * open: whether an event or its limit was first, how far a chain had come when something cancelled it, and in which order parallel steps ended.
 */
export class Interpreter implements Walker {
  readonly #found: Findings;
  readonly #family: Family;
  readonly #undoing: Undoing;
  readonly #callingOff: CallingOff;
  readonly #failing: Failing;
  readonly #results: Results;
  readonly #containers: Containers;
  readonly #jumps: Jumps;
  readonly #sagas: SagaRuns;

  constructor(names: Names, byDefault: Tree["onError"], record: InstanceRecord, family: Family) {
    this.#found = new Findings(names, byDefault, record);
    this.#family = family;
    this.#undoing = new Undoing(this.#found);
    this.#callingOff = new CallingOff(this.#found, this.#undoing);
    this.#failing = new Failing(this.#found, this.#undoing, this.#callingOff);
    this.#results = new Results(this.#found, family, this.#callingOff);
    this.#containers = new Containers(this.#found, this.#callingOff, this);
    this.#jumps = new Jumps(this.#found, this.#callingOff, this.#containers, this);
    this.#sagas = new SagaRuns(this.#found, this.#undoing, this);
  }

  /** Looks at the whole instance. @returns What is wrong with it. */
  interpret(chain: Chain, item: string): readonly string[] {
    const { record, fault, failures, log, patches, counts } = this.#found;
    const place: Place = { containers: [], item, inherited: undefined, saga: undefined, recur: undefined };
    const entries = record.entries(undefined);
    if (entries.length !== 1) fault(`it has ${entries.length} beginnings`);
    const flow = this.chain(chain, place, entries[0]);
    this.#found.lookBack();
    const { endedAt } = this.#callingOff;
    for (const pointer of record.pointers) if (pointer.seq > endedAt) fault(`${shown(pointer)} begins behind the end of the workflow`);
    const ends = {
      record,
      isWalked: flow === "on" || flow === "ended" || endedAt < Number.POSITIVE_INFINITY,
      failures,
      sagaFailures: this.#sagas.failures,
      mayBeTerminated: this.#family.mayBeTerminated,
      mayHaveBeenCleared: this.#found.mayHaveBeenResumed || this.#sagas.haveRunAgain,
      log,
      patches,
      data: { counts, item },
    };
    for (const text of endFaults(ends)) fault(text);
    return this.#found.faults;
  }

  chain(chain: Chain, place: Place, first: PointerRow | undefined): Flow {
    return this.walk(chain, place, first)[0];
  }

  walk(chain: Chain, place: Place, first: PointerRow | undefined): readonly [Flow, PointerRow | undefined] {
    let pointer = first;
    let before: PointerRow | undefined;
    for (const node of chain) {
      if (pointer === undefined && before !== undefined) return [this.#callingOff.cutBehind(before, place), before];
      if (pointer === undefined) {
        const where = place.containers.map((container) => `${shown(container)}: `).join("");
        this.#found.fault(`${where}a ${node.kind} is missing at the beginning`);
        return ["cut", before];
      }
      const [flow, last]: Step = this.#node(node, place, pointer);
      if (flow !== "on") return [flow, last];
      before = last;
      pointer = this.#found.next(last, place);
    }
    return ["on", before];
  }

  #node(node: Node, place: Place, pointer: PointerRow): Step {
    if (node.kind === "again") return this.#jumps.again(node, place, pointer);
    if (node.kind === "skip") return this.#jumps.skip(node, place, pointer);
    if (node.kind === "end") return [this.#end(node, place, pointer), pointer];
    const { record, names, fault } = this.#found;
    this.#found.expect(pointer, names.of(node), node);
    if (node.cancelWhen?.on === "start") {
      if (pointer.status !== "cancelled" || pointer.attempt > 0) fault(`${shown(pointer)} is to be cancelled before it begins`);
      return [this.#callingOff.cancelled(node, place, pointer), pointer];
    }
    if (node.cancelWhen?.on === "flag") this.#found.later(() => this.#callingOff.checkFlag(pointer));
    if (pointer.status === "cancelled") {
      // What is in it was cancelled on its way, and so may its compensation have been.
      this.#inside(node, place, pointer);
      const { forGood } = this.#fate(node, place, pointer);
      if (forGood === "compensate" && pointer.error !== undefined && record.undoing(pointer).length > 0)
        this.#failing.compensated(node, pointer, place);
      return [this.#callingOff.cancelled(node, place, pointer), pointer];
    }
    if (node.when === false) {
      if (pointer.status !== "skipped") this.#found.unlessOpen(pointer, "is to be skipped");
      return [isOpenPointer(pointer) ? "open" : "on", pointer];
    }
    const fate = this.#fate(node, place, pointer);
    if (this.#wasCalledOff(node, place, pointer)) return ["on", pointer];
    const hasFailed = this.#failing.hasFailed(node, pointer, fate);
    this.#failing.checkErrors(node, pointer, fate, hasFailed);
    if (hasFailed) return [this.#failing.failed(node, pointer, fate, place), pointer];
    if (node.kind === "saga" && pointer.status === "failed") return this.#finished(node, place, pointer);
    if (isOpenPointer(pointer)) {
      const flows = this.#inside(node, place, pointer);
      this.#checkOpen(node, pointer, flows);
      return [isFork(node) && pointer.attempt > 0 ? "on" : "open", pointer];
    }
    if (!fate.mayComplete) fault(`${shown(pointer)} has failed for good, and ${fate.forGood} is to follow`);
    return this.#finished(node, place, pointer);
  }

  #inside(node: Node, place: Place, pointer: PointerRow): readonly Flow[] {
    return node.kind === "saga" ? this.#sagas.inside(node, place, pointer) : this.#containers.inside(node, place, pointer);
  }

  /** What becomes of a node by itself. */
  #fate(node: Node, { inherited, saga }: Place, pointer: PointerRow): Fate {
    const { byDefault, fault } = this.#found;
    const around = { inherited, inSaga: saga !== undefined, byDefault };
    const children = node.kind === "child" ? this.#family.children(pointer) : [];
    const wereTerminated = children.map(({ status }) => status === "terminated");
    // One that was to be terminated, with its parent or by its limit, may have been complete by then.
    const mayBeComplete = this.#family.mayBeRetried || (node.kind === "child" && node.timeout !== undefined);
    const areOver = mayBeComplete ? children.map(({ status }) => status === "terminated" || status === "complete") : wereTerminated;
    if (areOver.slice(0, -1).includes(false)) fault(`${shown(pointer)} has ${children.length} children at once`);
    return fateAt(node, around, wereTerminated, this.#family.mayBeRetried);
  }

  /** Whether a step was called off while it ran, and undone with its saga because nobody knows what it had done. */
  #wasCalledOff(node: Node, place: Place, pointer: PointerRow): boolean {
    if (node.kind === "saga" || !("undo" in node) || place.saga === undefined || pointer.status !== "compensated" || pointer.error !== undefined)
      return false;
    const { record, fault } = this.#found;
    const own = node.cancelWhen;
    if (record.hasWritten(pointer) || (this.#found.next(pointer, place) !== undefined && own?.proceed !== true)) return false;
    if (node.kind !== "branch" || record.entries(pointer).length > 0) this.#inside(node, place, pointer);
    this.#found.later(() => {
      if (!this.#callingOff.isCalledOff(own, place, pointer) && writesAlways(node)) fault(`${shown(pointer)} has left nothing`);
    });
    return true;
  }

  /** What is open may only be so where the instance waits for somebody. */
  #checkOpen(node: Node, pointer: PointerRow, inside: readonly Flow[]): void {
    const { status } = this.#found.record.row;
    if (status === "suspended" || inside.includes("open")) return;
    const waits = node.kind === "child" && this.#family.children(pointer).some(({ status: of }) => of === "suspended" || of === "runnable");
    if (!waits) this.#found.fault(`${shown(pointer)} is open, and nothing in it; the instance is ${status}`);
  }

  #end(node: Node, place: Place, pointer: PointerRow): Flow {
    this.#found.expect(pointer, "endWorkflow");
    if (pointer.status === "complete") this.#callingOff.ends(pointer);
    else if (pointer.status === "cancelled") return this.#callingOff.cancelled(node, place, pointer);
    else this.#found.unlessOpen(pointer, "does not end the workflow");
    return isOpenPointer(pointer) ? "open" : "cut";
  }

  /** A pointer that has come to a good end, or was undone after it. */
  #finished(node: Node, place: Place, pointer: PointerRow): Step {
    if (node.kind === "saga") return [this.#sagas.end(node, place, pointer), pointer];
    const { fault } = this.#found;
    const wasUndone = pointer.status === "compensated" && "undo" in node && node.undo !== undefined && place.saga !== undefined;
    if (pointer.status !== "complete" && !wasUndone) fault(`${shown(pointer)} is neither complete nor undone`);
    const flows = this.#inside(node, place, pointer);
    if (flows.includes("open")) fault(`${shown(pointer)} has ended, and something in it is open`);
    if (flows.includes("cut") && node.kind !== "recur") fault(`${shown(pointer)} has ended, and not all in it`);
    this.#results.write(node, place, pointer);
    if (node.kind === "outcome") {
      const block = node.blocks[node.value];
      return block === undefined ? ["on", pointer] : this.#joined(node, place, pointer, block, "outcome");
    }
    if ((node.kind !== "wait" && node.kind !== "activity" && node.kind !== "poll") || !this.#results.isLate(node, pointer)) return ["on", pointer];
    if (node.late !== undefined) return this.#joined(node, place, pointer, node.late, "timeout");
    fault(`${shown(pointer)} has ended without what it waits for`);
    return ["on", pointer];
  }

  /** A block behind a step, which joins. */
  #joined(node: Node, place: Place, pointer: PointerRow, block: Chain, what: string): Step {
    const { names, fault } = this.#found;
    const container = this.#found.next(pointer, place);
    if (container === undefined) return [this.#callingOff.cutBehind(pointer, place), pointer];
    this.#found.expect(container, `${names.of(node)}: ${what}`);
    const flow = this.#containers.block(block, within(node, place, container), container);
    if (container.status === "cancelled") return [this.#callingOff.cancelled({ kind: "end" }, place, container), container];
    if (isOpenPointer(container)) {
      this.#checkOpen({ kind: "end" }, container, [flow]);
      return ["open", container];
    }
    if (flow === "cut" || flow === "open") fault(`${shown(container)} has ended, and not all in it`);
    return ["on", container];
  }
}

function writesAlways(node: Node): boolean {
  if (node.kind === "branch") return node.again;
  return (node.kind !== "activity" && node.kind !== "poll") || node.never !== true;
}
