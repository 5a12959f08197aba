import type { JsonValue } from "../models/json.ts";
import type { StepDefinition } from "../models/step-definition.ts";

/** Characters of one text in a diagram, at most. */
const LONGEST = 60;

/**
 * A text as a diagram shows it: lines, without anything invisible that changes how its neighbors look, cut after 60 characters. A character is never
 * cut in two.
 */
export function diagramLines(text: string): readonly string[] {
  const plain = text
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(/\t/g, " ")
    // Controls, those of the direction of writing, what has no width, and halves of characters. A joiner of emoji stays.
    .replace(/(?!\n)[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, "\ufffd")
    .trim();
  // At most two units make a character: a long text is not taken apart whole.
  const characters = Array.from(plain.slice(0, 2 * LONGEST + 2));
  const cut = characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join("")}…` : plain;
  return cut.split("\n").map((line) => line.trim());
}

/** A value of a case or an outcome: JSON, so that text and numbers differ. */
export function shownJson(value: JsonValue | undefined): string {
  return JSON.stringify(value) ?? "";
}

/** What a step waits for or refers to, where its name does not say it already. */
export function detailOf(step: StepDefinition): string | undefined {
  const detail = settingShown(step);
  return detail === undefined || step.name === detail || step.name.endsWith(` ${detail}`) ? undefined : detail;
}

function settingShown({ kind, stepType, settings = {} }: StepDefinition): string | undefined {
  const text = (name: string): string | undefined => (typeof settings[name] === "string" ? settings[name] : undefined);
  switch (kind) {
    case "step":
      return stepType;
    case "delay":
    case "schedule":
      return duration("after", settings["durationMs"]);
    case "recur":
      return duration("every", settings["intervalMs"]);
    case "waitFor":
      return text("eventName");
    case "waitForAny":
      return Object.values(settings["events"] ?? {}).join(", ");
    case "activity":
      return text("activity");
    case "subWorkflow":
      return `${text("definitionId") ?? ""}${settings["version"] === undefined ? "" : ` ${shownJson(settings["version"])}`}`;
    case "pollEndpoint":
      return pollShown(settings["config"]);
    default:
      return undefined;
  }
}

function pollShown(config: JsonValue | undefined): string | undefined {
  if (config === undefined) return undefined;
  const { method = "GET", url } = config as { readonly method?: string; readonly url: string }; // it was checked with the definition
  return `${method} ${url}`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

function duration(word: string, ms: JsonValue | undefined): string | undefined {
  if (typeof ms !== "number") return undefined;
  const [unit, size] = UNITS.find(([, each]) => ms > 0 && ms % each === 0) ?? ["ms", 1];
  return `${word} ${ms / size}${unit}`;
}
