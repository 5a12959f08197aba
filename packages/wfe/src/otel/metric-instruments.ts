import type { Attributes, Counter, Histogram, Meter, MeterProvider } from "@opentelemetry/api";
import type { MeasuredDefinition, Measurement, MetricSink } from "wfe-core";
import { ERROR_TYPE, WFE } from "./attributes.ts";

const SHORT_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const LONG_S = [0.1, 1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800, 2_592_000];
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/** Counters and histograms of the engine, by the semantic conventions: durations in seconds, units in braces. */
class Instruments {
  readonly started: Counter;
  readonly suspended: Counter;
  readonly workflowDuration: Histogram;
  readonly stepDuration: Histogram;
  readonly retries: Counter;
  readonly queueLag: Histogram;
  readonly swept: Counter;
  readonly leasesLost: Counter;
  readonly batchSize: Histogram;
  readonly unknownDefinitions: Counter;

  constructor(meter: Meter) {
    const counter = (name: string, unit: string, description: string): Counter => meter.createCounter(name, { unit, description });
    const histogram = (name: string, unit: string, description: string, explicitBucketBoundaries: number[]): Histogram =>
      meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } });
    this.started = counter("wfe.workflow.started", "{workflow}", "Workflows that this process has stored, sub-workflows included");
    this.suspended = counter("wfe.workflow.suspended", "{workflow}", "Workflows that were suspended, by an error or a command");
    this.workflowDuration = histogram("wfe.workflow.duration", "s", "From the start of a workflow to its end, waits included", LONG_S);
    this.stepDuration = histogram("wfe.step.duration", "s", "Runs of step bodies", SHORT_S);
    this.retries = counter("wfe.step.retries", "{retry}", "Failed attempts that are followed by another one");
    this.queueLag = histogram("wfe.queue.lag", "s", "From when a queue item was due to when it was taken", SHORT_S);
    this.swept = counter("wfe.sweep.found", "{item}", "What the sweep had to find because no hint had come in time");
    this.leasesLost = counter("wfe.lease.lost", "{lease}", "Leases that were lost while their pass ran");
    this.batchSize = histogram("wfe.store.batch.size", "{request}", "Requests that a store has written together", SIZES);
    this.unknownDefinitions = counter("wfe.definition.unknown", "{workflow}", "Workflows met whose definition this host does not know");
  }
}

/** Records what the engine measures. */
export class MetricInstruments implements MetricSink {
  readonly #provider: () => MeterProvider;
  #instruments: Instruments | undefined;

  /** @param provider - Asked with the first measurement: what is set up before the host starts is early enough. */
  constructor(provider: () => MeterProvider) {
    this.#provider = provider;
  }

  record(measurement: Measurement): void {
    const instruments = (this.#instruments ??= new Instruments(this.#provider().getMeter("wfe")));
    switch (measurement.kind) {
      case "workflowStarted":
        return instruments.started.add(1, definitionOf(measurement));
      case "workflowSuspended":
        return instruments.suspended.add(1, definitionOf(measurement));
      case "workflowEnded":
        return instruments.workflowDuration.record(measurement.durationMs / 1_000, {
          ...definitionOf(measurement),
          [WFE.workflowStatus]: measurement.status,
        });
      case "stepEnded": {
        const { step, outcome, durationMs, errorCode } = measurement;
        return instruments.stepDuration.record(durationMs / 1_000, {
          ...definitionOf(measurement),
          [WFE.stepName]: step,
          [WFE.stepOutcome]: outcome,
          ...(errorCode === undefined ? {} : { [ERROR_TYPE]: errorCode }),
        });
      }
      case "stepRetried":
        return instruments.retries.add(1, { ...definitionOf(measurement), [WFE.stepName]: measurement.step });
      case "queueLag":
        return instruments.queueLag.record(measurement.lagMs / 1_000, { [WFE.queueType]: measurement.queue });
      case "swept":
        return instruments.swept.add(measurement.count, { [WFE.sweepFound]: measurement.found });
      case "leaseLost":
        return instruments.leasesLost.add(1);
      case "batchWritten":
        return instruments.batchSize.record(measurement.size, { [WFE.storeName]: measurement.store });
      case "unknownDefinitionSeen":
        return instruments.unknownDefinitions.add(1, definitionOf(measurement));
      default: // of a newer core
    }
  }
}

function definitionOf({ definitionId, version }: MeasuredDefinition): Attributes {
  return { [WFE.definitionId]: definitionId, [WFE.definitionVersion]: version };
}
