import type { PointerRow } from "../../../src/index.ts";
import { endFaults } from "./end-faults.ts";
import { entryOf, FLAG, itemsIn, keyOf } from "./build.ts";
import { type Fate, fateAt, inheritedIn } from "./fates.ts";
import { endOf, type InstanceRecord, isOpenPointer, shown } from "./record.ts";
import type {
  ActivityNode,
  AgainNode,
  BranchNode,
  Chain,
  EachNode,
  Names,
  Node,
  ParallelNode,
  PollNode,
  RecurNode,
  SagaNode,
  Tree,
  WaitNode,
  WhileNode,
} from "./tree.ts";
import { type Failure, type Findings, type SagaRun, Undoing } from "./undoing.ts";

/**
 * How a chain goes on behind a node: `on` to the next; `ended` when the chain ends there and its container finishes all the same; `cut` when
 * something else has ended it; `open` when it has not ended.
 */
type Flow = "on" | "ended" | "cut" | "open";
/** How the flow goes on, and behind which pointer. */
type Step = readonly [Flow, PointerRow];

/** Where a node stands. */
interface Place {
  /** The containers, outermost first. */
  readonly containers: readonly PointerRow[];
  readonly item: string;
  readonly inherited: Tree["onError"];
  readonly saga: PointerRow | undefined;
  readonly recur: PointerRow | undefined;
}

/** What the interpreter is told of the instances around the one it looks at. */
export interface Family {
  /** Status of the children that a pointer has started, in order, and the length of their logs. */
  children(pointer: PointerRow): readonly { readonly status: string; readonly logLength: number }[];
  /** Whether somebody outside may have terminated this instance: a command, or its parent. */
  readonly mayBeTerminated: boolean;
}

/**
 * Walks a tree along the record of an instance. The tree and the semantics say what must follow; the record is asked only for what they leave
 * open: whether an event or its limit was first, how far a chain had come when something cancelled it, and in which order parallel steps ended.
 */
export class Interpreter implements Findings {
  readonly faults: string[] = [];
  readonly record: InstanceRecord;
  readonly names: Names;
  readonly byDefault: Tree["onError"];
  readonly nodes: Map<PointerRow, Node> = new Map();
  readonly failures: Failure[] = [];
  readonly #family: Family;
  readonly #undoing: Undoing = new Undoing(this);
  readonly #explained = new Set<PointerRow>();
  readonly #log: { readonly pointer: PointerRow; readonly entry: string }[] = [];
  readonly #counts: Record<string, number> = {};
  readonly #patches: { readonly pointer: PointerRow; readonly key: string }[] = [];
  /** What can be said only when all has been walked. */
  readonly #later: (() => void)[] = [];
  /** The last run of each saga: its failure, whether that is undone, and how many runs there were. */
  readonly #sagaEnds = new Map<PointerRow, { readonly failed: PointerRow | undefined; readonly isUndone: boolean; readonly runs: number }>();
  /** What sagas have done to the instance when they were undone. */
  readonly #sagaFailures: ("suspend" | "terminate")[] = [];
  /** The first to raise the flag. */
  #raised: PointerRow | undefined;
  #endedAt = Number.POSITIVE_INFINITY;

  constructor(names: Names, byDefault: Tree["onError"], record: InstanceRecord, family: Family) {
    this.names = names;
    this.byDefault = byDefault;
    this.record = record;
    this.#family = family;
  }

