import type { StepDefinition } from "../models/step-definition.ts";
import { STEP_KINDS } from "../models/step-definition.ts";
import type { WorkflowGraph } from "../models/workflow-definition.ts";
import { isSchema } from "../runtime/validated.ts";
import type { DefinitionSource } from "./definition-source.ts";
import { storedErrorBehavior } from "./error-behavior-settings.ts";
import { DEEPEST, shownStep, walkGraph } from "./graph-walk.ts";
import { unknownBehaviorKeys, unknownGraphKeys } from "./known-keys-check.ts";
import { compensatorFaults, externalIdFaults, goToFaults, timeoutFaults } from "./reference-check.ts";
import { isRecord, shownValue } from "./shown-value.ts";
import { isBlank, isVersion, stepFaults } from "./step-check.ts";

/**
 * Everything that is wrong with a definition, one sentence each; empty when nothing is. Believes nothing about the graph: it may be JSON
 * from anywhere. A step without the shape of one hides what could be said about the steps around it.
 */
export function definitionFaults(definition: DefinitionSource, functions: ReadonlyMap<string, unknown>): readonly string[] {
  return [...identityFaults(definition), ...tableFaults(definition.graph, functions), ...graphFaults(definition.graph, functions)];
}

function identityFaults({ id, version, description }: DefinitionSource): string[] {
  const faults: string[] = [];
  if (isBlank(id)) faults.push(`the id must be text that is not blank: got ${shownValue(id)}`);
  if (!isVersion(version)) faults.push(`the version must be a whole number, 1 or more: got ${shownValue(version)}`);
  if (description !== undefined && typeof description !== "string") faults.push("the description must be text");
  return faults;
}

function tableFaults(graph: WorkflowGraph, functions: ReadonlyMap<string, unknown>): string[] {
  const faults = unknownGraphKeys(graph).map((key) => `the graph has an unknown ${key}`);
  const initialData = functions.get("initialData");
  if (initialData !== undefined && typeof initialData !== "function") faults.push("initialData is no function");
  const schema = functions.get("inputSchema");
  if (schema !== undefined && !isSchema(schema)) faults.push("inputSchema is no Standard Schema (standardschema.dev)");
  const behavior = (graph as WorkflowGraph | undefined)?.defaultErrorBehavior;
  if (behavior !== undefined) {
    try {
      storedErrorBehavior(behavior, "defaultErrorBehavior");
      faults.push(...unknownBehaviorKeys(behavior).map((key) => `defaultErrorBehavior has an unknown ${key}`));
    } catch (cause) {
      faults.push((cause as Error).message); // nothing else is thrown there
    }
  }
  return faults;
}

function graphFaults(graph: WorkflowGraph, functions: ReadonlyMap<string, unknown>): readonly string[] {
  const steps: unknown = (graph as WorkflowGraph | undefined)?.steps;
  if (!Array.isArray(steps)) return ["the graph has no list of steps"];
  if (steps.length === 0) return ["the workflow has no steps"];
  const misshapen = steps.flatMap((step: unknown, index) => shapeFaults(step, index));
  if (misshapen.length > 0) return misshapen;
  const shaped = steps as readonly StepDefinition[] as readonly [StepDefinition, ...StepDefinition[]]; // just checked
  const { places, faults } = walkGraph(shaped);
  const tooDeep = shaped.find((step) => (places.get(step.id)?.depth ?? 0) > DEEPEST);
  return [
    ...faults,
    ...shaped.filter((step) => !places.has(step.id)).map((step) => `${shownStep(step)} cannot be reached from the first step`),
    ...(tooDeep === undefined ? [] : [`${shownStep(tooDeep)} stands in more than ${DEEPEST} containers: move the inner ones into a sub-workflow`]),
    ...shaped.flatMap((step) => stepFaults(step, places.get(step.id), functions)),
    ...externalIdFaults(shaped),
    ...goToFaults(shaped, places),
    ...compensatorFaults(shaped, places),
    ...timeoutFaults(shaped, places),
  ];
}

function shapeFaults(step: unknown, index: number): string[] {
  if (typeof step !== "object" || step === null || Array.isArray(step)) return [`step ${index} is no object`];
  const { id, name, kind, next, compensationStep, blocks, functions, inputs, outputs, settings, expressions, saveAs } = step as Readonly<
    Record<string, unknown>
  >;
  const faults: string[] = [];
  const expect = (holds: boolean, problem: string): void => {
    if (!holds) faults.push(`step ${index} ${problem}`);
  };
  expect(id === index, `has the id ${JSON.stringify(id)}: ids are positions`);
  expect(typeof name === "string", "has no name");
  expect((STEP_KINDS as readonly unknown[]).includes(kind), `has the unknown kind ${JSON.stringify(kind)}`);
  expect(next === undefined || Number.isInteger(next), "has a next that is no step id");
  expect(compensationStep === undefined || Number.isInteger(compensationStep), "has a compensationStep that is no step id");
  expect(blocks === undefined || (Array.isArray(blocks) && blocks.every(isBlock)), "has blocks that are no list of { entry, role }");
  expect(isAbsentOrTextRecord(functions), "has functions that are no record of keys");
  expect(isAbsentOrTextList(inputs), "has inputs that are no list of keys");
  expect(isAbsentOrTextList(outputs), "has outputs that are no list of keys");
  expect(expressions === undefined || isRecord(expressions), "has expressions that are no record");
  expect(saveAs === undefined || isRecord(saveAs), "has a saveAs that is no record");
  expect(settings === undefined || isRecord(settings), "has settings that are no record");
  return faults;
}

function isBlock(block: unknown): boolean {
  return isRecord(block) && Number.isInteger(block["entry"]) && typeof block["role"] === "string";
}

function isAbsentOrTextRecord(value: unknown): boolean {
  return value === undefined || (isRecord(value) && Object.values(value).every((key) => typeof key === "string"));
}

function isAbsentOrTextList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((key) => typeof key === "string"));
}
