import { isDeepStrictEqual } from "node:util";
import {
  type AnyDefinition,
  defineStep,
  ErrorBehavior,
  ExecutionResult,
  NonRetryableError,
  type StandardSchema,
  type StepBody,
  type StepExecutionContext,
  type Verbs,
  WorkflowBuilder,
} from "../../../src/index.ts";
import { SIMULATION_START_MS } from "../../../src/test-support/simulation/simulated-clock.ts";
import type { SimulatedBodies } from "../../../src/test-support/simulation/simulated-program.ts";
import type {
  ActivityNode,
  AgainNode,
  Behavior,
  BodyNode,
  BranchNode,
  Chain,
  ChildNode,
  Failures,
  Names,
  Node,
  OutcomeNode,
  SkipNode,
  Tree,
  Undo,
  WaitNode,
} from "./tree.ts";

/** What a random workflow writes: entries in the order of the results, and counts that its loops go by. */
export interface Data {
  log: string[];
  counts: Record<string, number>;
  /** The item of the parent's that a child was started in. */
  item: string;
}

type Context = StepExecutionContext<any, any>;
type Place = Verbs<Data, unknown, any>;
// What is built is random, so its types say nothing.
type Step = any;

export const FLAG = "flag";
export const EVENT = "go";
export const ACTIVITY = "work";
export const POLLED = "https://polled.example";
const RETRY_MS = 20;
/** Far above what a body takes, pauses of its host included. */
const TIMEOUT_MS = 20_000;
const POLL = { interval: 10, timeout: 60, until: { path: "state", equals: "done" } } as const;

/** The world outside, which no crash of a host takes back. */
export interface Outside {
  /** What was broken works from now on. */
  isMended: boolean;
}

/** What an activity is asked. */
export interface Order {
  readonly fail: boolean;
}

/** The items around a step; one for each way to come to it. */
export function itemOf(ctx: { readonly item?: unknown; readonly data?: unknown }, data?: Readonly<Data>): string {
  return typeof ctx.item === "string" ? ctx.item : ((data ?? (ctx.data as Data | undefined))?.item ?? "");
}

/** Key of the events that a wait takes. */
export function keyOf(name: string, item: string): string {
  return `${name}@${item}`;
}

/** An instant, in milliseconds from the beginning: both clocks begin then. */
export function dateOf(ms: number): Date {
  return new Date(SIMULATION_START_MS + ms);
}