  /** Looks at the whole instance. @returns What is wrong with it. */
  interpret(chain: Chain, item: string): readonly string[] {
    const place: Place = { containers: [], item, inherited: undefined, saga: undefined, recur: undefined };
    const entries = this.record.entries(undefined);
    if (entries.length !== 1) this.fault(`it has ${entries.length} beginnings`);
    const flow = this.#chain(chain, place, entries[0]);
    for (const look of this.#later) look();
    for (const pointer of this.record.pointers) {
      if (!this.#explained.has(pointer)) this.fault(`nothing explains ${shown(pointer)}`);
      if (pointer.seq > this.#endedAt) this.fault(`${shown(pointer)} begins behind the end of the workflow`);
    }
    const ends = {
      record: this.record,
      isWalked: flow === "on" || flow === "ended" || this.#endedAt < Number.POSITIVE_INFINITY,
      failures: this.failures,
      sagaFailures: this.#sagaFailures,
      mayBeTerminated: this.#family.mayBeTerminated,
      mayHaveBeenCleared: this.#mayHaveBeenResumed || [...this.#sagaEnds.values()].some(({ runs }) => runs > 1),
      log: this.#log,
      patches: this.#patches,
      data: { counts: this.#counts, item },
    };
    for (const text of endFaults(ends)) this.fault(text);
    return this.faults;
  }

  readonly fault = (text: string): void => {
    this.faults.push(`${this.record.row.id}: ${text}`);
  };

  explain(pointer: PointerRow): void {
    if (this.#explained.has(pointer)) this.fault(`${shown(pointer)} stands in two places`);
    this.#explained.add(pointer);
  }

  writes(pointer: PointerRow, rest = ""): void {
    this.#log.push({ pointer, entry: entryOf(pointer.id, pointer.stepName ?? "", rest) });
  }

  #expect(pointer: PointerRow, name: string, node?: Node): void {
    this.explain(pointer);
    if (node !== undefined) this.nodes.set(pointer, node);
    if (pointer.stepName !== name) this.fault(`${shown(pointer)} stands where ${name} is to be`);
  }

  #chain(chain: Chain, place: Place, first: PointerRow | undefined): Flow {
    return this.#walk(chain, place, first)[0];
  }

  /** Walks a chain from its first pointer. @returns The last one, too. */
  #walk(chain: Chain, place: Place, first: PointerRow | undefined): readonly [Flow, PointerRow | undefined] {
    let pointer = first;
    let before: PointerRow | undefined;
    for (const node of chain) {
      if (pointer === undefined && before !== undefined) return [this.#cutBehind(before, place), before];
      if (pointer === undefined) {
        const where = place.containers.map((container) => `${shown(container)}: `).join("");
        this.fault(`${where}a ${node.kind} is missing at the beginning`);
        return ["cut", before];
      }
      const [flow, last]: Step = this.#node(node, place, pointer);
      if (flow !== "on") return [flow, last];
      before = last;
      pointer = this.#next(last, place);
    }
    return ["on", before];
  }

  #next(pointer: PointerRow, { containers }: Place): PointerRow | undefined {
    return this.record.next(
      pointer,
      containers.map(({ id }) => id),
    );
  }

  #node(node: Node, place: Place, pointer: PointerRow): Step {
    if (node.kind === "again") return this.#again(node, place, pointer);
    if (node.kind === "end") return [this.#end(node, place, pointer), pointer];
    this.#expect(pointer, this.names.of(node), node);
    if (node.cancelWhen?.on === "start") {
      if (pointer.status !== "cancelled" || pointer.attempt > 0) this.fault(`${shown(pointer)} is to be cancelled before it begins`);
      return [this.#cancelled(node, place, pointer), pointer];
    }
    if (node.cancelWhen?.on === "flag") this.#later.push(() => this.#checkFlag(pointer));
    if (pointer.status === "cancelled") {
      // What is in it was cancelled on its way, and so may its compensation have been.
      this.#inside(node, place, pointer);
      const { forGood } = this.#fate(node, place, pointer);
      if (forGood === "compensate" && pointer.error !== undefined && this.record.undoing(pointer).length > 0) this.#compensated(node, pointer, place);
      return [this.#cancelled(node, place, pointer), pointer];
    }
    if (node.when === false) {
      if (pointer.status !== "skipped") this.#unlessOpen(pointer, "is to be skipped");
      return [isOpenPointer(pointer) ? "open" : "on", pointer];
    }
    const fate = this.#fate(node, place, pointer);
    if (this.#wasCalledOff(node, place, pointer)) return ["on", pointer];
    const hasFailed = this.#hasFailed(node, pointer, fate);
    this.#checkErrors(pointer, fate, hasFailed);
    if (hasFailed) return [this.#failed(node, pointer, fate, place), pointer];
    if (node.kind === "saga" && pointer.status === "failed") return this.#finished(node, place, pointer);
    if (isOpenPointer(pointer)) {
      const flows = this.#inside(node, place, pointer);
      this.#checkOpen(node, pointer, flows);
      return [isFork(node) && pointer.attempt > 0 ? "on" : "open", pointer];
    }
    if (!fate.mayComplete) this.fault(`${shown(pointer)} has failed for good, and ${fate.forGood} is to follow`);
    return this.#finished(node, place, pointer);
  }

  /** What becomes of a node by itself. */
  #fate(node: Node, { inherited, saga }: Place, pointer: PointerRow): Fate {
    const children = node.kind === "child" ? this.#family.children(pointer).map(({ status }) => status === "terminated") : [];
    if (children.slice(0, -1).includes(false)) this.fault(`${shown(pointer)} has ${children.length} children at once`);
    return fateAt(node, { inherited, inSaga: saga !== undefined, byDefault: this.byDefault }, children);
  }

  /** Whether a pointer has come to the bad end of its fate. */
  #hasFailed(node: Node, pointer: PointerRow, fate: Fate): boolean {
    if (fate.forGood === undefined || node.kind === "saga") return false;
    return pointer.status === "failed" || (pointer.status === "compensated" && pointer.error !== undefined);
  }

  /** Whether a step was called off while it ran, and undone with its saga because nobody knows what it had done. */
  #wasCalledOff(node: Node, place: Place, pointer: PointerRow): boolean {
    if (node.kind === "saga" || !("undo" in node) || place.saga === undefined || pointer.status !== "compensated" || pointer.error !== undefined)
      return false;
    const own = node.cancelWhen;
    if (this.record.hasWritten(pointer) || (this.#next(pointer, place) !== undefined && own?.proceed !== true)) return false;
    if (node.kind !== "branch" || this.record.entries(pointer).length > 0) this.#inside(node, place, pointer);
    this.#later.push(() => {
      if (!this.#isCalledOff(own, place, pointer) && this.#writesAlways(node)) this.fault(`${shown(pointer)} has left nothing`);
    });
    return true;
  }

  #writesAlways(node: Node): boolean {
    if (node.kind === "branch") return node.again;
    return (node.kind !== "activity" && node.kind !== "poll") || node.never !== true;
  }

  #checkErrors(pointer: PointerRow, { failures, forGood, mayComplete }: Fate, hasFailed: boolean): void {
    const errors = this.record.errors(pointer);
    if (errors === undefined) return;
    this.#later.push(() => {
      if (isOpenPointer(pointer) && !hasFailed) return;
      const either = forGood !== undefined && mayComplete && !hasFailed;
      if (errors < (either ? 0 : failures)) this.fault(`${shown(pointer)} has ${errors} errors, not ${failures}`);
      const most = either && forGood !== undefined ? failures - 1 : failures;
      if (!this.#mayHaveBeenResumed && errors > most) this.fault(`${shown(pointer)} has ${errors} errors, and not ${most} at most`);
    });
  }

  /** A resume sets the count of failures back. */
  get #mayHaveBeenResumed(): boolean {
    return this.record.row.controlSeq > 0;
  }

