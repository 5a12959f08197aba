import { type WorkflowDefinition, WorkflowBuilder } from "wfe";

/** Steps of one workflow. */
export const STEPS = 10;

interface ChainData {
  id: string;
  total: number;
}

/** Ten steps one after the other, each of which adds its number and tells that it ran. */
export function chain(ran: (line: string) => void): WorkflowDefinition<ChainData> {
  const step = (n: number): ((ctx: { readonly data: Readonly<ChainData>; readonly attempt: number }) => number) => {
    return ({ data, attempt }) => {
      ran(`${data.id} ${n} ${attempt}`);
      return data.total + n;
    };
  };
  let builder = new WorkflowBuilder<ChainData>().thenFn("step 1", step(1)).saveAs("total");
  for (let n = 2; n <= STEPS; n += 1) builder = builder.thenFn(`step ${n}`, step(n)).saveAs("total");
  return builder.build("chain", 1);
}
