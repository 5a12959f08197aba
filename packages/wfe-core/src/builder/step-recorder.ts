import type { Condition } from "../models/condition.ts";
import { bodyNode } from "./body-node.ts";
import { inlineNode } from "./inline-node.ts";
import { SettingsRecorder } from "./settings-recorder.ts";
import { type BlockNode, type ChainNode, shownNode, type StepNode } from "./step-node.ts";

/** A block as it comes in: a function that the compiler has checked, or anything at all from JavaScript. */
export type RecordedBlock = (b: never) => unknown;

/** Records the settings of one step. They belong to that step whatever follows it, and may come in any order. */
export abstract class StepRecorder extends SettingsRecorder {
  /** Records the chain of a block. */
  protected abstract chainOf(block: RecordedBlock, what: () => string): ChainNode;

  id(id: string): this {
    this.once("id").externalId = id;
    return this;
  }

  saveAs(key: string): this {
    const node = this.step("saveAs");
    // None of the others would write the field that was meant.
    if ((typeof key !== "string" && typeof key !== "number") || key === "__proto__")
      this.draft.fault(() => `${shownNode(node)} saves as ${String(key)}, which is no key of data`);
    node.outputs.push((value: unknown, data: Record<string, unknown>) => {
      data[key] = value;
    });
    return this;
  }

  config(config: unknown): this {
    const node = this.once("config");
    node.config = this.draft.fixedValue(config, () => `the config of ${shownNode(node)}`);
    return this;
  }

  when(condition: unknown): this {
    return this.ask(this.once("when"), "when", condition);
  }

  cancelWhen(condition: unknown, options: { readonly proceed?: boolean } = {}): this {
    const node = this.once("cancelWhen");
    node.proceedOnCancel = options.proceed ?? false;
    return this.ask(node, "cancelWhen", condition);
  }

  children(block: RecordedBlock): this {
    const node = this.once("children");
    node.blocks.push(this.block("children", block, () => `the children of ${shownNode(node)}`));
    return this;
  }

  onOutcome(value: unknown, block: RecordedBlock): this {
    const node = this.step("onOutcome");
    const what = (): string => `an onOutcome of ${shownNode(node)}`;
    node.outcomes.push({ ...this.block("outcome", block, what), value: this.draft.fixedValue(value, () => `the value of ${what()}`) });
    return this;
  }

  onTimeout(block: RecordedBlock): this {
    const node = this.once("onTimeout");
    node.timeoutBlock = this.block("timeout", block, () => `the onTimeout of ${shownNode(node)}`);
    return this;
  }

  compensateWith(step: unknown, inputOrConfigure?: (c: never) => unknown): this {
    const node = this.once("compensator");
    const takesInput = typeof step === "object" && (step as { kind?: unknown } | null)?.kind === "function";
    const compensator = bodyNode(this.draft, step, takesInput ? inputOrConfigure : undefined);
    node.compensation = { first: compensator };
    if (!takesInput) this.#configure(compensator, inputOrConfigure);
    return this;
  }

  compensateWithFn(name: string, fn: unknown, configure?: (c: never) => unknown): this {
    const node = this.once("compensator");
    const compensator = inlineNode(this.draft, "compensateWithFn", name, fn);
    node.compensation = { first: compensator };
    this.#configure(compensator, configure);
    return this;
  }

  compensateWithSequence(block: RecordedBlock): this {
    const node = this.once("compensator");
    node.compensation = this.chainOf(block, () => `the compensateWithSequence of ${shownNode(node)}`);
    return this;
  }

  /** Records a condition: a function, or plain data, which is copied. What is neither is left to the check of the graph. */
  protected ask(node: StepNode, role: string, condition: unknown): this {
    if (typeof condition !== "object" || condition === null) node.functions.set(role, condition);
    else node.expressions.set(role, this.draft.fixedValue(condition, () => `the ${role} of ${shownNode(node)}`) as unknown as Condition);
    return this;
  }

  protected block(role: string, block: RecordedBlock, what: () => string): BlockNode {
    return { role, chain: this.chainOf(block, what) };
  }

  #configure(compensator: StepNode, configure: ((c: never) => unknown) | undefined): void {
    // The types say which settings the author may call; the recorder has them all.
    configure?.(new SettingsRecorder(this.draft, compensator) as never);
  }
}
