import { defineActivity } from "../../src/models/activity.ts";
import type { WorkflowDefinition } from "../../src/models/workflow-definition.ts";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { type StepBody, stepRef } from "../../src/traits/step-body.ts";
import type { BranchBuilder } from "../../src/builder/verbs.ts";

interface Data {
  n: number;
  color: "red" | "green";
}
type Block = BranchBuilder<Data>;

const yes = (): boolean => true;
const fn = (): undefined => undefined;

/** A workflow with every kind of step. */
export function everyKind(): WorkflowDefinition<Data> {
  return new WorkflowBuilder<Data>()
    .then(stepRef<StepBody<Data>>("shop.reserve"))
    .name("reserve")
    .id("reserve")
    .compensateWithFn("release", fn)
    .onOutcome("sold out" as never, (b) => b.thenFn("apologize", fn).endWorkflow())
    .thenFn("split", fn)
    .children((b) => b.thenFn("part", fn))
    .ifDo(yes, (b) => b.thenFn("a", fn))
    .ifDo(
      yes,
      (b) => b.thenFn("b", fn),
      (b) => b.thenFn("c", fn),
    )
    .whileDo(yes, (b) => b.delay("90m"))
    .forEach(
      () => [1],
      (b) => b.thenFn("pack", fn),
    )
    .forEach(
      () => [1],
      (b) => b.thenFn("send", fn),
      { parallel: false },
    )
    .parallel((p) => p.branch("left", (b: Block) => b.thenFn("l", fn)).branch((b: Block) => b.thenFn("r", fn)))
    .decide(
      (data) => data.color,
      (d) => d.case("red", (b) => b.thenFn("stop", fn)).otherwise((b) => b.goTo("reserve")),
    )
    .waitFor("paid", "k", { timeout: "1h" })
    .name("await money")
    .onTimeout((b) => b.thenFn("remind", fn))
    .waitForAny({ a: { event: "shipped", key: "k" }, b: { event: "lost", key: "k" } })
    .activity(defineActivity<{ n: number }, string>("resize"), (data) => ({ n: data.n }))
    .subWorkflow("child", (data) => data, 3)
    .name("audit")
    .pollEndpoint({ url: "https://api.example.com/{n}", interval: 1, timeout: 2, until: { status: 200 } })
    .saga((b) => b.thenFn("book", fn).compensateWithSequence((c) => c.thenFn("cancel", fn).thenFn("refund", fn)))
    .compensateWithFn("tell", fn)
    .schedule("1d", (b) => b.thenFn("survey", fn))
    .recur("1500ms", yes, (b) => b.thenFn("ping", fn))
    .delay(() => "1s")
    .build("every", 1) as unknown as WorkflowDefinition<Data>; // its input is what its data is
}