/** The items of a loop. */
export function itemsIn(item: string, name: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${item}/${name}.${at}`);
}

/** The event key that all waits of an instance have in common. */
export const SHARED_KEY = "shared";

/** Makes the definitions of a tree: its children's first, its own last. */
export class Building {
  readonly definitions: AnyDefinition[] = [];
  readonly #names: Names;
  readonly #bodies: SimulatedBodies;
  readonly #outside: Outside;
  readonly #byDefault: Tree["onError"];

  constructor(names: Names, bodies: SimulatedBodies, outside: Outside, byDefault: Tree["onError"]) {
    this.#names = names;
    this.#bodies = bodies;
    this.#outside = outside;
    this.#byDefault = byDefault;
  }

  /** @returns The definition of a chain. @param input - What a schema says of its input; without one there is no schema. */
  define(id: string, chain: Chain, input?: ChildNode["input"]): AnyDefinition {
    const builder = new WorkflowBuilder<Data>();
    if (input !== undefined) builder.inputSchema(schemaOf(input));
    if (this.#byDefault !== undefined) builder.defaultErrorBehavior(behaviorOf(this.#byDefault));
    const definition = (this.#chain(builder, chain) as Step).build(id, 1) as AnyDefinition;
    this.definitions.push(definition);
    return definition;
  }

  #chain(to: Place, chain: Chain): Step {
    return chain.reduce<Step>((at, node) => this.#node(at as Place, node), to);
  }

  #block(chain: Chain): (b: unknown) => Step {
    return (b) => this.#chain(b as Place, chain);
  }

  #node(to: Place, node: Node): Step {
    if (node.kind === "again") return this.#again(to, node);
    if (node.kind === "skip") return this.#skip(to, node);
    if (node.kind === "end") return to.endWorkflow();
    const name = this.#names.of(node);
    let step = this.#verb(to, node, name).name(name);
    if (node.onError !== undefined) step = step.onError(behaviorOf(node.onError));
    if (node.when === false) step = step.when(() => false);
    if (node.cancelWhen !== undefined) {
      const { on, proceed = false } = node.cancelWhen;
      const condition = (data: Data): boolean => {
        if (on === "throws") throw new Error(`the condition of ${name} throws`);
        return on === "start" || (data.counts[FLAG] ?? 0) > 0;
      };
      step = step.cancelWhen(condition, { proceed });
    }
    if ("undo" in node && node.undo !== undefined) step = this.#undo(step, node.undo, `${name}undo`);
    return step;
  }

  #verb(to: Place, node: Exclude<Node, AgainNode | SkipNode | { kind: "end" }>, name: string): Step {
    const at = to as Step;
    switch (node.kind) {
      case "body":
        return this.#body(at, node, name);
      case "branch":
        return this.#branch(at, node, name);
      case "outcome":
        return this.#outcome(at, node, name);
      case "raise":
        return at
          .thenFn(name, (ctx: Context) => this.#bodies.pause(ctx))
          .output((_: unknown, data: Data, ctx: Context) => {
            note(data, ctx);
            count(data, FLAG);
          });
      case "wait":
        return this.#wait(at, node, name);
      case "activity":
        return this.#late(this.#activity(at, node), node.late);
      case "poll": {
        const config = (_: Data, ctx: Context): object => ({
          ...POLL,
          url: `${POLLED}/${node.never === true ? "never" : "done"}/{place}`,
          params: { place: keyOf(name, itemOf(ctx)) },
        });
        return this.#late(at.pollEndpoint(config).output(noted), node.late);
      }
      case "child":
        return this.#child(at, node, name);
      case "delay":
        return at.delay((_: Data, ctx: Context) => {
          this.#maybeFail(ctx, node.fails, name);
          return node.ms;
        });
      case "schedule":
        return at.schedule(node.ms, this.#block(node.block));
      case "recur":
        return at.recur(
          node.ms,
          (data: Data, ctx: Context) => counted(data, name, ctx.pointer.id + itemOf(ctx, data)) >= node.times,
          (b: Place) => this.#chain(this.#tally(b, name), node.block),
        );
      case "if":
        return at.ifDo(
          (_: Data, ctx: Context) => {
            this.#maybeFail(ctx, node.fails, name);
            return node.holds;
          },
          ...[node.block, ...(node.otherwise === undefined ? [] : [node.otherwise])].map((block) => this.#block(block)),
        );
      case "while":
        return at.whileDo(
          (data: Data, ctx: Context) => counted(data, name, ctx.pointer.id + itemOf(ctx, data)) < node.times,
          (b: Place) => this.#chain(this.#tally(b, name), node.block),
        );
      case "each":
        return at.forEach(
          (_: Data, ctx: Context) => {
            this.#maybeFail(ctx, node.fails, name);
            return itemsIn(itemOf(ctx), name, node.items);
          },
          this.#block(node.block),
          { parallel: node.parallel },
        );
      case "parallel":
        return at.parallel((p: any) => node.branches.reduce<any>((all, branch) => all.branch(this.#block(branch)), p));
      case "decide":
        return at.decide(
          () => node.value,
          (d: any) => {
            const cases = node.cases.reduce<any>((all, block, value) => all.case(value, this.#block(block)), d);
            return node.otherwise === undefined ? cases : cases.otherwise(this.#block(node.otherwise));
          },
        );
      case "saga":
        return at.saga(this.#block(node.block));
    }
  }

  #maybeFail(ctx: Context, fails: Failures | undefined, name: string): void {
    if (fails !== undefined && (fails === "broken" ? !this.#outside.isMended : ctx.pointer.retryCount < fails)) throw new Error(`${name} fails`);
  }

  /** The end of a body's run: what is given last. */
  async #run(ctx: Context, node: BodyNode, name: string): Promise<unknown> {
    const fails = node.at !== "output" && node.at !== "input" && this.#fails(ctx, node.fails);
    if (node.config === true && !isDeepStrictEqual(ctx.step.config, configOf(name))) throw new NonRetryableError(`${name} has another config`);
    if (node.ms !== undefined) await this.#bodies.sleep(ctx, node.ms);
    else await this.#bodies.pause(ctx);
    if (fails && node.at === "timeout") await this.#bodies.sleep(ctx, 10 * TIMEOUT_MS);
    if (fails) throw node.at === "forGood" ? new NonRetryableError(`${name} fails`) : new Error(`${name} fails`);
    const key = keyOf(name, itemOf(ctx));
    switch (node.gives) {
      case "value":
        return ExecutionResult.next();
      case "patch":
        return ExecutionResult.next({ output: { [key]: ctx.pointer.id } });
      case "persist":
        return ctx.persistenceData === undefined ? ExecutionResult.persist({ once: true }) : ExecutionResult.next();
      case "sleep":
        return ctx.persistenceData === undefined ? ExecutionResult.sleep(15, { once: true }) : ExecutionResult.next();
      case "event":
        return ctx.eventData === undefined ? ExecutionResult.waitForEvent(EVENT, key) : ExecutionResult.next();
      case "poll":
        return ctx.eventData === undefined
          ? ExecutionResult.pollEndpoint({ ...POLL, url: `${POLLED}/done/{place}`, params: { place: key } })
          : ExecutionResult.next();
    }
  }

  #fails(ctx: Context, fails: Failures | undefined): boolean {
    return fails !== undefined && (fails === "broken" ? !this.#outside.isMended : ctx.pointer.retryCount < fails);
  }

  #body(at: Step, node: BodyNode, name: string): Step {
    const output = (_: unknown, data: Data, ctx: Context): void => {
      if (node.at === "output") this.#maybeFail(ctx, node.fails, name);
      note(data, ctx);
    };
    const run = (ctx: Context): Promise<any> => this.#run(ctx, node, name);
    const limited = (step: Step): Step => {
      const configured = node.config === true ? step.config(configOf(name)) : step;
      return node.at === "timeout" ? configured.timeout(TIMEOUT_MS) : configured;
    };
    if (node.as === "class") {
      const input = (step: { given?: string }, data: Data, ctx: Context): void => {
        if (node.at === "input") this.#maybeFail(ctx, node.fails, name);
        step.given = keyOf(name, itemOf(ctx, data));
      };
      return limited(
        at
          .then(classOf(name, run, name))
          .input(input)
          .output(output),
      );
    }
    if (node.as === "ref") return limited(at.then(stepOf(name, run), (): null => null).output(output));
    if (node.as === "use") return at.use((b: any) => limited(b.startWith(stepOf(name, run), (): null => null).output(output)));
    return limited(at.thenFn(name, run).output(output));
  }

  #branch(at: Step, node: BranchNode, name: string): Step {
    return at
      .thenFn(name, async (ctx: Context) => {
        await this.#bodies.pause(ctx);
        if (ctx.persistenceData !== undefined) return ExecutionResult.next();
        const items = itemsIn(itemOf(ctx), name, node.items);
        return node.again ? ExecutionResult.branch(items, { once: true }) : ExecutionResult.branch(items);
      })
      .children(this.#block(node.block))
      .output(noted);
  }

  #outcome(at: Step, node: OutcomeNode, name: string): Step {
    const step = at
      .thenFn(name, async (ctx: Context) => {
        await this.#bodies.pause(ctx);
        return ExecutionResult.outcome(node.value);
      })
      .output(noted);
    return node.blocks.reduce((all, block, value) => all.onOutcome(value, this.#block(block)), step);
  }

  #wait(at: Step, node: WaitNode, name: string): Step {
    const event = node.never === true ? "never" : EVENT;
    const key = (_: Data, ctx: Context): string => (node.key === "shared" ? SHARED_KEY : keyOf(name, itemOf(ctx)));
    const options = {
      ...(node.timeout === undefined ? {} : { timeout: node.timeout }),
      ...(node.since === undefined ? {} : { effectiveDate: dateOf(node.since) }),
    };
    if (!node.any) {
      return this.#late(
        at.waitFor(event, key, options).output((payload: unknown, data: Data, ctx: Context) => note(data, ctx, `<${String(payload)}`)),
        node.late,
      );
    }
    const wait = at.waitForAny({ not: { event: "never", key }, mine: { event, key } }, options);
    return this.#late(
      wait.output(({ first, data: payload }: any, data: Data, ctx: Context) => note(data, ctx, `<${first === "mine" ? payload : first}`)),
      node.late,
    );
  }

  #activity(at: Step, node: ActivityNode): Step {
    const order = (_: Data, ctx: Context): Order => ({ fail: this.#fails(ctx, node.fails) });
    return at
      .activity(node.never === true ? "nobody's work" : ACTIVITY, order, node.timeout === undefined ? {} : { timeout: node.timeout })
      .output(noted);
  }

  #late(step: Step, late: Chain | undefined): Step {
    return late === undefined ? step : step.onTimeout(this.#block(late));
  }

  #child(at: Step, { byId, block, timeout, input, output }: ChildNode, name: string): Step {
    const definition = this.define(name, block, input);
    const given = (data: Data, ctx: Context): Data => ({ log: [], counts: {}, item: itemOf(ctx, data) });
    const options = output === undefined ? {} : { outputSchema: schemaOf(output) };
    const step = at
      .subWorkflow(byId ? name : definition, given, options)
      .output((child: Data, data: Data, ctx: Context) => note(data, ctx, `<${child.log.length}`));
    return timeout === undefined ? step : step.timeout(timeout);
  }

  /** Counts a turn of a loop. */
  #tally(at: Step, name: string): Step {
    return at.thenFn(`${name}turn`, () => {}).output((_: unknown, data: Data, ctx: Context) => count(data, keyOf(name, turnsOf(data, ctx))));
  }

  #again(to: Place, node: AgainNode): Step {
    const name = this.#names.of(node);
    const first = this.#tally(to, name).name(`${name}turn`).id(name);
    return this.#chain(first, node.block)
      .ifDo((data: Data, ctx: Context) => counted(data, name, turnsOf(data, ctx)) <= node.times, this.#jump(node.from, name))
      .name(`${name}if`);
  }

  #skip(to: Place, node: SkipNode): Step {
    const name = this.#names.of(node);
    const first = (to as Step).ifDo(() => node.jumps, this.#jump(node.from, name)).name(`${name}if`);
    return this.#chain(first, node.block)
      .thenFn(name, (ctx: Context) => this.#bodies.pause(ctx))
      .id(name)
      .output(noted);
  }

  /** A block that jumps, out of whatever. */
  #jump(from: AgainNode["from"], name: string): (b: any) => Step {
    return (b) => {
      switch (from) {
        case "if":
          return b.goTo(name);
        case "decide":
          return b
            .decide(
              () => 1,
              (d: any) =>
                d.case(1, (c: any) =>
                  c
                    .schedule("1h", (e: any) => e.thenFn(`${name}left`, () => {}))
                    .name(`${name}fork`)
                    .goTo(name),
                ),
            )
            .name(`${name}decide`);
        case "while":
          return b
            .whileDo(
              () => true,
              (c: any) => c.goTo(name),
            )
            .name(`${name}while`);
        case "each":
          return b
            .forEach(
              (_: Data, ctx: Context) => itemsIn(itemOf(ctx), name, 2),
              (c: any) => c.goTo(name),
              { parallel: false },
            )
            .name(`${name}each`);
      }
    };
  }

  #undo(step: Step, undo: Undo, name: string): Step {
    const run = async (ctx: Context): Promise<void> => {
      const fails = this.#fails(ctx, undo.fails);
      await this.#bodies.pause(ctx);
      if (fails) throw new Error(`${name} fails`);
    };
    const settle = (c: any): any => (undo.onError === undefined ? c : c.onError(behaviorOf(undo.onError)));
    switch (undo.as) {
      case "fn":
        return step.compensateWithFn(name, run, settle);
      case "class":
        return step.compensateWith(classOf(name, run), (c: any) => settle(c).name(name).output(noted));
      case "ref":
        return step.compensateWith(stepOf(name, run), (): null => null);
      case "sequence":
        return step.compensateWithSequence((b: any) => {
          const first = b.thenFn(name, run).output(noted);
          return (undo.onError === undefined ? first : first.onError(behaviorOf(undo.onError)))
            .delay(10)
            .name(`${name}delay`)
            .thenFn(`${name}end`, () => {})
            .output(noted);
        });
    }
  }
}

/** The engine's error behavior for one of a tree. */
function behaviorOf(behavior: Behavior): ErrorBehavior {
  if (behavior.kind !== "retry") return ErrorBehavior[behavior.kind]();
  const { max, end } = behavior;
  return ErrorBehavior.retry({
    interval: RETRY_MS,
    maxRetries: max,
    backoff: 1.5,
    maxInterval: 2 * RETRY_MS,
    jitter: 0.2,
    ...(end === undefined ? {} : { onExhausted: end }),
  });
}

/** @param given - The name that it is to be given by a mapping of its input, with its item. */
function classOf(key: string, body: (ctx: Context) => Promise<any>, given?: string) {
  return class implements StepBody {
    static readonly stepType = key;
    given?: string;

    async run(ctx: Context): Promise<any> {
      if (given !== undefined && this.given !== keyOf(given, itemOf(ctx))) throw new NonRetryableError(`${key} is given ${this.given}`);
      return await body(ctx);
    }
  };
}

function configOf(name: string): { readonly of: string; readonly list: readonly number[] } {
  return { of: name, list: [1, 2] };
}

/** A schema that takes everything as it is, or nothing. */
function schemaOf(answer: "accepted" | "refused"): StandardSchema<any, any> {
  const validate = (value: unknown) => (answer === "accepted" ? { value } : { issues: [{ message: "it is refused" }] });
  return { "~standard": { version: 1, vendor: "simulation", validate } };
}

function stepOf(key: string, body: (ctx: Context) => Promise<any>) {
  return defineStep(key, (_input: null, ctx: Context) => body(ctx));
}

/** An entry of the log: whose result it is, so that nothing else can be taken for it. */
export function entryOf(pointerId: string, name: string, rest: string): string {
  return `${pointerId} ${name}${rest}`;
}

function note(data: Data, ctx: Context, rest = ""): void {
  data.log.push(entryOf(ctx.pointer.id, ctx.step.name, rest));
}

function noted(_: unknown, data: Data, ctx: Context): void {
  note(data, ctx);
}

function count(data: Data, key: string): void {
  data.counts[key] = (data.counts[key] ?? 0) + 1;
}

function counted(data: Readonly<Data>, name: string, turns: string): number {
  return data.counts[keyOf(name, turns)] ?? 0;
}

/** Where the turns of a loop are counted apart from those of the same loop elsewhere: the container and the item that they stand in. */
function turnsOf(data: Readonly<Data>, ctx: Context): string {
  return (ctx.pointer.scope.at(-1) ?? "") + itemOf(ctx, data);
}
