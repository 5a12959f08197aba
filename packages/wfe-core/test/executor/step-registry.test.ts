import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { StepKeyTakenError, StepNotRegisteredError } from "../../src/errors/definition-errors.ts";
import { StepRegistry, stepKey } from "../../src/executor/step-registry.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import { defineStep, stepRef } from "../../src/traits/step-body.ts";

class Charge {
  readonly run = () => ExecutionResult.next();
}
class Ship {
  static readonly stepType = "ship";
  readonly api: string;
  constructor(api: string) {
    this.api = api;
  }
  readonly run = () => ExecutionResult.next();
}
/** Another class that a minifier has called Charge too. */
const OtherCharge = { Charge: class Charge extends Object {} }.Charge as unknown as typeof Charge;
const refund = defineStep("refund", () => {});
const otherRefund = defineStep("refund", () => {});

const step = (stepType?: string) => ({ id: 0, name: "s", kind: "step", ...(stepType === undefined ? {} : { stepType }) }) as const;

/** What a registry makes for a key. */
function made(registry: StepRegistry, key: string): unknown {
  const found = registry.resolve(step(key));
  return found.form === "class" ? found.create() : found.step;
}

describe("the key of a step", () => {
  it("is its stepType, else the name of its class", () => {
    expect([stepKey(Charge), stepKey(Ship), stepKey(stepRef("pack"))]).toEqual(["Charge", "ship", "pack"]);
  });
});

describe("a class", () => {
  it("is made afresh each time", () => {
    const registry = new StepRegistry();
    registry.register(Charge);

    const [one, other] = [made(registry, "Charge"), made(registry, "Charge")];

    expect([one, other]).toEqual([expect.any(Charge), expect.any(Charge)]);
    expect(one).not.toBe(other);
  });

  it("may be registered again, but no other class or function under its key", () => {
    const registry = new StepRegistry();
    registry.register(Charge);
    registry.register(Charge);

    expect(() => registry.register(OtherCharge)).toThrow(new StepKeyTakenError("Charge", "the class Charge", "the class Charge"));
    expect(() => registry.register(defineStep("Charge", () => {}))).toThrow(new StepKeyTakenError("Charge", "the class Charge", "the function step"));
    expect(made(registry, "Charge")).toBeInstanceOf(Charge);
  });
});

describe("a function step", () => {
  it("may be registered again, but no other function or factory under its key", () => {
    const registry = new StepRegistry();
    registry.register(refund);
    registry.register(refund);

    expect(() => registry.register(otherRefund)).toThrow(new StepKeyTakenError("refund", "a function step", "the function step"));
    expect(() => registry.registerFactory("refund", () => new Charge())).toThrow(new StepKeyTakenError("refund", "a function step", "the factory"));
    expect(made(registry, "refund")).toBe(refund);
  });
});

describe("a factory", () => {
  it.each<[string, Parameters<StepRegistry["registerFactory"]>[0]]>([
    ["class", Ship],
    ["reference", stepRef("ship")],
    ["key", "ship"],
  ])("is registered by %s and takes the place of the class alone, whichever comes first", (_, by) => {
    const before = new StepRegistry();
    before.registerFactory(by, () => new Ship("before"));
    before.register(Ship);
    const after = new StepRegistry();
    after.register(Ship);
    after.registerFactory(by, () => new Ship("after"));

    expect([made(before, "ship"), made(after, "ship")]).toMatchObject([{ api: "before" }, { api: "after" }]);
  });

  it("is the only one for its key", () => {
    const registry = new StepRegistry();
    registry.registerFactory("ship", () => new Ship("one"));

    expect(() => registry.registerFactory("ship", () => new Ship("two"))).toThrow(new StepKeyTakenError("ship", "a factory", "the factory"));
    expect(() => registry.registerFactory(Ship, () => new Ship("two"))).toThrow(new StepKeyTakenError("ship", "a factory", "the factory"));
    expect(made(registry, "ship")).toMatchObject({ api: "one" });
  });

  it("of a class does not make another class with its key", () => {
    const registry = new StepRegistry();
    registry.registerFactory(Charge, () => new Charge());
    const classFirst = new StepRegistry();
    classFirst.register(Charge);

    expect(() => registry.register(OtherCharge)).toThrow(new StepKeyTakenError("Charge", "the class Charge", "the class Charge"));
    expect(() => classFirst.registerFactory(OtherCharge, () => new Charge())).toThrow(StepKeyTakenError);
  });
});

describe("the steps of a definition", () => {
  const definition = new WorkflowBuilder<{ n: number }>()
    .thenFn("inline", () => {})
    .then(Charge)
    .then(Charge)
    .then(Ship)
    .then(stepRef<Charge>("pack"))
    .then(refund)
    .build("w", 1);

  it("that it carries are registered with it; references and constructors with parameters are missing, each named once", () => {
    const registry = new StepRegistry();

    expect(registry.missing(definition)).toEqual(["Charge", "ship", "pack", "refund"]);
    registry.registerStepsOf(definition);
    expect(registry.missing(definition)).toEqual(["ship", "pack"]);
    registry.registerFactory(Ship, () => new Ship("api"));
    registry.registerFactory("pack", () => new Charge());
    expect(registry.missing(definition)).toEqual([]);
  });

  it("that nobody has registered are named by their key, or by their name", () => {
    const registry = new StepRegistry();

    expect(() => registry.resolve(step("pack"))).toThrow(new StepNotRegisteredError(["pack"]));
    expect(() => registry.resolve(step())).toThrow(new StepNotRegisteredError(["s"]));
  });
});

describe("a registration that is all or nothing", () => {
  it("stays when it goes well", () => {
    const registry = new StepRegistry();

    registry.allOrNothing(() => registry.register(Charge));

    expect(made(registry, "Charge")).toBeInstanceOf(Charge);
  });

  it("leaves nothing behind when it throws, and what was there before as it was", () => {
    const registry = new StepRegistry();
    registry.register(Ship);
    const work = (): void => {
      registry.register(Charge);
      registry.registerFactory(Ship, () => new Ship("refused"));
      registry.register(OtherCharge);
    };

    expect(() => registry.allOrNothing(work)).toThrow(StepKeyTakenError);

    expect(() => registry.resolve(step("Charge"))).toThrow(StepNotRegisteredError);
    registry.registerFactory(Ship, () => new Ship("accepted"));
    expect(made(registry, "ship")).toMatchObject({ api: "accepted" });
  });
});
