import { defineStep, type Middleware, valueOfResult, WorkflowBuilder } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
  seen: string[];
}

scenarios("middleware around steps", (open) => {
  it("runs around every body, the first registered outermost, between input and output mappings", async () => {
    const order: string[] = [];
    const layer = (name: string): Middleware => ({
      aroundStep: async (ctx, next) => {
        order.push(`${name} in ${ctx.step.name}`);
        const result = await next();
        order.push(`${name} out ${ctx.step.name} ${JSON.stringify(valueOfResult(result))}`);
        return result;
      },
    });
    const double = defineStep("double", (input: number) => {
      order.push(`body ${input}`);
      return input * 2;
    });
    const definition = new WorkflowBuilder<Data>()
      .then(double, (data) => {
        order.push("input");
        return data.n;
      })
      .output((value, data) => {
        order.push("output");
        data.n = value;
      })
      .build("w", 1);
    const { host: newHost, use, clock } = await open();
    use(layer("one"), layer("two"));
    const host = await newHost(registers(definition));

    const done = host.runWorkflow(definition, { n: 4, seen: [] });
    await clock.advance("1s");

    expect(await done).toEqual({ n: 8, seen: [] });
    expect(order).toEqual(["input", "one in double", "two in double", "body 4", "two out double 8", "one out double 8", "output"]);
  });
});
