import type { LifecycleEvent, MetricSink, WorkflowRow } from "wfe-core";

/** Counts what becomes of instances, and of the attempts of their steps, by the commits and commands of this process. */
export class InstanceCounts {
  readonly #metrics: MetricSink;

  /** @param metrics - Never throws. */
  constructor(metrics: MetricSink) {
    this.#metrics = metrics;
  }

  count(event: LifecycleEvent): void {
    const { definitionId, version } = event;
    switch (event.type) {
      case "started":
        this.#metrics.record({ kind: "workflowStarted", definitionId, version });
        return;
      case "suspended":
        this.#metrics.record({ kind: "workflowSuspended", definitionId, version });
        return;
      case "stepRetrying":
        this.#metrics.record({ kind: "stepRetried", definitionId, version, step: event.step });
        return;
      default:
    }
  }

  /** An instance was written: counted if it has ended, with the time since its start, which the events of its life do not tell. */
  written({ definitionId, version, status, createdAt, completedAt = createdAt }: WorkflowRow): void {
    if (status !== "complete" && status !== "terminated") return;
    const durationMs = Math.max(0, completedAt.getTime() - createdAt.getTime()); // by the clocks of two hosts, perhaps
    this.#metrics.record({ kind: "workflowEnded", definitionId, version, status, durationMs });
  }
}
