/** What the worker tells its parent. */
export type WorkerMessage =
  | { readonly type: "progress"; readonly stepsCommitted: number; readonly ordersDone: number }
  /** All orders are complete and everything is closed. */
  | { readonly type: "finished" };