  /** @returns The flow behind a step that has failed for good. */
  #failed(node: Node, pointer: PointerRow, { forGood }: Fate, place: Place): Flow {
    if (forGood === undefined) return "on";
    const isFailed = pointer.status === "failed";
    const waits = isFailed && this.record.row.status === "suspended";
    if (forGood !== "compensate") {
      // What fails while the instance is suspended changes nothing of that: it runs again when the instance is resumed.
      if (waits && forGood === "terminate") return "open";
      this.failures.push({ pointer, forGood, saga: undefined });
      if (!isFailed) this.fault(`${shown(pointer)} has failed for good, and ${forGood} is to follow`);
      return "open";
    }
    if (!isFailed || this.record.undoing(pointer).length > 0) return this.#compensated(node, pointer, place);
    if (!waits) this.fault(`${shown(pointer)} has failed for good, and is to be compensated`);
    return "open";
  }

  /** @returns The flow behind a step whose failure is compensated. */
  #compensated(node: Node, pointer: PointerRow, place: Place): Flow {
    const { saga, recur } = place;
    this.failures.push({ pointer, forGood: "compensate", saga });
    if (saga !== undefined) return "cut";
    if (!("undo" in node) || node.undo === undefined) return recur === undefined ? "on" : "cut";
    const last = this.#undoing.undoesItself(pointer, node.undo);
    if (last === undefined) return "on";
    if (last.status !== "cancelled") return "open";
    this.#later.push(() => {
      if (!this.#isCalledOff(undefined, place, last)) this.fault(`nothing has cancelled ${shown(last)}`);
    });
    return "cut";
  }

  /** @returns The flow behind a cancelled pointer. */
  #cancelled(node: Node, place: Place, pointer: PointerRow): Flow {
    const own = "cancelWhen" in node ? node.cancelWhen : undefined;
    this.#later.push(() => {
      if (!this.#isCalledOff(own, place, pointer)) this.fault(`nothing has cancelled ${shown(pointer)}`);
    });
    if (isFork(node) && pointer.attempt > 0) return "on";
    if (own === undefined || (own.on === "flag" && !this.#isRaised)) return "cut";
    if (this.#next(pointer, place) !== undefined) {
      if (own.proceed !== true) this.fault(`the flow goes on behind ${shown(pointer)}`);
      return "on";
    }
    return own.proceed === true ? "on" : "ended";
  }

  get #isRaised(): boolean {
    return this.record.data.counts[FLAG] !== undefined;
  }

  #isCalledOff(own: { readonly on: "start" | "flag" } | undefined, { containers, saga, recur }: Place, pointer: PointerRow): boolean {
    const end = endOf(pointer);
    if (this.record.row.status === "terminated" || end >= this.#endedAt) return true;
    if (containers.some(({ status }) => status === "cancelled")) return true;
    if (own?.on === "start" || (own?.on === "flag" && this.#raised !== undefined && this.#raised.seq < end)) return true;
    if (saga !== undefined && this.#undoing.isFailing(containers, end)) return true;
    if (recur === undefined) return false;
    return (
      this.failures.some(({ pointer: of, forGood }) => forGood === "compensate" && of.scope.includes(recur.id) && endOf(of) <= end) ||
      // Its last run, called off by what others have written.
      this.record.pointers.some((other) => !other.scope.includes(recur.id) && this.#mayWrite(other) && endOf(other) <= end)
    );
  }

  #mayWrite(pointer: PointerRow): boolean {
    return this.record.hasWritten(pointer) || pointer.stepName?.endsWith("turn") === true;
  }

  /** A raised flag cancels at once. */
  #checkFlag(pointer: PointerRow): void {
    const raised = this.#raised;
    if (raised === undefined || pointer.status === "cancelled") return;
    // Unless it is finished by that very result.
    const isAround = raised.scope.includes(pointer.id);
    if (isOpenPointer(pointer) || (endOf(pointer) > endOf(raised) && !isAround)) this.fault(`${shown(pointer)} goes on although the flag was raised`);
  }

  #unlessOpen(pointer: PointerRow, text: string): void {
    if (!isOpenPointer(pointer) || this.record.row.status !== "suspended") this.fault(`${shown(pointer)} ${text}`);
  }

  /** What is open may only be so where the instance waits for somebody. */
  #checkOpen(node: Node, pointer: PointerRow, inside: readonly Flow[]): void {
    const { status } = this.record.row;
    if (status === "suspended" || inside.includes("open")) return;
    const waits = node.kind === "child" && this.#family.children(pointer).some(({ status: of }) => of === "suspended" || of === "runnable");
    if (!waits) this.fault(`${shown(pointer)} is open, and nothing in it; the instance is ${status}`);
  }

  #end(node: Node, place: Place, pointer: PointerRow): Flow {
    this.#expect(pointer, "endWorkflow");
    if (pointer.status === "complete") this.#endedAt = Math.min(this.#endedAt, endOf(pointer));
    else if (pointer.status === "cancelled") return this.#cancelled(node, place, pointer);
    else this.#unlessOpen(pointer, "does not end the workflow");
    return isOpenPointer(pointer) ? "open" : "cut";
  }

  /** A pointer that has come to a good end, or was undone after it. */
  #finished(node: Node, place: Place, pointer: PointerRow): Step {
    if (node.kind === "saga") return [this.#sagaEnd(node, place, pointer), pointer];
    const wasUndone = pointer.status === "compensated" && "undo" in node && node.undo !== undefined && place.saga !== undefined;
    if (pointer.status !== "complete" && !wasUndone) this.fault(`${shown(pointer)} is neither complete nor undone`);
    const flows = this.#inside(node, place, pointer);
    if (flows.includes("open")) this.fault(`${shown(pointer)} has ended, and something in it is open`);
    if (flows.includes("cut") && node.kind !== "recur") this.fault(`${shown(pointer)} has ended, and not all in it`);
    this.#write(node, place, pointer);
    if (node.kind === "outcome") {
      const block = node.blocks[node.value];
      return block === undefined ? ["on", pointer] : this.#joined(node, place, pointer, block, "outcome");
    }
    if ((node.kind !== "wait" && node.kind !== "activity" && node.kind !== "poll") || !this.#isLate(node, pointer)) return ["on", pointer];
    if (node.late !== undefined) return this.#joined(node, place, pointer, node.late, "timeout");
    this.fault(`${shown(pointer)} has ended without what it waits for`);
    return ["on", pointer];
  }

  #isLate(node: WaitNode | ActivityNode | PollNode, pointer: PointerRow): boolean {
    if (node.kind !== "wait") return node.never === true;
    return this.record.events(pointer).length === 0;
  }

  /** What a step has written to the data. */
  #write(node: Node, place: Place, pointer: PointerRow): void {
    switch (node.kind) {
      case "raise":
        if (this.#raised === undefined || endOf(pointer) < endOf(this.#raised)) this.#raised = pointer;
        this.#count(FLAG);
        return this.writes(pointer);
      case "body":
        if (node.gives === "patch") this.#patches.push({ pointer, key: keyOf(this.names.of(node), place.item) });
        return this.writes(pointer);
      case "branch":
        // Without a state of its own it ends by what it has branched, and gives no result.
        if (node.again) this.writes(pointer);
        return;
      case "outcome":
        return this.writes(pointer);
      case "wait": {
        if (this.#isLate(node, pointer)) return;
        if (node.never === true) this.fault(`${shown(pointer)} has got what never comes`);
        return this.writes(pointer, `<${this.record.events(pointer).at(-1) ?? ""}`);
      }
      case "activity":
      case "poll":
        if (!this.#isLate(node, pointer)) this.writes(pointer);
        return;
      case "child": {
        const child = this.#family.children(pointer).at(-1);
        if (child?.status !== "complete") this.fault(`${shown(pointer)} is complete, and its child ${child?.status ?? "nowhere"}`);
        return this.writes(pointer, `<${child?.logLength ?? 0}`);
      }
      default:
        return;
    }
  }

  #count(key: string): number {
    const count = (this.#counts[key] ?? 0) + 1;
    this.#counts[key] = count;
    return count;
  }

  /** A block behind a step, which joins. */
  #joined(node: Node, place: Place, pointer: PointerRow, block: Chain, what: string): Step {
    const container = this.#next(pointer, place);
    if (container === undefined) return [this.#cutBehind(pointer, place), pointer];
    this.#expect(container, `${this.names.of(node)}: ${what}`);
    const flow = this.#block(block, this.#within(node, place, container), container);
    if (container.status === "cancelled") return [this.#cancelled({ kind: "end" }, place, container), container];
    if (isOpenPointer(container)) {
      this.#checkOpen({ kind: "end" }, container, [flow]);
      return ["open", container];
    }
    if (flow === "cut" || flow === "open") this.fault(`${shown(container)} has ended, and not all in it`);
    return ["on", container];
  }

  #within(node: Node, place: Place, container: PointerRow, item = place.item): Place {
    const { containers, inherited } = place;
    return { ...place, containers: [...containers, container], inherited: inheritedIn(node, inherited), item };
  }

  /** The only block of a container. One that was cancelled or stopped may not have begun. */
  #block(chain: Chain, within: Place, container: PointerRow): Flow {
    const [entry] = this.record.entries(container);
    return entry === undefined && hasStopped(container) ? "cut" : this.#chain(chain, within, entry);
  }

  /** Walks what stands in a node. @returns How its chains have ended. */
  #inside(node: Node, place: Place, pointer: PointerRow): readonly Flow[] {
    const within = this.#within(node, place, pointer);
    switch (node.kind) {
      case "branch":
      case "each":
        return this.#items(node, place, pointer);
      case "if":
      case "decide": {
        const block = node.kind === "decide" ? (node.cases[node.value] ?? node.otherwise) : node.holds ? node.block : node.otherwise;
        return block === undefined ? [] : [this.#block(block, within, pointer)];
      }
      case "schedule":
        return [this.#block(node.block, within, pointer)];
      case "parallel":
        return this.#branches(node, within, pointer);
      case "while":
      case "recur":
        return this.#turns(node, within, pointer);
      case "saga":
        return this.#sagaRuns(node, place, pointer);
      default:
        return [];
    }
  }

  #items(node: BranchNode | EachNode, place: Place, pointer: PointerRow): readonly Flow[] {
    const entries = this.record.entries(pointer);
    let before: Flow = "on";
    return itemsIn(place.item, this.names.of(node), node.items).map((item) => {
      const entry = entries.find((each) => each.item === JSON.stringify(item));
      const waits = node.kind === "each" && !node.parallel && before !== "on" && before !== "ended";
      if (entry === undefined && (hasStopped(pointer) || waits)) return "cut";
      if (entry !== undefined && waits) this.fault(`${shown(entry)} begins before its turn`);
      const flow = this.#chain(node.block, this.#within(node, place, pointer, item), entry);
      before = flow;
      return flow;
    });
  }

  #branches({ branches }: ParallelNode, within: Place, pointer: PointerRow): readonly Flow[] {
    const entries = this.record.entries(pointer);
    return branches.map((branch) => {
      const entry = entries.find(({ stepName }) => stepName === this.#nameOfEntry(branch));
      return entry === undefined && hasStopped(pointer) ? "cut" : this.#chain(branch, within, entry);
    });
  }

  #nameOfEntry([first]: Chain): string {
    if (first === undefined || first.kind === "end") return "endWorkflow";
    return first.kind === "again" ? `${this.names.of(first)}turn` : this.names.of(first);
  }

  /** A loop, whose every turn counts first. */
  #turns(node: WhileNode | RecurNode, within: Place, pointer: PointerRow): readonly Flow[] {
    const name = this.names.of(node);
    const inside = node.kind === "recur" ? { ...within, recur: pointer } : within;
    const flows: Flow[] = [];
    let turns = 0;
    for (const entry of this.record.entries(pointer)) {
      if (turns >= node.times) this.fault(`${shown(entry)} is one turn too many`);
      const before = flows.at(-1);
      if (node.kind === "while" && (before === "cut" || before === "open")) this.fault(`${shown(entry)} begins before the last turn has ended`);
      const flow = this.#turn(name, inside, entry);
      if (flow === "on") turns = this.#counts[keyOf(name, pointer.id + inside.item)] ?? 0;
      const next = this.#next(entry, inside);
      flows.push(flow !== "on" ? flow : next === undefined ? this.#cutBehind(entry, inside) : this.#chain(node.block, inside, next));
    }
    if (turns < node.times && !hasStopped(pointer)) this.fault(`${shown(pointer)} has made ${turns} turns, and not ${node.times}`);
    return flows;
  }

  /** Something is to follow, and does not: only what has ended while its saga failed, or was cancelled, is not followed. */
  #cutBehind(last: PointerRow, place: Place): Flow {
    this.#later.push(() => {
      const isCut = last.status === "cancelled" ? this.#isCalledOff(undefined, place, last) : this.#undoing.isFailing(place.containers, endOf(last));
      if (!isCut) this.fault(`nothing follows ${shown(last)}`);
    });
    return "cut";
  }

  /** The step that counts a turn. */
  #turn(name: string, place: Place, pointer: PointerRow): Flow {
    this.#expect(pointer, `${name}turn`);
    if (pointer.status === "cancelled") return this.#cancelled({ kind: "end" }, place, pointer);
    if (pointer.status !== "complete") {
      this.#unlessOpen(pointer, "is to count a turn");
      return "open";
    }
    this.#count(keyOf(name, turnsOf(place)));
    return "on";
  }

  /** A chain that jumps back to its beginning. */
  #again(node: AgainNode, place: Place, first: PointerRow): Step {
    const name = this.names.of(node);
    const turns = keyOf(name, turnsOf(place));
    let turn = first;
    for (;;) {
      const counted = this.#turn(name, place, turn);
      if (counted !== "on") return [counted, turn];
      const [flow, last = turn] = this.#walk(node.block, place, this.#next(turn, place));
      if (flow !== "on") return [flow, last];
      const condition = this.#next(last, place);
      if (condition === undefined) return [this.#cutBehind(last, place), last];
      this.#expect(condition, `${name}if`);
      const jumps = (this.#counts[turns] ?? 0) <= node.times;
      const [entry] = this.record.entries(condition);
      if (entry === undefined) {
        if (hasStopped(condition)) return [this.#stopped(place, condition), condition];
        if (jumps) this.fault(`${shown(condition)} is to jump`);
        return ["on", condition];
      }
      if (!jumps) this.fault(`${shown(condition)} jumps once too often`);
      const [left, jump] = this.#jump(node, { ...place, containers: [...place.containers, condition] }, entry);
      if (left !== "on") {
        this.#stopped(place, condition);
        return [left, condition];
      }
      if (condition.status !== "complete") this.fault(`${shown(condition)} was left by a jump`);
      const target = this.#next(jump, place);
      if (target === undefined) return [this.#cutBehind(jump, place), jump];
      turn = target;
    }
  }

  /** The containers that a jump leaves, and the jump. */
  #jump(node: AgainNode, place: Place, first: PointerRow): Step {
    const name = this.names.of(node);
    const isIn = node.from !== "if";
    if (isIn) this.#expect(first, `${name}${node.from}`);
    const inside = isIn ? { ...place, containers: [...place.containers, first] } : place;
    const entry = isIn ? this.record.entries(first)[0] : first;
    const fork = node.from === "decide" ? entry : undefined;
    if (fork !== undefined) this.#expect(fork, `${name}fork`);
    const jump = fork === undefined ? entry : this.#next(fork, inside);
    if (jump === undefined) return [this.#stopped(place, first), first];
    this.#expect(jump, `goTo ${name}`);
    if (hasStopped(jump)) {
      for (const each of [fork, isIn ? first : undefined]) if (each !== undefined) this.#stopped(inside, each);
      return [this.#stopped(inside, jump), jump];
    }
    if (fork !== undefined && fork.status !== "cancelled") this.fault(`${shown(fork)} was left by a jump`);
    if (isIn && first.status !== "complete") this.fault(`${shown(first)} was left by a jump`);
    return ["on", jump];
  }

  /** Something that has not come to its end. */
  #stopped(place: Place, pointer: PointerRow): Flow {
    if (pointer.status === "cancelled") return this.#cancelled({ kind: "end" }, place, pointer);
    this.#unlessOpen(pointer, "has not come to its end");
    return "open";
  }

  /** The runs of a saga, and what has undone them. */
  #sagaRuns(node: SagaNode, place: Place, pointer: PointerRow): readonly Flow[] {
    const inside: Place = { ...this.#within(node, place, pointer), saga: pointer };
    const entries = this.record.entries(pointer);
    const flows: Flow[] = [];
    for (const [at, entry] of entries.entries()) {
      const run: SagaRun = { from: entry.seq, before: entries[at + 1]?.seq ?? Number.POSITIVE_INFINITY };
      flows.push(this.#chain(node.block, inside, entry));
      const failed = this.#undoing.failureOf(pointer, run);
      const isUndone = failed !== undefined && this.#undoing.undone(pointer, node, run, failed);
      if (at < entries.length - 1 && !isUndone) this.fault(`${shown(pointer)} runs again before it is undone`);
      this.#sagaEnds.set(pointer, { failed, isUndone, runs: at + 1 });
    }
    if (entries.length === 0 && !hasStopped(pointer)) this.fault(`${shown(pointer)} is empty`);
    return flows;
  }

  /** A saga that has come to its end, good or bad. */
  #sagaEnd(node: SagaNode, place: Place, pointer: PointerRow): Flow {
    const flow = this.#sagaRuns(node, place, pointer).at(-1);
    const { failed, isUndone = false, runs = 0 } = this.#sagaEnds.get(pointer) ?? {};
    if (failed === undefined) {
      const wasUndone = pointer.status === "compensated" && place.saga !== undefined && node.undo !== undefined;
      if (pointer.status !== "complete" && !wasUndone) this.fault(`${shown(pointer)} has not failed`);
      // Called off while it ran.
      if (wasUndone && this.#next(pointer, place) === undefined) return "cut";
      if (flow === "cut" || flow === "open") this.fault(`${shown(pointer)} has ended, and not all in it`);
      return "on";
    }
    if (!isUndone) this.fault(`${shown(pointer)} has failed, and is to be undone`);
    const { onError } = node;
    const end = onError?.kind === "retry" ? (onError.end ?? "compensate") : (onError?.kind ?? "compensate");
    if (onError?.kind === "retry") {
      if (runs <= onError.max && this.#isRetryable(failed)) this.fault(`${shown(pointer)} is to run again`);
      if (runs > onError.max + 1 && !this.#mayHaveBeenResumed) this.fault(`${shown(pointer)} has run ${runs} times`);
    }
    if (end === "terminate" || (end === "suspend" && onError?.kind === "retry")) {
      this.#sagaFailures.push(end);
      if (pointer.status !== "failed") this.fault(`${shown(pointer)} is undone, and is to ${end} the instance`);
      return "open";
    }
    if (pointer.status !== "compensated") this.fault(`${shown(pointer)} is undone, and that is all`);
    if (end === "suspend" && !this.#mayHaveBeenResumed) this.fault(`${shown(pointer)} is to suspend the instance before it is undone`);
    if (onError?.kind !== "compensate" || place.saga === undefined) return "on";
    this.failures.push({ pointer, forGood: "compensate", saga: place.saga });
    return "cut";
  }

  /** Whether a saga that may run again does so for this failure. */
  #isRetryable(failed: PointerRow): boolean {
    const node = this.nodes.get(failed);
    if (node?.kind === "body") return node.at !== "forGood";
    return node?.kind !== "decide" && node?.kind !== "wait" && node?.kind !== "poll" && node?.kind !== "child" && node?.kind !== "activity";
  }
}

/** Whether what follows runs beside a node. */
function isFork({ kind }: Node): boolean {
  return kind === "schedule" || kind === "recur";
}

/** Where the turns of a loop are counted apart from those elsewhere. */
function turnsOf({ containers, item }: Place): string {
  return (containers.at(-1)?.id ?? "") + item;
}

/** Whether a container has not come to its end by itself. */
function hasStopped(container: PointerRow): boolean {
  return container.status === "cancelled" || isOpenPointer(container);
}
