import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { WfeError } from "../../src/errors/wfe-error.ts";
import { assertSupported } from "../../src/executor/supported-steps.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";

const w = (): WorkflowBuilder<{ n: number }> => new WorkflowBuilder<{ n: number }>();
const noop = (): void => {};

describe("assertSupported", () => {
  it("takes a definition of which this version can run everything", () => {
    const definition = w()
      .defaultErrorBehavior(ErrorBehavior.retry({ interval: 1, onExhausted: "terminate" }))
      .thenFn("a", noop)
      .onError(ErrorBehavior.retry({ interval: 1 }))
      .waitFor("paid", "1", { timeout: 1 })
      .onTimeout((b) => b.endWorkflow())
      .build("w", 1);

    expect(() => assertSupported(definition)).not.toThrow();
  });

  it("names everything that this version cannot run, and where it stands", () => {
    const definition = w()
      .defaultErrorBehavior(ErrorBehavior.compensate())
      .saga((b) => b.thenFn("charge", noop).compensateWithFn("refund", noop))
      .thenFn("pack", noop)
      .cancelWhen((data) => data.n > 1)
      .thenFn("ship", noop)
      .onError(ErrorBehavior.retry({ interval: 1, onExhausted: "compensate" }))
      .build("w", 1);

    expect(() => assertSupported(definition)).toThrow(
      new WfeError(
        "WFE_STEP_KIND_UNSUPPORTED",
        'the definition "w" version 1 uses what this version of wfe cannot run yet: saga (step "saga"), compensateWith (step "charge"), cancelWhen (step "pack"), compensate as an error behavior (step "ship"), compensate as the default error behavior',
      ),
    );
  });
});
