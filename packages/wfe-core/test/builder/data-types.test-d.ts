// biome-ignore-all format: each mistake is a line, so that its directive stands right above it
import type { Chain } from "../../src/builder/chain.ts";
import type { BranchBuilder } from "../../src/builder/verbs.ts";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { defineEvent } from "../../src/models/event.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import type { JsonValue } from "../../src/models/json.ts";
import type { WorkflowDefinition } from "../../src/models/workflow-definition.ts";
import type { StepBody } from "../../src/traits/step-body.ts";
import type { StepExecutionContext } from "../../src/traits/step-execution-context.ts";

interface Tree { name: string; children: Tree[]; parent?: { ref: string } }
const E = { A: "a" } as const; type E = (typeof E)[keyof typeof E];
type Id = string & { readonly __brand: "id" };
interface User { name: string; tags: readonly [string, number]; }
interface All { t: Tree; e: E; id: Id; any: any; unk: unknown; rec: Record<string, unknown>; j: JsonValue; opt?: number | undefined; u: User; n: null; un: "a" | 1 | null; nested: { [k: string]: User[] } }
new WorkflowBuilder<All>().thenFn("a", (ctx) => ctx.data.u).output((u, d) => (d.u = u)).output((u, d) => d.nested["a"]?.push(u)).output((_u, d) => { delete d.opt; }).build("x", 1);
new WorkflowBuilder<Tree>().thenFn("a", async (ctx): Promise<Tree> => ctx.data).output((t, d) => { d.children = t.children; });
new WorkflowBuilder();
class Money { cents = 0; add(_o: Money): Money { return this; } }
// @ts-expect-error class instance
new WorkflowBuilder<{ price: Money }>();
// @ts-expect-error bigint
new WorkflowBuilder<{ a: { b: bigint } }>();
// @ts-expect-error undefined in array
new WorkflowBuilder<{ a: (string | undefined)[] }>();
// @ts-expect-error a Date in a union
new WorkflowBuilder<{ at: string | Date }>();
// @ts-expect-error top level
defineEvent<Date>("x");
// A bare bigint as the whole value is not caught by the homomorphic map; the check at run time has it.
defineEvent<bigint>("x");
// generic code over any data
function retrying<T extends { tries: number }>(b: BranchBuilder<T>): Chain {
  return b.thenFn("count", (ctx) => ctx.data.tries + 1).output((n, d) => { d.tries = n; }).whileDo((d) => d.tries < 3, (x) => x.thenFn("again", () => {}));
}
new WorkflowBuilder<{ tries: number; x: string }>().use(retrying).use((b) => retrying(b).constructor as never);
// fragments keep the item
new WorkflowBuilder<{ l: { s: string }[]; tries: number }>().forEach((d) => d.l, (b) => b.use((c: BranchBuilder<unknown, { s: string }>) => c.thenFn("i", (ctx) => ctx.item.s)).use(retrying));
// body without annotation of the return type; run not async; sub-classes
class Base<T> implements StepBody<T> { out = 1; run(_c: StepExecutionContext<T>): Promise<ExecutionResult> { return Promise.resolve(ExecutionResult.next()); } }
class Sub extends Base<{ tries: number }> { extra = "x"; }
new WorkflowBuilder<{ tries: number }>().then(Sub).output((s, d) => { d.tries = s.out + s.extra.length; });
// method-style void & value mix
new WorkflowBuilder<{ tries: number }>().thenFn("m", (ctx) => { if (ctx.attempt > 1) return 5; return undefined; }).output((v, d) => { d.tries = v ?? 0; });
// exactOptionalPropertyTypes
interface O { tx?: string }
class P implements StepBody { tx?: string; async run() { return ExecutionResult.next(); } }
// @ts-expect-error string | undefined into an exact optional, for users who set the flag
new WorkflowBuilder<O>().then(P).output((s, d) => { d.tx = s.tx; });
export const child: WorkflowDefinition<O> = new WorkflowBuilder<O>().subWorkflow<O>("recursive", (d) => d).output((c, d) => { if (c.tx) d.tx = c.tx; }).build("recursive", 1);
