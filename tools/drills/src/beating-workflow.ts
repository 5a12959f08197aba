import { type WorkflowDefinition, WorkflowBuilder } from "wfe";

export interface Beats {
  count: number;
}

const BEAT_MS = 50;

/** A step every {@link BEAT_MS} until it is terminated: its hosts have something to store all the time, whatever happens outside of them. */
export function beating(): WorkflowDefinition<Beats> {
  return new WorkflowBuilder<Beats>()
    .whileDo(
      () => true,
      (b) =>
        b
          .delay(BEAT_MS)
          .thenFn("beat", ({ data }) => data.count + 1)
          .saveAs("count"),
    )
    .build("beating", 1);
}
